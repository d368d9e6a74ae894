"""What if: attention without its mask, its scaling, positions or heads, uniform or drawn; before and after."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, runtime, session
from app.kit.changes import FLAGS, NONE, Changes, drawn_word, heads_word, in_words, read
from app.kit.chart import chart
from app.kit.figures import before_after
from app.kit.frame import Room
from app.kit.numbers import percent_change
from app.kit.prediction import difference, foreseen
from app.kit.source import source
from app.kit.take import Matrix, layer_and_head, take
from app.rooms.what_if import analysis
from app.rooms.what_if.pieces import patterns, switches
from app.text import error_text, escape_markdown
from model import Trace, distribution
from model.attention import attend
from model.interventions import Intervention

PICTURE = 404  # px: what the first screen leaves for the picture
DIRECTIONS = {"+": "rises", "−": "falls", "±": "stays"}  # by the sign of a printed change


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    changes = read(room.view, room.lm.config)
    made, refused = changes.interventions(room.lm.config)
    after = runtime.trace(room.lm, list(room.trace.ids), made) if made else room.trace
    st.markdown(f"#### {_sentence(room, changes, made, after)}")
    _flags(room)
    for error in refused:
        st.warning(escape_markdown(error_text(room.view.lang, error)), icon=":material/block:")
    heads, matrices, bars = st.columns([1.15, 2.5, 2.0], gap="medium")
    with heads:
        _switches(room, changes)
    with matrices:
        _patterns(room, changes, after)
    with bars:
        _bars(room, after)
    _surprise(room, after)
    _take(room, after)
    source(room, *(type(change).edits for change in dict.fromkeys(made)), attend)


# What is changed


def _flags(room: Room) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        for name in FLAGS:
            st.toggle(room.translate(f"what_if.{name}"), key=name)
        st.button(
            room.translate("what_if.reset"),
            key="reset",
            icon=":material/restart_alt:",
            on_click=session.change,
            kwargs=NONE,
        )


def _switches(room: Room, changes: Changes) -> None:
    config, view = room.lm.config, room.view
    switches(
        config.n_layers,
        config.attention.n_heads,
        off=changes.off,
        even=changes.even,
        drawn=[head for head, _ in changes.drawn],
        selected=(view.layer, view.head),
        labels=room.templates("what_if.switch."),
        colours=_colours(room),
        on_look=lambda head: session.change(layer=head[0], head=head[1]),
        on_heads=lambda off, even: session.change(off=heads_word(off, config), even=heads_word(even, config)),
    )


def _patterns(room: Room, changes: Changes, after: Trace) -> None:
    layer, head = room.view.layer, room.view.head
    shown = analysis.window(room.position, len(room.trace.ids))
    before_pattern, after_pattern = (trace.pattern(layer)[head][shown, shown] for trace in (room.trace, after))
    patterns(
        room.trace.tokens[shown],
        before_pattern,
        after_pattern,
        (room.trace.mask(layer)[shown, shown], after.mask(layer)[shown, shown]),
        first=shown.start,
        selected=room.position,
        drawn=dict(changes.drawn).get((layer, head), ()),
        labels=room.templates("what_if.pattern.")
        | {"head": room.translate("what_if.switch.head", layer=layer, head=head)},
        colours=_colours(room),
        on_choose=lambda position: session.change(query=position, token=None),
        on_draw=lambda cells: session.change(drawn=drawn_word(changes, (layer, head), cells)),
    )
    if shown.stop - shown.start < len(room.trace.ids):
        st.markdown(room.translate("what_if.window", first=shown.start, last=shown.stop - 1, count=len(room.trace.ids)))


def _colours(room: Room) -> dict:
    look = room.look
    names = ("paper", "ink", "faint", "masked", "hatch", "query", "value", "attention", "accent", "drawn")
    return {name: getattr(look, name) for name in names} | {"scale": look.probability}


# What comes of it


def _sentence(room: Room, changes: Changes, made: tuple[Intervention, ...], after: Trace) -> str:
    """The change in plain words."""
    found = analysis.effect(room.trace.logits[room.position], after.logits[room.position])
    shown = room.lm.tokenizer.shown
    token = room.quoted(shown(found.token))
    here = room.quoted(room.trace.tokens[room.position])
    printed = percent_change(found.before, found.after)  # as the bars have it
    before, now = f"{printed.before} %", f"{printed.after} %"
    if not made:
        return room.translate("what_if.none", token=token, here=here, before=before)
    joined = in_words(room, changes)
    sentence = room.translate(
        f"what_if.{DIRECTIONS[printed.change[0]]}",
        changes=joined[0].upper() + joined[1:],
        token=token,
        before=before,
        after=now,
    )
    if found.now == found.token:
        return sentence
    best = room.translate(
        "what_if.now",
        token=room.quoted(shown(found.now)),
        probability=f"{percent_change(found.now_before, found.now_after).after} %",
    )
    return f"{sentence} {best}"


def _bars(room: Room, after: Trace) -> None:
    position = room.position
    change = difference(room.trace.logits[position], after.logits[position])
    here = room.trace.tokens[position]
    st.markdown(f"**{room.translate('what_if.next', here=room.quoted(here))}**")
    chart(
        before_after(
            [room.lm.tokenizer.shown(int(token)) for token in change.ids],
            change.before,
            change.after,
            (room.translate("what_if.before"), room.translate("what_if.after")),
            room.look,
            x=room.translate("what_if.axis"),
            height=PICTURE,
        ),
        key="before_after",
        alt=room.translate("what_if.next", here=here),
    )


def _surprise(room: Room, after: Trace) -> None:
    st.markdown(room.translate("what_if.look"))
    if len(room.trace.ids) > 1:
        before_bits, after_bits = (f"{runtime.derived(_bits, trace):.2f}" for trace in (room.trace, after))
        sentence = room.translate("what_if.surprise", before=before_bits, after=after_bits)
        st.markdown(f"{sentence} {room.translate('what_if.sees')}" if room.view.unmasked else sentence)


def _bits(trace: Trace) -> float:
    """How surprising each token was to the one before it, on average."""
    probabilities, _ = foreseen(trace.logits, np.array(trace.ids))
    return float(-np.log2(np.maximum(probabilities, np.finfo(float).tiny)).mean())


def _take(room: Room, after: Trace) -> None:
    layer, head = room.view.layer, room.view.head
    traces = {"before": room.trace, "after": after}
    tokens = room.trace.tokens
    matrices = {}
    for name, trace in traces.items():
        pattern = np.where(trace.mask(layer), trace.pattern(layer)[head], np.nan)
        matrices[room.translate(f"what_if.pattern.{name}")] = Matrix(pattern, tokens, tokens, probability=True)
    for name, trace in traces.items():
        probabilities = distribution(trace.logits[room.position])
        vocabulary = runtime.vocabulary(room.lm.fingerprint, room.lm)
        heading = f"{room.translate('what_if.axis')}, {room.translate(f'what_if.{name}')}"
        matrices[heading] = Matrix(probabilities, vocabulary, probability=True)
    take(room, matrices, about=layer_and_head(room))
