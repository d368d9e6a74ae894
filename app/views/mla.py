"""Latent attention: the path, the cache measured, at real size, what it costs, and what a lower rank loses."""

from __future__ import annotations

import streamlit as st

from app import page
from app.page import Room
from app.view import LATENT
from app.views.mla_cache import cache
from app.views.mla_cost import cost
from app.views.mla_lost import lost
from app.views.mla_path import path
from app.views.mla_size import size

LAYERED = ("path", "lost")  # parts that show one layer and head


def show() -> None:
    """Draw the page."""
    room = page.enter()
    parts = dict(zip(LATENT, (path, cache, size, cost, lost), strict=True))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.segmented_control(
            room.say("mla.latent"),
            LATENT,
            format_func=lambda part: room.say(f"mla.latent.{part}"),
            key="latent",
            required=True,
            label_visibility="collapsed",
        )
        if room.view.latent in LAYERED:
            _pickers(room)
    parts[room.view.latent](room)


def _pickers(room: Room) -> None:
    config = room.lm.config
    for name, count in (("layer", config.n_layers), ("head", config.attention.n_heads)):
        st.markdown(room.say(f"mla.{name}"), width="content")
        st.number_input(
            room.say(f"mla.{name}"), 0, count - 1, step=1, key=name, width=150, label_visibility="collapsed"
        )
