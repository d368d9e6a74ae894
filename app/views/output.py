"""What comes next: the distribution over the next token, and choosing from it."""

from __future__ import annotations

import streamlit as st

import model
from app import page


def show() -> None:
    """Draw the page."""
    room = page.enter()
    st.caption(str(room.trace.logits[room.position].argmax()))
    page.source(room, model.distribution)
