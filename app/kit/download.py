"""The download of a model: one at a time in the process, in the background, and the row of the page that offers it."""

from __future__ import annotations

import logging
import threading

import streamlit as st

import model
from app.kit import runtime, session
from app.kit.limits import public
from app.text import error_text, escape_markdown, translate
from model.files.fetchable import MODELS

NAME = "smollm2"  # offered where a model is untrained
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
        self.name = NAME  # of `MODELS`, the one that runs or ran last
        self.done = 0  # bytes
        self.total = MODELS[NAME].download_bytes
        self.error: model.BadInput | None = None

    @property
    def running(self) -> bool:
        """Whether bytes are coming in."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, name: str = NAME) -> None:
        """Begin to fetch that one of `MODELS`, unless one is coming in already; never on a server for everybody."""
        with self._lock:
            if self.running or public():
                return
            self._stop.clear()
            self.name, self.done, self.total, self.error = name, 0, MODELS[name].download_bytes, None
            self._thread = threading.Thread(target=self._run, args=(name,), name=f"fetch-{name}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ask it to stop; it does at its next report."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        """Wait until it has ended, at most `seconds`."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, name: str) -> None:
        try:
            if name == NAME:
                model.fetch_smollm2(progress=self._report)
            else:
                model.fetch(name, progress=self._report)
        except Stopped:
            return
        except model.BadInput as error:
            self.error = error
        except Exception:
            # A thread has nobody above it to tell: the page says that it failed, the log says why.
            logging.getLogger(__name__).exception("downloading %s failed", name)
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


def row(lang: str, name: str, before: str = "") -> None:
    """Offer that one of `MODELS`, after the words `before`; nothing at all once it is on this machine.

    While any download runs its progress stands here instead; a server for everybody says the words alone.
    """
    if public():
        if before:
            st.markdown(before)
        return
    current = download()
    if model.fetched_path(name) is None or current.running:
        # Only while something moves does the browser ask again, once a second.
        st.fragment(_row, run_every=1 if current.running else None)(lang, name, before)


def offer(lang: str, name: str) -> str:
    """What would be downloaded: its name, its size, and the licence or terms that it comes under."""
    chosen = MODELS[name]
    licence = chosen.licence.removeprefix("the ")
    return translate(lang, "common.offer", title=chosen.title, size=_megabytes(name), licence=licence)


def _megabytes(name: str) -> str:
    return f"{MODELS[name].download_bytes / MEGABYTE:.0f}"


def _row(lang: str, name: str, before: str) -> None:
    current = download()
    with st.container(key="offer"):
        left, right = st.columns([5.4, 1.2], vertical_alignment="center")
    if current.running:
        st.session_state[_WATCHING] = True
        done, total = current.done / MEGABYTE, current.total / MEGABYTE
        words = translate(
            lang,
            "common.offer.progress",
            title=MODELS[current.name].title,
            done=f"{done:.0f}",
            total=f"{total:.0f}",
        )
        left.progress(min(1.0, done / total), text=escape_markdown(words))
        right.button(translate(lang, "common.offer.stop"), key="offer_stop", on_click=current.stop, width="stretch")
        return
    if st.session_state.pop(_WATCHING, False):
        if model.fetched_path(current.name) is not None:
            session.change_later(model=current.name)
        st.rerun()  # the whole page: the list of models changes, and the asking ends
    failed = current.error if current.name == name else None
    left.markdown(
        f"{before} {offer(lang, name)}".strip() if failed is None else escape_markdown(error_text(lang, failed))
    )
    if right.button(
        translate(lang, "common.offer.start", size=_megabytes(name))
        if failed is None
        else translate(lang, "common.offer.again"),
        key="offer_start",
        icon=":material/download:",
        width="stretch",
    ):
        current.start(name)
        st.rerun()
