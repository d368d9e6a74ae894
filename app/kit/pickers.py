"""Controls that many rooms have: which part of the page, which layer and head, which other model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from app.kit import head_jobs, runtime, session
from app.kit.frame import Room
from app.text import escape_markdown
from model import Entry, LanguageModel, Trace


def choice(room: Room, word: str, choices: Sequence[str], prefix: str) -> None:
    """A row of buttons for the address word `word`; each is named by the sentence ``<prefix>.<choice>``."""
    st.segmented_control(
        room.translate(prefix),
        choices,
        format_func=lambda name: room.translate(f"{prefix}.{name}"),
        key=word,
        required=True,
        label_visibility="collapsed",
    )


def layer(room: Room, *, width: int = 130) -> None:
    """The control of the layer that is shown."""
    st.number_input(room.translate("common.layer"), 0, room.lm.config.n_layers - 1, step=1, key="layer", width=width)


def head(room: Room, *, width: int = 130) -> None:
    """The control of the attention head that is shown."""
    last = room.lm.config.attention.n_heads - 1
    st.number_input(room.translate("common.head"), 0, last, step=1, key="head", width=width)


def clearest_head(lm: LanguageModel, trace: Trace) -> dict[str, int]:
    """Layer and head to begin with, for `frame.enter`: those of the clearest job on this prompt.

    Nothing where nothing was learned, or no head stands out.
    """
    best = head_jobs.clearest(runtime.derived(head_jobs.overview, trace)) if lm.trained else None
    return {} if best is None else {"layer": best.layer, "head": best.head}


def models(has: Callable[[Entry], bool]) -> list[str]:
    """Names of the models of the catalog that can be loaded now and have what is asked for."""
    return [entry.name for entry in runtime.entries() if entry.available and has(entry)]


def switch_to(room: Room, names: Sequence[str]) -> None:
    """A button for each of those models: for a room that shows what the loaded one does not have."""
    with st.container(horizontal=True):
        for name in names:
            st.button(
                room.translate("common.switch", model=escape_markdown(name)),
                key=f"switch_{name}",
                type="primary",
                on_click=session.change,
                kwargs={"model": name},
            )
