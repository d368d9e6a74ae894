"""From token ids to vectors: the prompt's rows of the embedding matrix, and what stands near them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, pickers, runtime, session
from app.kit.chips import chips
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.embeddings import analysis
from app.rooms.embeddings.clocks import clocks
from app.rooms.embeddings.neighbours import neighbours
from app.rooms.embeddings.space import space
from app.rooms.embeddings.token_map import encoded, map_marks, token_map
from app.rooms.embeddings.vectors import vectors
from app.rooms.embeddings.words import MAPS, PARTS, SIZES
from app.text import plain
from model import LanguageModel, rope
from model.transformer import Transformer

NEIGHBOURS = 10
FOUND = 24
CLOCKS = 32
PICTURE = 360  # px: what the first screen leaves for the heat map


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    parts = dict(zip(PARTS, (_rows, _position, _nearest), strict=True))
    st.segmented_control(
        room.translate("embeddings.part"),
        list(parts),
        format_func=lambda part: room.translate(f"embeddings.part.{part}"),
        key="part",
        required=True,
        label_visibility="collapsed",
    )
    parts[room.view.part](room)
    _take(room)


def _choose_position(position: int) -> None:
    session.change(query=position, token=None)


def _choose_token(token: int) -> None:
    session.change(token=token)


def _look(room: Room) -> dict:
    look = room.look
    return {"scale": look.signed, "colours": {"accent": look.accent, "paper": look.paper, "ink": look.ink}}


def _length(vector: np.ndarray) -> str:
    return f"{np.linalg.norm(vector):.3g}"


# From token to vector


def _rows(room: Room) -> None:
    translate, trace, position = room.translate, room.trace, room.position
    embedded = trace["hook_embed"]  # (T, D)
    config = room.lm.config
    measure = runtime.of_model(analysis.measured, room.lm)
    st.markdown(f"#### {translate('embeddings.rows.heading')}")
    st.markdown(translate("embeddings.rows.look", count=f"{config.vocab_size:,}", width=config.d_model))
    names = ("position", "token", "id", "bytes")
    cells = [
        (str(i), token, str(number), room.lm.tokenizer.token_bytes(number).hex(" ").upper())
        for i, (token, number) in enumerate(zip(trace.tokens, trace.ids, strict=True))
    ]
    labels = {
        "group": translate("embeddings.rows.group"),
        "dimension": translate("embeddings.dimension"),
        "point": translate("embeddings.rows.point", largest=f"{measure.largest:.3g}"),
        "numbers": translate(
            "embeddings.rows.numbers",
            id=trace.ids[position],
            token=translate("common.quoted", token=trace.tokens[position]),
            width=config.d_model,
            length=_length(embedded[position]),
        ),
    }
    vectors(
        [translate(f"embeddings.column.{name}") for name in names],
        cells,
        embedded,
        labels,
        **_look(room),
        limit=measure.limit,
        selected=position,
        height=PICTURE,
        linked=True,
        on_choose=_choose_position,
    )
    source(room, Transformer.forward)


# Position


def _position(room: Room) -> None:
    if room.lm.config.positions == "learned":
        _added(room)
    else:
        _rotated(room)


def _rotated(room: Room) -> None:
    translate, trace, position = room.translate, room.trace, room.position
    rates = analysis.turns(room.lm)
    st.markdown(f"#### {translate('embeddings.position.heading.rope')}")
    st.markdown(translate("embeddings.position.rope"))
    shown = rates[:CLOCKS]
    title = "embeddings.position.rope.clocks.all" if len(shown) == len(rates) else "embeddings.position.rope.clocks"
    title = translate(
        title, position=position, token=room.quoted(trace.tokens[position]), count=len(shown), pairs=len(rates)
    )
    st.markdown(f"**{title}**")
    clocks(shown, position, room.look, hover=room.template("embeddings.position.pair.hover"), alt=plain(title))
    st.markdown(translate("embeddings.position.rope.look"))
    difference = float(np.abs(trace["blocks.0.hook_resid_pre"] - trace["hook_embed"]).max())
    st.markdown(
        translate(
            "embeddings.position.rope.same" if difference == 0 else "embeddings.position.rope.other",
            difference=f"{difference:.3g}",
        )
    )
    source(room, rope.frequencies, rope.rotate)


def _added(room: Room) -> None:
    translate, trace, position = room.translate, room.trace, room.position
    added, width = trace["hook_pos_embed"], room.lm.config.d_model  # (T, D)
    three = np.stack(
        [trace["hook_embed"][position], added[position], trace["blocks.0.hook_resid_pre"][position]]
    )  # (3, D)
    st.markdown(f"#### {translate('embeddings.position.heading.learned')}")
    st.markdown(translate("embeddings.position.learned", position=position, token=room.quoted(trace.tokens[position])))
    labels = {
        "group": translate("embeddings.position.group"),
        "dimension": translate("embeddings.dimension"),
        "point": translate("embeddings.position.point"),
    }
    names = [translate(f"embeddings.position.row.{name}", position=position) for name in ("embed", "position", "sum")]
    vectors(
        ["", translate("embeddings.position.column")],
        [("", name) for name in names],
        three,
        labels | {"numbers": translate("embeddings.position.numbers", width=width, length=_length(three[2]))},
        **_look(room),
        limit=float(np.abs(three).max()),
        selected=2,
        height=PICTURE,
        key="sum",
    )
    st.markdown(f"#### {translate('embeddings.position.all')}")
    st.markdown(translate("embeddings.position.all.look"))
    vectors(
        [translate("embeddings.column.position"), translate("embeddings.column.token")],
        [(str(i), token) for i, token in enumerate(trace.tokens)],
        added,
        labels
        | {
            "numbers": translate(
                "embeddings.position.all.numbers", position=position, width=width, length=_length(added[position])
            )
        },
        **_look(room),
        limit=float(np.abs(added).max()),
        selected=position,
        height=PICTURE,
        linked=True,
        on_choose=_choose_position,
        key="positions",
    )
    source(room, Transformer.forward)


# Neighbours and map


def _cloud(lm: LanguageModel) -> dict:
    return encoded(runtime.of_model(analysis.mapped, lm).points, runtime.vocabulary(lm.fingerprint, lm))


def _nearest(room: Room) -> None:
    near = room.view.vocabulary_map == "near"
    with st.container(horizontal=True, gap="medium"):
        pickers.choice(room, "vocabulary_map", MAPS, "embeddings.maps")
        if not near:
            pickers.choice(room, "sizes", SIZES, "embeddings.space.sizes")
    if near:
        _near(room)
    else:
        space(room)


def _near(room: Room) -> None:
    chosen = room.view.token
    if chosen is None or chosen >= room.lm.config.vocab_size:
        chosen = room.trace.ids[room.position]
    listed, picture = st.columns([1, 1.55], gap="medium")
    with listed:
        _find(room, chosen)
        near = _neighbours(room, chosen)
    with picture:
        _map(room, chosen, near)
    source(room, analysis.cosines, analysis.nearest, analysis.mapped)


def _find(room: Room, chosen: int) -> None:
    vocabulary = runtime.vocabulary(room.lm.fingerprint, room.lm)

    def typed() -> None:
        tokens = analysis.found(room.lm, vocabulary, st.session_state["find_token"], 1)
        _choose_token(tokens[0] if tokens else chosen)

    label = room.translate("embeddings.find")
    text = st.text_input(
        label,
        key="find_token",
        placeholder=room.translate("embeddings.find.placeholder"),
        label_visibility="collapsed",
        icon=":material/search:",
        on_change=typed,
    )
    if not text:
        return
    tokens = analysis.found(room.lm, vocabulary, text, FOUND)
    if not tokens:
        st.markdown(room.translate("embeddings.find.none"))
        return
    selected = tokens.index(chosen) if chosen in tokens else -1
    names = [vocabulary[token] for token in tokens]
    chips(
        names,
        tokens,
        selected=selected,
        label=room.translate("embeddings.find.found"),
        linked=False,
        on_choose=lambda place: _choose_token(tokens[place]),
        key="found",
    )


def _neighbours(room: Room, chosen: int) -> list[int]:
    """Draw the list; ids of the tokens in it."""
    translate, look = room.translate, room.look
    vocabulary = runtime.vocabulary(room.lm.fingerprint, room.lm)
    measure = runtime.of_model(analysis.measured, room.lm)
    token = room.quoted(vocabulary[chosen])
    st.markdown(f"#### {translate('embeddings.nearest.heading', token=token)}")
    similarity = analysis.cosines(analysis.matrix(room.lm), measure.lengths, chosen)
    near = analysis.nearest(similarity, chosen, NEIGHBOURS).tolist()
    if not near:
        st.markdown(translate("embeddings.nearest.none", token=token))
        return near
    typical = float(np.nanmedian(np.delete(similarity, chosen)))
    labels = {name: translate(f"embeddings.nearest.{name}") for name in ("rank", "token", "measure", "group")}
    neighbours(
        [(i, vocabulary[i], float(similarity[i]), f"{similarity[i]:.3f}") for i in near],
        labels | {"choose": room.template("embeddings.nearest.choose")},
        typical=typical,
        colours={"bar": look.own, "grid": look.grid, "typical": look.ink},
        on_choose=_choose_token,
    )
    words = translate("embeddings.nearest.look", median=f"{typical:.2f}", count=f"{len(vocabulary):,}")
    st.markdown(words if room.lm.trained else f"{words} {translate('embeddings.nearest.untrained')}")
    return near


def _map(room: Room, chosen: int, near: list[int]) -> None:
    translate, look = room.translate, room.look
    with st.spinner(translate("embeddings.map.working")):
        found = runtime.of_model(analysis.mapped, room.lm)
        cloud = runtime.of_model(_cloud, room.lm)
    first, second = map(percent, found.explained)
    st.markdown(f"#### {translate('embeddings.map.heading', shown=percent(sum(found.explained)))}")
    colours = {"dot": look.residual, "paper": look.paper, "ink": look.ink, "faint": look.faint, "grid": look.grid}
    colours |= {"chosen": look.accent, "near": look.own, "prompt": look.query}
    labels = {name: translate(f"embeddings.map.{name}") for name in ("group", "hint", "reset", "closer", "farther")}
    labels |= {"x": translate("embeddings.map.x", share=first), "y": translate("embeddings.map.y", share=second)}
    # A token marked for two reasons has the first one's colour.
    kinds = dict.fromkeys(room.trace.ids, "prompt") | dict.fromkeys(near, "near") | {chosen: "chosen"}
    marks = [(token, kinds[token]) for token in dict.fromkeys([chosen, *near, *room.trace.ids])]
    vocabulary = runtime.vocabulary(room.lm.fingerprint, room.lm)
    legend = [
        ("chosen", translate("embeddings.map.chosen", token=vocabulary[chosen])),
        ("near", translate("embeddings.map.near")),
        ("prompt", translate("embeddings.map.prompt")),
    ]
    map_marks(marks, legend, colours=colours)
    token_map(cloud, labels, colours=colours, height=PICTURE, on_choose=_choose_token)
    st.markdown(translate("embeddings.map.look", width=room.lm.config.d_model, first=first, second=second))


def _take(room: Room) -> None:
    tokens = room.trace.tokens
    hooks = {"embed": "hook_embed", "position": "hook_pos_embed", "stream": "blocks.0.hook_resid_pre"}
    take(
        room,
        {
            room.translate(f"embeddings.take.{name}"): Matrix(room.trace[hook], tokens)
            for name, hook in hooks.items()
            if hook in room.trace
        },
    )
