"""Where a token stands: pairs of queries and keys that turn, or a table of learned vectors."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, pickers, runtime, session
from app.kit.chart import chart
from app.kit.chips import chips
from app.kit.frame import Room
from app.kit.numbers import tiny
from app.kit.source import source
from app.kit.take import Matrix, layer_and_head, take
from app.rooms.positions import analysis
from app.rooms.positions.figures import alike
from app.rooms.positions.hands import hands
from app.rooms.positions.rows import rows
from model import rope
from model.transformer import Transformer

LEARNED = "storyteller-classic"  # the built-in model with learned positions
NEAR = 63  # the curve goes at least that far
PICTURE = 340  # px
MOST = 256  # rows of the table that are drawn: more would be less than two pixels each


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    if room.lm.config.positions == "learned":
        _table(room)
    else:
        _rotation(room)


# Rotation


def _rotation(room: Room) -> None:
    translate, trace, view, query = room.translate, room.trace, room.view, room.position
    st.markdown(f"#### {translate('positions.rope.heading')}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pickers.layer(room)
        pickers.head(room)
        with st.container():
            st.markdown(translate("positions.key.choose", query=room.quoted(trace.tokens[query]), position=query))
            key = view.key if view.key is not None and view.key <= query else max(0, query - 1)
            chips(
                trace.tokens[: query + 1],
                trace.ids[: query + 1],
                selected=key,
                label=translate("positions.key"),
                on_choose=lambda position: session.change(key=position),
                key="keys",
            )
    if not analysis.rotates(trace, view.layer):
        st.markdown(translate("positions.rope.still", layer=view.layer))
        source(room, rope.rotate)
        return
    made = analysis.pairs(trace, view.layer, view.head, query, key)
    st.markdown(
        translate(
            "positions.rope.look",
            query=room.quoted(trace.tokens[query]),
            other=room.quoted(trace.tokens[key]),
            pairs=len(made.rates),
        )
    )
    look = room.look
    names = ("clocks", "curve", "play", "pause", "true", "content", "x")
    labels = {name: translate(f"positions.hands.{name}") for name in names}
    labels |= {name: room.template(f"positions.hands.{name}") for name in ("here", "pair")}
    colours = {
        name: getattr(look, name) for name in ("query", "key", "attention", "accent", "faint", "grid", "ink", "paper")
    }
    hands(made, max(NEAR, len(trace.ids) - 1), labels, colours=colours, height=PICTURE)
    _checked(room, made)
    _take_pairs(room, made)
    source(room, rope.frequencies, rope.rotate, analysis.pairs)
    st.markdown(translate("positions.rope.other"))
    pickers.switch_to(room, pickers.models(lambda entry: entry.name == LEARNED))


def _checked(room: Room, made: analysis.Pairs) -> None:
    """The curve's score at the true distance beside the model's own."""
    score = float(made.scores(np.array([made.distance]))[0])
    words = room.translate(
        "positions.rope.same",
        distance=made.distance,
        curve=_number(score),
        score=_number(made.score),
        difference=tiny(abs(score - made.score)),
    )
    if made.content:
        words += " " + room.translate(
            "positions.rope.parts", content=_number(made.content), turned=_number(score - made.content)
        )
    st.markdown(words)


def _number(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


# Learned vectors


def _table(room: Room) -> None:
    translate, trace, position, look = room.translate, room.trace, room.position, room.look
    vectors = analysis.table(room.lm)  # (C, D)
    cosines = runtime.of_model(analysis.similarities, room.lm)  # (C, C)
    count, width = vectors.shape
    shown = analysis.thinned(count, MOST)
    every = translate("positions.learned.every", nth=int(shown[1])) if count > MOST else ""
    st.markdown(f"#### {translate('positions.learned.heading')}")
    st.markdown(f"{translate('positions.learned.look', count=f'{count:,}', width=width)} {every}")
    colours = {"accent": look.accent, "faint": look.faint, "ink": look.ink, "paper": look.paper}
    marked = int(shown[np.abs(shown - position).argmin()])
    left, right = st.columns(2, gap="medium")
    with left:
        rows(
            vectors[shown],
            (shown, np.arange(width)),
            {name: translate(f"positions.learned.table.{name}") for name in ("group", "point", "rows", "columns")}
            | {"tip": room.template("positions.learned.table.tip")},
            scale=look.signed,
            colours=colours,
            limit=float(np.abs(vectors).max()),
            selected=marked,
            height=PICTURE,
            key="position_table",
        )
    with right:
        rows(
            cosines[np.ix_(shown, shown)],
            (shown, shown),
            {name: translate(f"positions.learned.cosines.{name}") for name in ("group", "point", "rows", "columns")}
            | {"tip": room.template("positions.learned.cosines.tip")},
            scale=look.signed,
            colours=colours,
            limit=1.0,
            selected=marked,
            height=PICTURE,
            key="position_cosines",
        )
    heading = translate("positions.learned.alike", position=position, token=room.quoted(trace.tokens[position]))
    st.markdown(f"#### {heading}")
    st.markdown(translate("positions.learned.alike.look"))
    drawn = alike(
        cosines[position],
        position,
        len(trace.ids) - 1,
        look,
        x=translate("positions.learned.alike.x"),
        y=translate("positions.learned.alike.y"),
    )
    chart(drawn, key="alike", alt=heading)
    names = {"table": lambda: Matrix(vectors), "cosines": lambda: Matrix(cosines)}
    take(room, {translate(f"positions.take.{name}"): matrix for name, matrix in names.items()})
    source(room, Transformer.residual_stream, analysis.similarities)
    st.markdown(translate("positions.learned.other"))
    pickers.switch_to(room, pickers.models(lambda entry: entry.trained and entry.name != LEARNED))


def _take_pairs(room: Room, made: analysis.Pairs) -> None:
    distances = np.arange(max(NEAR, len(room.trace.ids) - 1) + 1)
    matrices = {
        "curve": Matrix(made.scores(distances)),
        "parts": Matrix(made.contributions(distances)),
        "rates": Matrix(made.rates),
    }
    take(
        room,
        {room.translate(f"positions.take.{name}"): matrix for name, matrix in matrices.items()},
        about=layer_and_head(room),
    )
