"""Milliseconds per token while a cache grows: one decoding step of each model at each length.

    python -m model.measure.speed

measures both twins of the storyteller family and writes assets/decode_speed.json, which the
app draws, and measures again on the reader's own machine.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import torch

from ..cache import Cache, make_cache
from ..files.catalog import MODELS, load
from ..language_model import LanguageModel

LENGTHS = (
    64,
    128,
    256,
    512,
    1024,
    2048,
    4096,
    8192,
)  # tokens held; beyond a model's context the time is true, the words are not
STEPS = 24  # fewer than between two lengths; of which the median counts: a shared machine's pauses do not
CHUNK = 256  # tokens read at once while a cache is filled
STORED = MODELS.parent / "decode_speed.json"


@dataclass(frozen=True)
class Point:
    """One model at one length."""

    model: str
    tokens: int  # in the cache before the step
    milliseconds: float  # median of one token's step
    nbytes: int  # held by the cache then


@dataclass(frozen=True)
class Measured:
    """A whole measurement, with where and when it was made."""

    machine: str
    date: str  # ISO
    points: list[Point]


def lengths(lms: Sequence[LanguageModel]) -> list[int]:
    """`LENGTHS` that all of `lms` can read: learned positions end with the context, rotated ones do not."""
    most = min((lm.config.context - STEPS for lm in lms if lm.config.positions == "learned"), default=LENGTHS[-1])
    return [length for length in LENGTHS if length <= most]


def measure(lms: Sequence[LanguageModel]) -> Iterator[Point]:
    """Time each of `lms` at each of `lengths`, in turns, on random tokens from a fixed seed."""
    caches = [make_cache(lm.config) for lm in lms]
    generator = torch.Generator().manual_seed(0)
    for length in lengths(lms):
        for lm, cache in zip(lms, caches, strict=True):
            tokens = torch.randint(lm.config.vocab_size, (1, length + STEPS), generator=generator)
            _read(lm, cache, tokens[:, cache.length : length])
            held = cache.nbytes
            yield Point(
                lm.name, length, round(1000 * statistics.median(_steps(lm, cache, tokens[:, length:])), 4), held
            )


@torch.inference_mode()
def _read(lm: LanguageModel, cache: Cache, tokens: torch.Tensor) -> None:
    for chunk in tokens.split(CHUNK, dim=1):
        lm.transformer(chunk, cache, last_only=True)


@torch.inference_mode()
def _steps(lm: LanguageModel, cache: Cache, tokens: torch.Tensor) -> list[float]:
    seconds = []
    for token in tokens.split(1, dim=1):
        began = time.perf_counter()
        lm.transformer(token, cache, last_only=True)
        seconds.append(time.perf_counter() - began)
    return seconds


def quicker_from(points: Sequence[Point], first: str, second: str) -> int | None:
    """Tokens held from which on the first model takes less time than the second, up to the last length; None: never."""
    times = {(point.model, point.tokens): point.milliseconds for point in points}
    since = None
    for tokens in sorted({point.tokens for point in points}, reverse=True):
        if times[first, tokens] >= times[second, tokens]:
            break
        since = tokens
    return since


def here(points: list[Point]) -> Measured:
    """`points`, made on this machine today."""
    return Measured(
        f"{_processor()}, {os.cpu_count()} cores, threads used: {torch.get_num_threads()}, PyTorch "
        f"{torch.__version__.split('+')[0]}, float32",
        date.today().isoformat(),
        points,
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []  # not Linux
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )


def stored() -> Measured | None:
    """The measurement that came with the project; None where there is none."""
    if not STORED.exists():
        return None
    held = json.loads(STORED.read_text(encoding="utf-8"))
    return Measured(held["machine"], held["date"], [Point(**point) for point in held["points"]])


def main() -> None:
    """Measure the twins, write the file."""
    parser = argparse.ArgumentParser(prog="python -m model.measure.speed", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--models", nargs="+", default=["storyteller", "storyteller-mha"], metavar="NAME", help="default: the twins"
    )
    args = parser.parse_args()
    lms = [load(name) for name in args.models]
    for lm in lms:
        _steps(
            lm, make_cache(lm.config), torch.zeros(1, STEPS, dtype=torch.long)
        )  # the first steps of a process are slow
    points = []
    for point in measure(lms):
        points.append(point)
        print(f"{point.model}: {point.tokens} tokens, {point.milliseconds:.2f} ms, {point.nbytes:,} B")
    STORED.write_text(json.dumps(asdict(here(points)), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
