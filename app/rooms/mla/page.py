"""Latent attention: the path, the cache measured, at real size, what it costs, and what a lower rank loses."""

from __future__ import annotations

import streamlit as st

from app.kit import frame, pickers
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
        pickers.choice(room, "latent", LATENT, "mla.latent")
        if room.view.latent in LAYERED:
            pickers.layer(room)
            pickers.head(room)
    parts[room.view.latent](room)
