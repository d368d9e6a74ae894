"""SmolLM2's download: one per process, in the background, and the row of the page that offers it."""

from __future__ import annotations

import logging
import threading

import streamlit as st

import model
from app.kit import runtime, session
from app.text import error_text, escape_markdown, translate
from model.files.fetchable import MODELS

NAME = "smollm2"
MEGABYTE = 1_000_000
_WATCHING = "_watching_download"  # session: this page showed the download running


class Stopped(Exception):
    """Raised inside the download by its own progress report when someone stops it."""


class Download:
    """One download at a time, in a thread of its own; safe to read from every session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.done = 0  # bytes
        self.total = MODELS[NAME].download_bytes
        self.error: model.BadInput | None = None

    @property
    def running(self) -> bool:
        """Whether bytes are coming in."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin, unless it runs already."""
        with self._lock:
            if self.running:
                return
            self._stop.clear()
            self.done, self.total, self.error = 0, MODELS[NAME].download_bytes, None
            self._thread = threading.Thread(target=self._run, name="fetch-smollm2", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ask it to stop; it does at its next report."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, at most `seconds`."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            model.fetch_smollm2(progress=self._report)
        except Stopped:
            return
        except model.BadInput as error:
            self.error = error
        except Exception:
            # A thread has nobody above it to tell: the page says that it failed, the log says why.
            logging.getLogger(__name__).exception("downloading SmolLM2 failed")
            self.error = model.BadInput(
                "download_failed", "The download failed for a reason nobody foresaw: the server's log has the details."
            )

    def _report(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise Stopped
        self.done, self.total = done, total


def download() -> Download:
    """The one download of the process."""
    return runtime.of_process(Download)


def row(lang: str, words: str) -> None:
    """Draw `words` with the offer beside them; nothing at all once SmolLM2 is on this machine."""
    current = download()
    if model.smollm2_path() is None or current.running:
        # Only while something moves does the browser ask again, once a second.
        st.fragment(_row, run_every=1 if current.running else None)(lang, words)


def _row(lang: str, words: str) -> None:
    current = download()
    with st.container(key="offer"):
        left, right = st.columns([5.4, 1.2], vertical_alignment="center")
    if current.running:
        st.session_state[_WATCHING] = True
        done, total = current.done / MEGABYTE, current.total / MEGABYTE
        left.progress(
            min(1.0, done / total),
            text=escape_markdown(translate(lang, "common.offer.progress", done=f"{done:.0f}", total=f"{total:.0f}")),
        )
        right.button(translate(lang, "common.offer.stop"), key="offer_stop", on_click=current.stop, width="stretch")
        return
    if st.session_state.pop(_WATCHING, False):
        if model.smollm2_path() is not None:
            session.change_later(model=NAME)
        st.rerun()  # the whole page: the list of models changes, and the asking ends
    failed = current.error is not None
    left.markdown(words if current.error is None else escape_markdown(error_text(lang, current.error)))
    if right.button(
        translate(lang, "common.offer.again" if failed else "common.offer.start"),
        key="offer_start",
        icon=":material/download:",
        width="stretch",
    ):
        current.start()
        st.rerun()
