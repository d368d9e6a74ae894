"""What comes next: the distribution over the next token, and choosing from it."""

from __future__ import annotations

import numpy as np
import streamlit as st

import model
from app import page, runtime, state
from app.analysis.next_token import foreseen, most_probable, ranks
from app.components.candidates import Candidate, candidates
from app.figures.probabilities import foreseen as foreseen_figure
from app.page import Room
from app.text import percent
from app.views.writing import continuation

ROWS = (10, 30, 100)
TOP_K = (1, 2, 3, 5, 10, 20, 40, 100, 200, 500, 1000)


def show() -> None:
    """Draw the page."""
    room = page.enter()
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
    page.source(room, model.distribution, model.draw)


def _candidates(room: Room, logits: np.ndarray, own: np.ndarray, drawn: np.ndarray) -> None:
    trace, position = room.trace, room.position
    following = trace.ids[position + 1] if position + 1 < len(trace.ids) else None
    st.markdown(f"#### {room.say('output.heading', token=room.quoted(trace.tokens[position]))}")
    place = ranks(logits)
    words = room.say("output.look" if following is None else "output.look.inside", count=f"{len(logits):,}")
    if following is not None:
        words = (
            room.say(
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
        labels = {name: room.say(f"output.column.{name}") for name in ("rank", "token", "own", "drawn")}
        labels |= {
            "real": room.say("output.append.real"),
            "append": room.say("output.append", token="{token}"),
            "group": room.say("output.candidates"),
        }
        look = room.look
        colours = {"own": look.own, "drawn": look.drawn, "real": look.accent, "grid": look.grid}
        before = list(trace.ids[: position + 1])
        candidates(
            rows,
            labels,
            adjusted=not np.array_equal(own, drawn),
            colours=colours,
            on_choose=lambda chosen: page.rewrite(room.lm, [*before, chosen]),
        )
    else:
        st.markdown(room.say("output.find.none"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text_input(
            room.say("output.find"),
            key="find",
            placeholder=room.say("output.find"),
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
        st.button(room.say("output.more"), key="more", on_click=choose, args=(ROWS[at + 1],))
    if at:
        st.button(room.say("output.fewer"), key="fewer", on_click=choose, args=(ROWS[0],))


def _controls(room: Room, drawn: np.ndarray) -> bool:
    """The sampling settings and what they do; whether generating was asked for."""
    say, view = room.say, room.view
    with st.container(gap=None):
        st.slider(
            say("output.temperature"), 0.0, 2.0, step=0.05, key="temperature", help=say("output.temperature.help")
        )
        # 0 is no limit, at the right end; a value from an address has its own place.
        steps = [*sorted({*TOP_K, *({view.top_k} - {0})}), 0]
        st.select_slider(
            say("output.top_k"),
            steps,
            key="top_k",
            format_func=lambda k: f"{k:,}" if k else "∞",
            help=say("output.top_k.help"),
        )
        st.slider(say("output.top_p"), 0.01, 1.0, step=0.01, key="top_p", help=say("output.top_p.help"))
    before = list(room.trace.ids[: room.position + 1])

    def draw() -> None:
        # The position is part of the seed: drawing again at the next token throws another die.
        chosen = model.draw(drawn, np.random.default_rng([view.seed, len(before)]))
        page.rewrite(room.lm, [*before, chosen])

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(say("output.seed"), min_value=0, step=1, key="seed", help=say("output.seed.help"), width=110)
        st.button(say("output.sample"), key="sample", on_click=draw, icon=":material/casino:")
    with st.container(horizontal=True):
        place = st.empty()
        writing = place.button(say("output.generate"), key="generate", type="primary", icon=":material/play_arrow:")
        if writing:
            place.button(say("output.stop"), key="stop", icon=":material/stop:")
        st.button(
            say("output.undo"), key="undo", on_click=state.undo, disabled=not state.can_undo(), icon=":material/undo:"
        )
        st.button(
            say("output.redo"), key="redo", on_click=state.redo, disabled=not state.can_redo(), icon=":material/redo:"
        )
    st.markdown(_chances(room, drawn))
    return writing


def _chances(room: Room, drawn: np.ndarray) -> str:
    best = int(drawn.argmax())
    token = room.quoted(room.lm.tokenizer.shown(best))
    kept, count = int(np.count_nonzero(drawn)), len(drawn)
    if kept == 1:
        return room.say("output.kept.one", token=token)
    which = room.say("output.kept.all" if kept == count else "output.kept.some", kept=f"{kept:,}", count=f"{count:,}")
    return f"{room.say('output.kept', token=token, often=round(100 * drawn[best]))} {which}"


def _expected(trace: model.Trace) -> tuple[np.ndarray, np.ndarray]:
    return foreseen(trace.logits, np.array(trace.ids))


def _foreseen(room: Room) -> None:
    trace = room.trace
    st.markdown(f"#### {room.say('output.foreseen')}")
    if len(trace.ids) == 1:
        st.markdown(room.say("output.foreseen.one"))
        return
    st.markdown(room.say("output.foreseen.look"))
    probabilities, places = runtime.derived(_expected, trace)
    hovers = [
        room.say(
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
        y=room.say("output.foreseen.axis"),
        chosen=room.view.query,
    )
    page.chart(drawn, key="foreseen", alt=room.say("output.foreseen"))
