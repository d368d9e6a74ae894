"""Draws the page again when the browser's theme or size of type changes: what it shows is drawn for one of each."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from app.kit.component import declare
from app.kit.theme import LOOKS, Look

LARGEST = 2.0  # that a browser's word is taken for
_SIZE = "_size_of_type"  # session: in units of that on a screen of usual size
_theme = declare(__file__, "theme_watch")


def look(*, projected: bool) -> Look:
    """The colours of the browser's theme, and its size of type."""
    found, size = LOOKS[st.context.theme.type or "light"], st.session_state.get(_SIZE, 1.0)
    return found if projected else replace(found, grown=size)


def follow(drawn: str, *, key: str = "theme") -> None:
    """Start a new run as soon as the browser's theme is another than `drawn`, "light" or "dark", or its type grows.

    Streamlit itself tells Python about a new theme only with the next run.
    """

    def sized(size: float) -> None:
        st.session_state[_SIZE] = min(LARGEST, max(1.0, float(size)))

    data = {"drawn": drawn, "size": st.session_state.get(_SIZE, 1.0)}
    _theme.draw(key, data, changed=lambda _: None, sized=sized)
