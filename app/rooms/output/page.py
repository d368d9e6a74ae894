"""What comes next: the distribution over the next token, and choosing from it."""

from __future__ import annotations

import numpy as np
import streamlit as st

import model
from app.kit import frame, pickers, runtime
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.prediction import foreseen, most_probable, ranks
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.output.beams import beams
from app.rooms.output.candidates import Candidate, candidates
from app.rooms.output.choice import choice
from app.rooms.output.controls import controls
from app.rooms.output.expected import expected
from app.rooms.output.figures import foreseen as foreseen_figure
from app.rooms.output.lens import lens
from app.rooms.output.sheet import sheet
from app.rooms.output.words import PARTS
from app.rooms.output.writing import writing

ROWS = (10, 30, 100)


def show() -> None:
    """Draw the page."""
    room = frame.enter(sheet=sheet)
    pickers.choice(room, "output_part", PARTS, "output.part")
    parts = dict(zip(PARTS, (_next, choice, beams, expected, lens), strict=True))
    parts[room.view.output_part](room)
    _take(room)


def _next(room: Room) -> None:
    logits = room.trace.logits[room.position]
    view = room.view
    own = model.distribution(logits)
    drawn = model.distribution(logits, view.temperature, view.top_k, view.top_p, view.min_p)
    picture, side = st.columns([2.6, 1], gap="medium")
    with side:
        asked = controls(room, drawn)
    with picture:
        place = st.container()
        _candidates(room, logits, own, drawn)
    _foreseen(room)
    source(room, model.distribution, model.draw)
    writing(room, place, asked)


def _candidates(room: Room, logits: np.ndarray, own: np.ndarray, drawn: np.ndarray) -> None:
    trace, position = room.trace, room.position
    following = trace.ids[position + 1] if position + 1 < len(trace.ids) else None
    st.markdown(f"#### {room.translate('output.heading', token=room.quoted(trace.tokens[position]))}")
    place = ranks(logits)
    words = room.translate("output.look" if following is None else "output.look.inside", count=f"{len(logits):,}")
    if following is not None:
        words = (
            room.translate(
                "output.real",
                token=room.quoted(trace.tokens[position + 1]),
                rank=f"{place[following]:,}",
                percent=percent(own[following]),
            )
            + " "
            + words
        )
    st.markdown(words)

    found = st.session_state.get("find", "")
    count = st.session_state.get("rows", ROWS[0])
    vocabulary = runtime.vocabulary(room.trace.fingerprint, room.lm)
    among = _containing(vocabulary, found) if found else None
    ids = most_probable(logits, count, among).tolist()
    if following is not None and following not in ids and not found:
        ids.append(following)
    rows = [
        Candidate(
            id=i,
            token=vocabulary[i],
            rank=int(place[i]),
            own=float(own[i]),
            own_text=percent(own[i]),
            drawn=float(drawn[i]),
            drawn_text=percent(drawn[i]),
            real=i == following,
            gap=n == count,
        )
        for n, i in enumerate(ids)
    ]
    if rows:
        labels = {name: room.translate(f"output.column.{name}") for name in ("rank", "token", "own", "drawn")}
        labels |= {
            "real": room.translate("output.append.real"),
            "append": room.template("output.append"),
            "group": room.translate("output.candidates"),
        }
        look = room.look
        colours = {"own": look.own, "drawn": look.drawn, "real": look.accent, "grid": look.grid}
        before = list(trace.ids[: position + 1])
        candidates(
            rows,
            labels,
            adjusted=not np.array_equal(own, drawn),
            colours=colours,
            on_choose=lambda chosen: frame.rewrite(room.lm, [*before, chosen]),
        )
    else:
        st.markdown(room.translate("output.find.none"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text_input(
            room.translate("output.find"),
            key="find",
            placeholder=room.translate("output.find"),
            label_visibility="collapsed",
            icon=":material/search:",
            width=320,
        )
        _row_buttons(room, count)


def _containing(vocabulary: list[str], text: str) -> np.ndarray:
    wanted = text.replace(" ", "·").casefold()
    return np.fromiter((wanted in token.casefold() for token in vocabulary), dtype=bool, count=len(vocabulary))


def _row_buttons(room: Room, count: int) -> None:
    def choose(rows: int) -> None:
        st.session_state["rows"] = rows

    at = ROWS.index(count)
    if at + 1 < len(ROWS):
        st.button(room.translate("output.more"), key="more", on_click=choose, args=(ROWS[at + 1],))
    if at:
        st.button(room.translate("output.fewer"), key="fewer", on_click=choose, args=(ROWS[0],))


def _expected(trace: model.Trace) -> tuple[np.ndarray, np.ndarray]:
    return foreseen(trace.logits, np.array(trace.ids))


def _foreseen(room: Room) -> None:
    trace = room.trace
    st.markdown(f"#### {room.translate('output.foreseen')}")
    if len(trace.ids) == 1:
        st.markdown(room.translate("output.foreseen.one"))
        return
    st.markdown(room.translate("output.foreseen.look"))
    probabilities, places = runtime.derived(_expected, trace)
    hovers = [
        room.translate(
            "output.foreseen.hover",
            token=trace.tokens[i + 1],
            before=trace.tokens[i],
            rank=f"{places[i]:,}",
            percent=percent(probabilities[i]),
        )
        for i in range(len(places))
    ]
    drawn = foreseen_figure(
        trace.tokens,
        probabilities,
        hovers,
        room.look,
        y=room.translate("output.foreseen.axis"),
        chosen=room.view.query,
    )
    chart(drawn, key="foreseen", alt=room.translate("output.foreseen"))


def _take(room: Room) -> None:
    trace, view, position = room.trace, room.view, room.position

    def chances() -> Matrix:
        logits = trace.logits[position]
        drawn = model.distribution(logits, view.temperature, view.top_k, view.top_p, view.min_p)
        names = [room.translate(f"output.take.{name}") for name in ("logit", "own", "drawn")]
        vocabulary = runtime.vocabulary(trace.fingerprint, room.lm)
        return Matrix(np.stack([logits, model.distribution(logits), drawn], axis=1), vocabulary, names)  # (V, 3)

    def lens_here() -> Matrix:
        layers = [f"{room.translate('common.layer')} {layer}" for layer in range(trace.config.n_layers)]
        return Matrix(trace.lens_at(position), layers, runtime.vocabulary(trace.fingerprint, room.lm))  # (L, V)

    def expected_tokens() -> Matrix:
        probabilities, places = runtime.derived(_expected, trace)
        names = [room.translate(f"output.take.{name}") for name in ("own", "rank")]
        return Matrix(np.stack([probabilities, places], axis=1), trace.tokens[1:], names)  # (T - 1, 2)

    matrices = {"chances": chances, "lens": lens_here} | ({"expected": expected_tokens} if len(trace.ids) > 1 else {})
    take(
        room,
        {room.translate(f"output.take.{name}"): matrix for name, matrix in matrices.items()},
        about=[trace.tokens[position]],
    )
