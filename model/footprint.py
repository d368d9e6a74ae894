"""What this machine has free, and what a trace or a model will take of it: asked before it is taken."""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch

from .capture import Recorder, recording
from .errors import BadInput

if TYPE_CHECKING:
    from .language_model import LanguageModel
    from .transformer import Transformer

KEPT = 2**28  # bytes that a program that traces may keep free for the next trace
MOST_KEPT = 2**31 - 1  # the largest that the C library takes
_PROBES = (5, 7)  # tokens of two short runs: what grows between them grows with the prompt
_growth: WeakKeyDictionary[Transformer, dict[str, tuple[int, int]]] = WeakKeyDictionary()  # probed once a model
_PASSING = 1.3  # what a run takes for a while beside what it keeps: measured 1.2 to 1.3 on SmolLM2 of 1,024 tokens


def free_bytes() -> int | None:
    """Memory that a program may still take, in bytes; None where this system does not say.

    Linux: what is available without swapping, or what is left of the limit of the container if that is less.
    """
    if sys.platform != "linux":
        return None
    said = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if ":" in line)
    free = int(said["MemAvailable"].split()[0]) * 1024
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (group / name for name in ("memory.max", "memory.current"))
        return min(free, int(limit.read_text()) - int(used.read_text()))
    except (OSError, ValueError):  # no such limit, or "max"
        return free


@cache
def keep_memory(nbytes: int = KEPT) -> None:
    """Ask the C library, where it is glibc, to keep up to `nbytes` that were freed for what comes next.

    The arrays of a trace are large and soon replaced by the next one's: fresh pages for each cost a tenth
    of a forward's time, and a fifth of a training step's.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if library is not None and hasattr(library, "mallopt"):
        trim_threshold, top_pad, mmap_threshold = -1, -2, -3  # malloc.h
        for parameter, value in ((trim_threshold, nbytes), (top_pad, nbytes // 8), (mmap_threshold, MOST_KEPT)):
            library.mallopt(parameter, value)


def gigabytes(count: int) -> str:
    """Bytes for people: "1.35 GB" (1 GB = 1000^3 B)."""
    return f"{count / 1000**3:,.2f} GB" if count >= 10**7 else f"{count / 1000**2:,.2f} MB"


def trace_bytes(lm: LanguageModel, ids: list[int], wants: Callable[[str], bool]) -> dict[str, int]:
    """Bytes that a trace of `ids` will hold at each hook that `wants` asks for."""
    if lm.transformer not in _growth:
        _growth[lm.transformer] = _probe(lm)
    T = len(ids)
    return {
        name: nbytes * T**sides
        for name, (nbytes, sides) in _growth[lm.transformer].items()
        if name == "logits" or wants(name)
    }


def _probe(lm: LanguageModel) -> dict[str, tuple[int, int]]:
    """Of each hook's array the bytes where one token is read, and how many of its sides grow with the prompt.

    Not by formula: two runs of a few tokens show it.
    """
    found = []
    for tokens in _PROBES:
        recorder = Recorder(lambda name: True)
        with torch.inference_mode(), recording(recorder):
            lm.transformer(torch.zeros(1, tokens, dtype=torch.long))
        found.append(recorder.tensors)
    few, more = found
    growth = {}
    for name, tensor in few.items():
        grows = [side != later for side, later in zip(tensor.shape, more[name].shape, strict=True)]
        fixed = math.prod(side for side, growing in zip(tensor.shape, grows, strict=True) if not growing)
        growth[name] = tensor.element_size() * fixed, sum(grows)
    return growth


def require_memory(needed: int, what: str, advice: str, passing: float = _PASSING) -> None:
    """Refuse `what`, which will hold `needed` bytes (and `passing` times as many for a while), if it does not fit.

    Raises:
        BadInput: "no_memory", with both numbers and `advice`.
    """
    free = free_bytes()
    if free is not None and needed * passing > free:
        takes, left = gigabytes(int(needed * passing)), gigabytes(max(free, 0))
        raise BadInput(
            "no_memory",
            f"{what} takes {takes} of memory, and {left} are free on this machine: {advice}.",
            needed=takes,
            free=left,
        )
