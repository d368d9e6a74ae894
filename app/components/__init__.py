"""Front-end pieces of our own, where a chart library is too slow or reads tokens as markup.

Each is a Python module with a ``.js`` and a ``.css`` file of the same name beside it.
Scripts write text with `textContent` only, so a token can never become markup.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent


def declare(name: str) -> Callable:
    """Register the component whose files are ``<name>.js`` and ``<name>.css``; returns its mount function."""
    return st.components.v2.component(
        f"glassformer_{name}",
        html='<div class="root"></div>',
        css=(HERE / f"{name}.css").read_text(encoding="utf-8"),
        js=(HERE / f"{name}.js").read_text(encoding="utf-8"),
    )
