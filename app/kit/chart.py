"""How a page shows a Plotly figure."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

from app.text import plain


def chart(figure: go.Figure, *, key: str, alt: str, **options: Any) -> object:
    """Show `figure` as it was drawn: in our colours, without a tool bar.

    Args:
        alt: what it shows, for those who do not see it: plain text, or one of the page's sentences in Markdown.
    """
    bare = {"displayModeBar": False, "displaylogo": False}
    return st.plotly_chart(figure, theme=None, key=key, alt=plain(alt), config=bare, **options)
