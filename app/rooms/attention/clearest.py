"""The head of this prompt with the clearest job: what a newcomer meets first, and why."""

from __future__ import annotations

import streamlit as st

from app.kit import head_jobs, runtime, session
from app.kit.frame import Room
from app.kit.numbers import percent

CELLS = 5_000_000  # of all patterns together: beyond these, every head is read only for someone who has chosen none


def clearest(room: Room) -> None:
    """Why this head is shown, or which one is the clearest; and the way to layer 0, head 0."""
    config = room.trace.config
    heads = config.n_layers * config.attention.n_heads
    if not room.lm.trained or heads * len(room.trace.ids) ** 2 > CELLS:
        return
    best = head_jobs.clearest(runtime.derived(head_jobs.overview, room.trace))
    shown = (room.view.layer, room.view.head)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="clearest_row"):
        if best is not None:
            there = {"layer": best.layer, "head": best.head}
            does = room.translate(f"common.does.{best.job}")
            if shown == (best.layer, best.head):
                words = {"score": percent(best.score), "count": heads, "does": does, **there}
                with st.container(width="stretch"):
                    st.markdown(room.translate("attention.clearest", **words))
            else:
                sentence = room.translate("attention.clearest.other", does=does, **there)
                st.button(sentence, key="clearest", on_click=session.change, kwargs=there)
        if shown != (0, 0):
            first = {"layer": 0, "head": 0}
            st.button(room.translate("attention.clearest.zero"), key="zero", on_click=session.change, kwargs=first)
