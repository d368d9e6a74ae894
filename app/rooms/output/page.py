"""What comes next: the distribution over the next token, and choosing from it."""

from __future__ import annotations

import numpy as np
import streamlit as st

import model
from app.kit import frame, runtime, session
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.prediction import foreseen, most_probable, ranks
from app.kit.source import source
from app.rooms.output.candidates import Candidate, candidates
from app.rooms.output.figures import foreseen as foreseen_figure
from app.rooms.output.writing import continuation

ROWS = (10, 30, 100)
TOP_K = (1, 2, 3, 5, 10, 20, 40, 100, 200, 500, 1000)


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    logits = room.trace.logits[room.position]
    view = room.view
    own = model.distribution(logits)
    drawn = model.distribution(logits, view.temperature, view.top_k, view.top_p)
    picture, controls = st.columns([2.6, 1], gap="medium")
    with controls:
        writing = _controls(room, drawn)
    with picture:
        if writing:
            continuation(room)
        _candidates(room, logits, own, drawn)
    _foreseen(room)
    source(room, model.distribution, model.draw)


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


def _controls(room: Room, drawn: np.ndarray) -> bool:
    """The sampling settings and what they do; whether generating was asked for."""
    translate, view = room.translate, room.view
    with st.container(gap=None):
        st.slider(
            translate("output.temperature"),
            0.0,
            2.0,
            step=0.05,
            key="temperature",
            help=translate("output.temperature.help"),
        )
        # 0 is no limit, at the right end; a value from an address has its own place.
        steps = [*sorted({*TOP_K, *({view.top_k} - {0})}), 0]
        st.select_slider(
            translate("output.top_k"),
            steps,
            key="top_k",
            format_func=lambda k: f"{k:,}" if k else "∞",
            help=translate("output.top_k.help"),
        )
        st.slider(translate("output.top_p"), 0.01, 1.0, step=0.01, key="top_p", help=translate("output.top_p.help"))
    before = list(room.trace.ids[: room.position + 1])

    def draw() -> None:
        # The position is part of the seed: drawing again at the next token throws another die.
        chosen = model.draw(drawn, np.random.default_rng([view.seed, len(before)]))
        frame.rewrite(room.lm, [*before, chosen])

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            translate("output.seed"), min_value=0, step=1, key="seed", help=translate("output.seed.help"), width=110
        )
        st.button(translate("output.sample"), key="sample", on_click=draw, icon=":material/casino:")
    with st.container(horizontal=True):
        place = st.empty()
        writing = place.button(
            translate("output.generate"), key="generate", type="primary", icon=":material/play_arrow:"
        )
        if writing:
            place.button(translate("output.stop"), key="stop", icon=":material/stop:")
        st.button(
            translate("output.undo"),
            key="undo",
            on_click=session.undo,
            disabled=not session.can_undo(),
            icon=":material/undo:",
        )
        st.button(
            translate("output.redo"),
            key="redo",
            on_click=session.redo,
            disabled=not session.can_redo(),
            icon=":material/redo:",
        )
    st.markdown(_chances(room, drawn))
    return writing


def _chances(room: Room, drawn: np.ndarray) -> str:
    best = int(drawn.argmax())
    token = room.quoted(room.lm.tokenizer.shown(best))
    kept, count = int(np.count_nonzero(drawn)), len(drawn)
    if kept == 1:
        return room.translate("output.kept.one", token=token)
    which = room.translate(
        "output.kept.all" if kept == count else "output.kept.some", kept=f"{kept:,}", count=f"{count:,}"
    )
    return f"{room.translate('output.kept', token=token, often=round(100 * drawn[best]))} {which}"


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
        title="",
        y=room.translate("output.foreseen.axis"),
        chosen=room.view.query,
    )
    chart(drawn, key="foreseen", alt=room.translate("output.foreseen"))
