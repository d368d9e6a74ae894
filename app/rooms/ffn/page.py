"""A feed-forward network neuron by neuron: the activation, what each writes, and one switched off."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, pickers, runtime, session
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import signed, tiny
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.ffn import analysis
from app.rooms.ffn.analysis import ACTIVATIONS, NAMES, Network, activation_of
from app.rooms.ffn.choice import choose_network, chosen_network
from app.rooms.ffn.figures import activation, product
from app.rooms.ffn.neurons import neurons
from app.rooms.ffn.off import switched_off
from app.rooms.ffn.sheet import sheet
from app.text import escape_markdown
from model.feed_forward import FeedForward, MixtureOfExperts

ROWS = 8
NAMED = 5  # neurons that have their number in the pictures
COMPARED = ("relu", "gelu", "silu")
STEPS = 241  # places of a curve


def show() -> None:
    """Draw the page."""
    room = frame.enter(sheet=sheet)
    layer, position = room.view.layer, room.position
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pickers.layer(room)
        choose_network(room)
        expert = chosen_network(room)
        found = analysis.network(room.lm, room.trace, layer, position, expert)
        chosen = _neuron(room, len(found.post))
    token = room.quoted(room.trace.tokens[position])
    kind = "dense" if expert is None else "shared" if expert == "shared" else "expert"
    heading = room.translate(
        f"ffn.heading.{kind}", layer=layer, token=token, expert=expert, half=found.carrying_half, count=len(found.post)
    )
    st.markdown(f"#### {heading}")
    words = room.translate("ffn.look" if found.linear is None else "ffn.look.gated")
    if kind == "expert" and not found.weight:
        words = f"{room.translate('ffn.unchosen', token=token, expert=expert)} {words}"
    st.markdown(words)
    _pictures(room, found, chosen, heading)
    _neurons(room, found, chosen)
    st.markdown(_apart(room, found))
    if chosen is None:
        st.markdown(room.translate("ffn.off.how"))
    else:
        switched_off(room, expert, chosen)
    _other_kinds(room)
    _take(room, found, expert)
    source(room, FeedForward.forward if kind == "dense" else MixtureOfExperts.run_experts)


def _neuron(room: Room, count: int) -> int | None:
    """The control of the neuron that is switched off; the one chosen, if this network has it."""
    chosen = room.view.neuron
    if chosen is not None and chosen >= count:
        session.change(neuron=None)
        chosen = None
    st.number_input(
        room.translate("ffn.off.which"), 0, count - 1, value=None, step=1, key="neuron", width=190, placeholder="–"
    )
    return chosen


def _pictures(room: Room, found: Network, chosen: int | None, heading: str) -> None:
    strongest = found.most_active(NAMED).tolist()
    names = room.templates("ffn.axis.")
    names["pre"] = names["pre" if found.linear is None else "gate"]
    own = NAMES[found.kind.activation]
    names["activated"] = f"{own}({names['pre']})"
    low, high = min(-3.0, float(found.pre.min())), max(3.0, float(found.pre.max()))
    x = np.linspace(low, high, STEPS)
    curves = {NAMES[name]: (x, ACTIVATIONS[name](x)) for name in COMPARED}
    curves[own] = x, activation_of(found.kind)(x)
    curve = activation(found.pre, found.activated, curves, own, strongest, chosen, names, room.look)
    if found.linear is None:
        chart(curve, key="activation", alt=heading)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        chart(curve, key="activation", alt=heading)
    with right:
        made = product(found.activated, found.linear, strongest, chosen, names, room.look)
        chart(made, key="product", alt=room.translate("ffn.product"))


def _neurons(room: Room, found: Network, chosen: int | None) -> None:
    st.markdown(f"#### {room.translate('ffn.neurons')}")
    st.markdown(room.translate("ffn.neurons.look"))
    shown = found.most_active(ROWS)
    if chosen is not None and chosen not in shown:
        shown = np.append(shown, chosen)
    lengths, most = found.lengths, float(np.abs(found.post).max()) or 1.0
    token = room.lm.tokenizer.shown
    rows = []
    for wrote in analysis.written(room.trace, found, room.position, shown):
        n = wrote.neuron
        numbers = [found.pre[n]] if found.linear is None else [found.pre[n], found.activated[n], found.linear[n]]
        rows.append(
            {
                "neuron": n,
                "numbers": [signed(float(number), 3) for number in numbers] + [f"{lengths[n]:.3f}"],
                "share": float(found.post[n]) / most,
                "post": signed(float(found.post[n]), 3),
                "up": [(token(i), signed(logit, 2)) for i, logit in wrote.up],
                "down": [(token(i), signed(logit, 2)) for i, logit in wrote.down],
            }
        )
    columns = ["neuron", "pre"] if found.linear is None else ["neuron", "gate", "activated", "linear"]
    heads = [
        room.translate(f"ffn.column.{name}", name=NAMES[found.kind.activation])
        for name in (*columns, "length", "post", "up", "down")
    ]
    look = room.look
    colours = {name: getattr(look, name) for name in ("grid", "faint", "accent")}
    neurons(
        heads,
        rows,
        room.templates("ffn.part."),
        chosen=chosen,
        colours=colours | {"negative": look.signed[1][1], "positive": look.signed[3][1]},
        on_choose=lambda neuron: session.change(neuron=None if neuron == room.view.neuron else neuron),
    )


def _apart(room: Room, found: Network) -> str:
    if found.post_apart is None or found.out_apart is None:
        return room.translate("ffn.apart.none")
    return room.translate("ffn.apart", count=len(found.post), post=tiny(found.post_apart), out=tiny(found.out_apart))


def _other_kinds(room: Room) -> None:
    """What this model's networks are not, and a model of each such kind."""
    own = room.lm.config.feed_forward.kind
    others: dict[str, str] = {}
    for entry in runtime.entries():
        if entry.available and entry.trained and entry.feed_forward != own:
            others.setdefault(entry.feed_forward, entry.name)
    if others:
        kinds = ", ".join(f"{kind} ({name})" for kind, name in others.items())
        st.markdown(room.translate("ffn.others", own=own, others=escape_markdown(kinds)))
        pickers.switch_to(room, list(others.values()))


def _take(room: Room, found: Network, expert: analysis.Which) -> None:
    own = NAMES[found.kind.activation]
    vectors = {"pre": found.pre, "activated": found.activated, "linear": found.linear, "post": found.post}
    known = {name: values for name, values in vectors.items() if values is not None}
    gated = found.linear is not None
    columns = [room.translate(f"ffn.column.{'gate' if gated and n == 'pre' else n}", name=own) for n in known]
    matrices = {
        "neurons": Matrix(np.stack(list(known.values()), axis=1), (), columns),  # (F, numbers)
        "written": Matrix(found.down.T, ()),  # (F, D)
    }
    about = [f"{room.translate('common.layer')} {room.view.layer}", room.trace.tokens[room.position]]
    if expert is not None:
        about.append(room.translate("ffn.take.expert", expert=expert))
    take(room, {room.translate(f"ffn.take.{name}"): matrix for name, matrix in matrices.items()}, about=about)
