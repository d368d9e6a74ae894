"""Draws the page again when the browser's theme changes: what it shows is drawn in one theme's colours."""

from __future__ import annotations

from app.kit.component import declare

_theme = declare(__file__, "theme_watch")


def follow(drawn: str, *, key: str = "theme") -> None:
    """Start a new run as soon as the browser's theme is another than `drawn`, "light" or "dark".

    Streamlit itself tells Python about a new theme only with the next run.
    """
    _theme.draw(key, {"drawn": drawn}, changed=lambda _: None)
