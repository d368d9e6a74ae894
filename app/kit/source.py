"""The lines of model/ that computed a page's picture, read and sent once somebody opens them."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import streamlit as st

from app.kit.frame import Room
from app.text import escape_markdown

ROOT = Path(__file__).resolve().parent.parent.parent


def source(room: Room, *functions: Callable) -> None:
    """An expander with the code of `functions`; opening it draws nothing else anew."""
    st.fragment(_source)(room, functions)


def _source(room: Room, functions: tuple[Callable, ...]) -> None:
    expander = st.expander(room.translate("common.source"), icon=":material/code:", key="source", on_change="rerun")
    if not expander.open:
        return
    with expander:
        for function in functions:
            file, first, code = _read(function)
            st.caption(escape_markdown(room.translate("common.source.where", file=file, line=first)))
            st.code(code, language="python")


@lru_cache(maxsize=256)
def _read(function: Callable) -> tuple[str, int, str]:
    """File, first line and code of a function; the files do not change while the app runs."""
    lines, first = inspect.getsourcelines(function)
    file = Path(inspect.getsourcefile(function) or "").relative_to(ROOT)
    return file.as_posix(), first, textwrap.dedent("".join(lines))
