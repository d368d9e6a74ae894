"""Places at work that are handed on in the order of asking.

`threading.Semaphore` lets whoever gives a place back take it again before the one who waits has woken: somebody who
generates forty tokens, or trains, would keep everybody else out for as long as that takes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

import torch

LOOK_SECONDS = 0.2  # between two looks at whether the one who waits is still there


class Turns:
    """A context manager for any number of threads, of which as many as there are places are inside at a time."""

    def __init__(self, places: int, look: Callable[[], None], patience: float = float("inf")):
        """`places` at work.

        Args:
            look: called while waiting; what it raises ends the wait.
            patience: seconds after which one who waits goes in although there is no place.
        """
        self._places, self._look, self._patience = places, look, patience
        self._inside = 0
        self._waiting: deque[threading.Lock] = deque()
        self._lock = threading.Lock()

    @property
    def crowd(self) -> int:
        """How many are inside or wait."""
        return self._inside + len(self._waiting)

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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._inside -= 1
            while self._waiting and self._inside < self._places:
                self._inside += 1
                self._waiting.popleft().release()  # the place is taken before the next one has woken

    def _wait(self, mine: threading.Lock) -> None:
        until = time.monotonic() + self._patience
        try:
            while not mine.acquire(timeout=LOOK_SECONDS):
                self._look()
                if time.monotonic() > until and self._called_off(mine):
                    with self._lock:
                        self._inside += 1
                    return
        except BaseException:
            if not self._called_off(mine):
                self.__exit__(None, None, None)  # the place has just come, and is not wanted any more
            raise

    def _called_off(self, mine: threading.Lock) -> bool:
        """Whether one who waits still did, and does no more."""
        with self._lock:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True


class Forwards(Turns):
    """Turns for torch, each with as many of its threads as `threads` says."""

    def __init__(self, places: int, look: Callable[[], None], threads: Callable[[], int]):
        super().__init__(places, look)
        self._threads = threads

    def __enter__(self) -> None:
        super().__enter__()
        # Torch keeps this for each thread; the process's own number is what a new thread begins with.
        torch.set_num_threads(self._threads() if self.crowd == 1 else 1)


class Pages(Turns):
    """Turns for drawing pages, whose place is free for the next one during what takes long.

    Python runs one thread at a time: thirty pages drawn together are all as late as the last of them.
    """

    def __init__(self, places: int, look: Callable[[], None], patience: float):
        super().__init__(places, look, patience)
        self._own = threading.local()  # whether this thread has a place

    def __enter__(self) -> None:
        super().__enter__()
        self._own.inside = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._own.inside = False
        super().__exit__(kind, error, at)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Be outside for a while, for what takes long or waits for others.

        Coming back never waits: whoever does so may hold what one who is inside waits for.
        """
        if not getattr(self._own, "inside", False):
            yield
            return
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            with self._lock:
                self._inside += 1
            self._own.inside = True
