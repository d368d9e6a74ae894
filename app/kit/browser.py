"""What every page asks of the browser: Enter in the prompt's box, its history, one theme, and that it stays whole."""

from __future__ import annotations

import streamlit as st

from app.kit.component import declare
from app.kit.stations import STATIONS

_browser = declare(__file__, "browser", front=("events",))


def attend(*, key: str = "browser") -> None:
    """Begin to attend to the browser; draws nothing. Call once, before all that takes time."""
    _browser.draw(key, {"paths": ["/", *(f"/{station.address}" for station in STATIONS)]}, redraw=lambda _: None)


def whole() -> None:
    """Mark the page as drawn to its end.

    Streamlit takes away what a run has not drawn when something ends it early, such as the toolbar's Stop:
    where this mark is missing after a run, the browser asks for the page again.
    """
    st.container(key="whole").html("<i></i>")
