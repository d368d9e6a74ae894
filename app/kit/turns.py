"""Places at work that are handed on in the order of asking.

`threading.Semaphore` lets whoever gives a place back take it again before the one who waits has woken: somebody who
generates forty tokens, or trains, would keep everybody else out for as long as that takes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType

import torch

LOOK_SECONDS = 0.2  # between two looks at whether the one who waits is still there


class Turns:
    """A context manager for any number of threads, of which as many as there are places are inside at a time.

    Torch uses all cores for somebody who is alone, and one for each of several.
    """

    def __init__(self, places: int, look: Callable[[], None], threads: int = 1):
        """`places` at work.

        Args:
            look: called while waiting; what it raises ends the wait.
            threads: of torch, for somebody who is alone.
        """
        self._places, self._look, self._threads = places, look, threads
        self._inside = 0
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            mine = None
            if self._inside < self._places and not self._waiting:
                self._inside += 1
            else:
                mine = threading.Lock()
                mine.acquire()
                self._waiting.append(mine)
        if mine is not None:
            self._wait(mine)
        # Torch keeps this for each thread; the process's own number is what a new thread begins with.
        torch.set_num_threads(self._threads if self._inside == 1 and not self._waiting else 1)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._hand_on()

    def _hand_on(self) -> None:
        if self._waiting:
            self._waiting.popleft().release()  # the place stays taken, by the next one
        else:
            self._inside -= 1

    def _wait(self, mine: threading.Lock) -> None:
        try:
            while not mine.acquire(timeout=LOOK_SECONDS):
                self._look()
        except BaseException:
            with self._lock:
                if mine in self._waiting:
                    self._waiting.remove(mine)
                else:
                    self._hand_on()  # it has just come, and is not wanted any more
            raise
