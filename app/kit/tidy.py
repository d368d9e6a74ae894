"""The process's memory: garbage is collected while nobody waits, and what is free goes back to the system.

Streamlit would walk all objects after every run of a page, half of a busy server's time (`runner.postScriptGC` in
.streamlit/config.toml is off for that).  Python's own collections go on; they leave out what was frozen.  What dies
after it was frozen, such as a session that has left, is found when the server is quiet, or when memory has grown:
then everything is thawed, collected and frozen again.
"""

from __future__ import annotations

import ctypes
import gc
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

LOOK_SECONDS = 1.0
GROWTH = 96_000_000  # bytes since the last collection, from which it is done even while people wait
QUIET = 2  # young collections between two looks, up to which nobody is being served
ARENAS = 2  # heaps of the C library, which by default makes eight for each core, one after another for new threads

_M_ARENA_MAX = -8  # of malloc.h


def resident() -> int:
    """Bytes of this process in memory; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096
    except OSError:
        return 0


class Tidy:
    """Decides when to collect; `look` is called again and again."""

    def __init__(self, size: Callable[[], int] = resident):
        self._size = size
        self._grown = 0  # bytes after the last collection
        self._young = 0  # young collections until the last look
        self._worked = True  # since the last collection

    def look(self) -> bool:
        """Collect if it is time for it; whether it was."""
        young = gc.get_stats()[0]["collections"]
        quiet, self._young = young - self._young <= QUIET, young
        self._worked = self._worked or not quiet
        if (quiet and self._worked) or self._size() > self._grown + GROWTH:
            self.collect()
            return True
        return False

    def collect(self) -> None:
        """Collect everything, give free memory back, and freeze what is left."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        _give_back()
        self._grown, self._worked = self._size(), False
        self._young = gc.get_stats()[0]["collections"]


def keep_tidy() -> None:
    """Begin to look after the memory of this process, in a thread of its own."""
    library = _c_library()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, ARENAS)
    tidy = Tidy()
    tidy.collect()
    threading.Thread(target=_watch, args=(tidy,), name="tidy", daemon=True).start()


def _watch(tidy: Tidy) -> None:
    while True:
        time.sleep(LOOK_SECONDS)
        tidy.look()


def _give_back() -> None:
    library = _c_library()
    if library is not None:
        library.malloc_trim(0)


def _c_library() -> ctypes.CDLL | None:
    """GNU's C library, where this is a system with it."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
