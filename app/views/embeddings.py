"""From token ids to vectors: the prompt's rows of the embedding matrix, and what stands near them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import page, runtime, state
from app.analysis import embeddings as analysis
from app.components.chips import chips
from app.components.neighbours import neighbours
from app.components.token_map import encoded, map_marks, token_map
from app.components.vectors import vectors
from app.figures.embeddings import clocks
from app.page import Room
from app.text import percent
from model import LanguageModel, rope
from model.transformer import Transformer

NEIGHBOURS = 10
FOUND = 24
CLOCKS = 32
PICTURE = 360  # px: what the first screen leaves for the heat map


def show() -> None:
    """Draw the page."""
    room = page.enter()
    parts = {"rows": _rows, "position": _position, "nearest": _nearest}
    st.segmented_control(
        room.say("embeddings.part"),
        list(parts),
        format_func=lambda part: room.say(f"embeddings.part.{part}"),
        key="part",
        required=True,
        label_visibility="collapsed",
    )
    parts[room.view.part](room)


def _choose_position(position: int) -> None:
    state.change(query=position, token=None)


def _choose_token(token: int) -> None:
    state.change(token=token)


def _look(room: Room) -> dict:
    look = room.look
    return {"scale": look.signed, "colours": {"accent": look.accent, "paper": look.paper, "ink": look.ink}}


def _length(vector: np.ndarray) -> str:
    return f"{np.linalg.norm(vector):.3g}"


# From token to vector


def _rows(room: Room) -> None:
    say, trace, position = room.say, room.trace, room.position
    embedded = trace["hook_embed"]  # (T, D)
    config = room.lm.config
    measure = runtime.of_model(analysis.measured, room.lm)
    st.markdown(f"#### {say('embeddings.rows.heading')}")
    st.markdown(say("embeddings.rows.look", count=f"{config.vocab_size:,}", width=config.d_model))
    names = ("position", "token", "id", "bytes")
    cells = [
        (str(i), token, str(number), room.lm.tokenizer.token_bytes(number).hex(" ").upper())
        for i, (token, number) in enumerate(zip(trace.tokens, trace.ids, strict=True))
    ]
    labels = {
        "group": say("embeddings.rows.group"),
        "dimension": say("embeddings.dimension"),
        "point": say("embeddings.rows.point", largest=f"{measure.largest:.3g}"),
        "numbers": say(
            "embeddings.rows.numbers",
            id=trace.ids[position],
            token=say("common.quoted", token=trace.tokens[position]),
            width=config.d_model,
            length=_length(embedded[position]),
        ),
    }
    vectors(
        [say(f"embeddings.column.{name}") for name in names],
        cells,
        embedded,
        labels,
        **_look(room),
        limit=measure.limit,
        selected=position,
        height=PICTURE,
        reveal=room.view.query is not None,
        linked=True,
        on_choose=_choose_position,
    )
    page.source(room, Transformer.forward)


# Position


def _position(room: Room) -> None:
    if room.lm.config.positions == "learned":
        _added(room)
    else:
        _rotated(room)


def _rotated(room: Room) -> None:
    say, trace, position = room.say, room.trace, room.position
    rates = analysis.turns(room.lm)
    st.markdown(f"#### {say('embeddings.position.heading.rope')}")
    st.markdown(say("embeddings.position.rope"))
    shown = rates[:CLOCKS]
    title = "embeddings.position.rope.clocks.all" if len(shown) == len(rates) else "embeddings.position.rope.clocks"
    title = say(title, position=position, token=room.quoted(trace.tokens[position]), count=len(shown), pairs=len(rates))
    st.markdown(f"**{title}**")
    drawn = clocks(shown, position, room.look, hover=_hover(room))
    page.chart(drawn, key="clocks", alt=title)
    st.markdown(say("embeddings.position.rope.look"))
    difference = float(np.abs(trace["blocks.0.hook_resid_pre"] - trace["hook_embed"]).max())
    st.markdown(
        say(
            "embeddings.position.rope.same" if difference == 0 else "embeddings.position.rope.other",
            difference=f"{difference:.3g}",
        )
    )
    page.source(room, rope.frequencies, rope.rotate)


def _hover(room: Room) -> str:
    return room.say(
        "embeddings.position.pair.hover", **{name: f"{{{name}}}" for name in ("pair", "radians", "angle", "period")}
    )


def _added(room: Room) -> None:
    say, trace, position = room.say, room.trace, room.position
    added, width = trace["hook_pos_embed"], room.lm.config.d_model  # (T, D)
    three = np.stack(
        [trace["hook_embed"][position], added[position], trace["blocks.0.hook_resid_pre"][position]]
    )  # (3, D)
    st.markdown(f"#### {say('embeddings.position.heading.learned')}")
    st.markdown(say("embeddings.position.learned", position=position, token=room.quoted(trace.tokens[position])))
    labels = {
        "group": say("embeddings.position.group"),
        "dimension": say("embeddings.dimension"),
        "point": say("embeddings.position.point"),
    }
    names = [say(f"embeddings.position.row.{name}", position=position) for name in ("embed", "position", "sum")]
    vectors(
        ["", say("embeddings.position.column")],
        [("", name) for name in names],
        three,
        labels | {"numbers": say("embeddings.position.numbers", width=width, length=_length(three[2]))},
        **_look(room),
        limit=float(np.abs(three).max()),
        selected=2,
        height=PICTURE,
        key="sum",
    )
    st.markdown(f"#### {say('embeddings.position.all')}")
    st.markdown(say("embeddings.position.all.look"))
    vectors(
        [say("embeddings.column.position"), say("embeddings.column.token")],
        [(str(i), token) for i, token in enumerate(trace.tokens)],
        added,
        labels
        | {
            "numbers": say(
                "embeddings.position.all.numbers", position=position, width=width, length=_length(added[position])
            )
        },
        **_look(room),
        limit=float(np.abs(added).max()),
        selected=position,
        height=PICTURE,
        reveal=room.view.query is not None,
        linked=True,
        on_choose=_choose_position,
        key="positions",
    )
    page.source(room, Transformer.forward)


# Neighbours and map


def _cloud(lm: LanguageModel) -> dict:
    return encoded(runtime.of_model(analysis.mapped, lm).points, runtime.vocabulary(lm.fingerprint, lm))


def _nearest(room: Room) -> None:
    chosen = room.view.token
    if chosen is None or chosen >= room.lm.config.vocab_size:
        chosen = room.trace.ids[room.position]
    listed, picture = st.columns([1, 1.55], gap="medium")
    with listed:
        _find(room, chosen)
        near = _neighbours(room, chosen)
    with picture:
        _map(room, chosen, near)
    page.source(room, analysis.cosines, analysis.nearest, analysis.mapped)


def _find(room: Room, chosen: int) -> None:
    vocabulary = runtime.vocabulary(room.lm.fingerprint, room.lm)

    def typed() -> None:
        tokens = analysis.found(room.lm, vocabulary, st.session_state["find_token"], 1)
        _choose_token(tokens[0] if tokens else chosen)

    label = room.say("embeddings.find")
    text = st.text_input(
        label,
        key="find_token",
        placeholder=room.say("embeddings.find.placeholder"),
        label_visibility="collapsed",
        icon=":material/search:",
        on_change=typed,
    )
    if not text:
        return
    tokens = analysis.found(room.lm, vocabulary, text, FOUND)
    if not tokens:
        st.markdown(room.say("embeddings.find.none"))
        return
    selected = tokens.index(chosen) if chosen in tokens else -1
    names = [vocabulary[token] for token in tokens]
    chips(
        names,
        tokens,
        selected=selected,
        label=room.say("embeddings.find.found"),
        linked=False,
        on_choose=lambda place: _choose_token(tokens[place]),
        key="found",
    )


def _neighbours(room: Room, chosen: int) -> list[int]:
    """Draw the list; ids of the tokens in it."""
    say, look = room.say, room.look
    vocabulary = runtime.vocabulary(room.lm.fingerprint, room.lm)
    measure = runtime.of_model(analysis.measured, room.lm)
    token = room.quoted(vocabulary[chosen])
    st.markdown(f"#### {say('embeddings.nearest.heading', token=token)}")
    similarity = analysis.cosines(analysis.matrix(room.lm), measure.lengths, chosen)
    near = analysis.nearest(similarity, chosen, NEIGHBOURS).tolist()
    if not near:
        st.markdown(say("embeddings.nearest.none", token=token))
        return near
    typical = float(np.nanmedian(np.delete(similarity, chosen)))
    labels = {name: say(f"embeddings.nearest.{name}") for name in ("rank", "token", "measure", "group")}
    neighbours(
        [(i, vocabulary[i], float(similarity[i]), f"{similarity[i]:.3f}") for i in near],
        labels | {"choose": say("embeddings.nearest.choose", token="{token}")},
        typical=typical,
        colours={"bar": look.own, "grid": look.grid, "typical": look.ink},
        on_choose=_choose_token,
    )
    words = say("embeddings.nearest.look", median=f"{typical:.2f}", count=f"{len(vocabulary):,}")
    st.markdown(words if room.lm.trained else f"{words} {say('embeddings.nearest.untrained')}")
    return near


def _map(room: Room, chosen: int, near: list[int]) -> None:
    say, look = room.say, room.look
    with st.spinner(say("embeddings.map.working")):
        found = runtime.of_model(analysis.mapped, room.lm)
        cloud = runtime.of_model(_cloud, room.lm)
    first, second = map(percent, found.explained)
    st.markdown(f"#### {say('embeddings.map.heading', shown=percent(sum(found.explained)))}")
    colours = {"dot": look.residual, "paper": look.paper, "ink": look.ink, "faint": look.faint, "grid": look.grid}
    colours |= {"chosen": look.accent, "near": look.own, "prompt": look.query}
    labels = {name: say(f"embeddings.map.{name}") for name in ("group", "hint", "reset", "closer", "farther")}
    labels |= {"x": say("embeddings.map.x", share=first), "y": say("embeddings.map.y", share=second)}
    # A token marked for two reasons has the first one's colour.
    kinds = dict.fromkeys(room.trace.ids, "prompt") | dict.fromkeys(near, "near") | {chosen: "chosen"}
    marks = [(token, kinds[token]) for token in dict.fromkeys([chosen, *near, *room.trace.ids])]
    vocabulary = runtime.vocabulary(room.lm.fingerprint, room.lm)
    legend = [
        ("chosen", say("embeddings.map.chosen", token=vocabulary[chosen])),
        ("near", say("embeddings.map.near")),
        ("prompt", say("embeddings.map.prompt")),
    ]
    map_marks(marks, legend, colours=colours)
    token_map(cloud, labels, colours=colours, height=PICTURE, on_choose=_choose_token)
    st.markdown(say("embeddings.map.look", width=room.lm.config.d_model, first=first, second=second))
