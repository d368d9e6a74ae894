"""The sampling settings, the buttons that draw, and one sentence on what the settings do."""

from __future__ import annotations

import numpy as np
import streamlit as st

import model
from app.kit import frame, session
from app.kit.frame import Room
from app.rooms.output.writing import GO_ON

TOP_K = (1, 2, 3, 5, 10, 20, 40, 100, 200, 500, 1000)


def controls(room: Room, drawn: np.ndarray) -> bool:
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
        limits = sorted({*TOP_K, view.top_k} - {0})
        st.select_slider(
            translate("output.top_k"),
            [*limits, 0],
            key="top_k",
            format_func=lambda k: f"{k:,}" if k else "∞",
            help=translate("output.top_k.help"),
        )
        st.slider(translate("output.top_p"), 0.01, 1.0, step=0.01, key="top_p", help=translate("output.top_p.help"))
        st.slider(translate("output.min_p"), 0.0, 1.0, step=0.01, key="min_p", help=translate("output.min_p.help"))
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
        writing = writing or st.session_state.pop(GO_ON, False)
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
