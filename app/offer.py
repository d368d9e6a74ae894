"""The row that offers SmolLM2: a button, then progress that can be stopped, then the model."""

from __future__ import annotations

import streamlit as st

import model
from app import runtime, state
from app.text import plain, say, told

NAME = "smollm2"
MEGABYTE = 1_000_000
_WATCHING = "_watching_download"  # session: this page showed the download running


def row(lang: str, words: str) -> None:
    """Draw `words` with the offer beside them; nothing at all once SmolLM2 is on this machine."""
    download = runtime.download()
    if model.smollm2_path() is None or download.running:
        # Only while something moves does the browser ask again, once a second.
        st.fragment(_row, run_every=1 if download.running else None)(lang, words)


def _row(lang: str, words: str) -> None:
    download = runtime.download()
    with st.container(key="offer"):
        left, right = st.columns([5.4, 1.2], vertical_alignment="center")
    if download.running:
        st.session_state[_WATCHING] = True
        done, total = download.done / MEGABYTE, download.total / MEGABYTE
        left.progress(
            min(1.0, done / total),
            text=plain(say(lang, "common.offer.progress", done=f"{done:.0f}", total=f"{total:.0f}")),
        )
        right.button(say(lang, "common.offer.stop"), key="offer_stop", on_click=download.stop, width="stretch")
        return
    if st.session_state.pop(_WATCHING, False):
        if model.smollm2_path() is not None:
            state.change_later(model=NAME)
        st.rerun()  # the whole page: the list of models changes, and the asking ends
    failed = download.error is not None
    left.markdown(plain(told(lang, download.error)) if failed else words)
    if right.button(
        say(lang, "common.offer.again" if failed else "common.offer.start"),
        key="offer_start",
        icon=":material/download:",
        width="stretch",
    ):
        download.start()
        st.rerun()
