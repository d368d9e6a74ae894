"""Latent attention: the path, the cache measured, at real size, what it costs, and what a lower rank loses."""

from __future__ import annotations

import streamlit as st

from app.kit import frame
from app.kit.frame import Room
from app.rooms.mla.cache import cache
from app.rooms.mla.cost import cost
from app.rooms.mla.lost import lost
from app.rooms.mla.path import path
from app.rooms.mla.size import size
from app.rooms.mla.words import LATENT

LAYERED = ("path", "lost")  # parts that show one layer and head


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    parts = dict(zip(LATENT, (path, cache, size, cost, lost), strict=True))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.segmented_control(
            room.translate("mla.latent"),
            LATENT,
            format_func=lambda part: room.translate(f"mla.latent.{part}"),
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
        st.markdown(room.translate(f"mla.{name}"), width="content")
        st.number_input(
            room.translate(f"mla.{name}"), 0, count - 1, step=1, key=name, width=150, label_visibility="collapsed"
        )
