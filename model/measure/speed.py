"""Milliseconds per token while a cache grows: one decoding step of each model at each length.

    python -m model.measure.speed

measures both twins of the storyteller family and writes assets/decode_speed.json, which the
app draws, and measures again on the reader's own machine.
"""

from __future__ import annotations

import argparse
import json
import math
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

# Tokens held; beyond a model's context the time is true, the words are not.
LENGTHS = (64, 128, 256, 512, 1024, 2048, 4096, 8192)
STEPS = 24  # at each length and of each model, fewer than between two lengths
WARM = 3  # steps that nothing times: the first of a process are slow
CHUNK = 256  # tokens read at once while a cache is filled
STORED = MODELS.parent / "decode_speed.json"


@dataclass(frozen=True)
class Point:
    """One model at one length."""

    model: str
    tokens: int  # in the cache before the step
    milliseconds: float  # median of one token's step
    nbytes: int  # held by the cache then
    low: float | None = None  # of the median's 95 % confidence interval, milliseconds; None: was not recorded
    high: float | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the median lies, as far as is known."""
        return (
            self.milliseconds if self.low is None else self.low,
            self.milliseconds if self.high is None else self.high,
        )


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


def measure(lms: Sequence[LanguageModel], seconds: float = math.inf) -> Iterator[tuple[float, list[Point]]]:
    """Time one token's step of each of `lms` at each of `lengths`, on random tokens from a fixed seed.

    The models take their steps in turns, so that what else the machine does slows all of them alike.

    Args:
        seconds: after these no step begins; a length that is not finished then is left out.

    Yields:
        After every piece of work the share that is done, 0 to 1, and the points of the lengths finished so far.
    """
    began, points = time.perf_counter(), list[Point]()
    caches = [make_cache(lm.config) for lm in lms]
    generator = torch.Generator().manual_seed(0)
    for lm in lms:
        _steps_of(lm, make_cache(lm.config), torch.zeros(1, WARM, dtype=torch.long))
    wanted = lengths(lms)
    work = len(lms) * (wanted[-1] // CHUNK) + len(wanted) * STEPS  # pieces, nearly
    done = 0
    for length in wanted:
        tokens = [torch.randint(lm.config.vocab_size, (1, length + STEPS), generator=generator) for lm in lms]
        for lm, cache, row in zip(lms, caches, tokens, strict=True):
            for part in row[:, cache.length : length].split(CHUNK, dim=1):
                if time.perf_counter() - began > seconds:
                    return
                _read(lm, cache, part)
                done += 1
                yield _share(done / work, began, seconds), points
        held = [cache.nbytes for cache in caches]
        times: list[list[float]] = [[] for _ in lms]
        for step in range(STEPS):
            if time.perf_counter() - began > seconds:
                return
            for lm, cache, row, taken in zip(lms, caches, tokens, times, strict=True):
                taken += _steps_of(lm, cache, row[:, length + step : length + step + 1])
            done += 1
            yield _share(done / work, began, seconds), points
        points = [
            *points,
            *(_point(lm.name, length, taken, nbytes) for lm, taken, nbytes in zip(lms, times, held, strict=True)),
        ]
        yield _share(done / work, began, seconds), points


def _share(work: float, began: float, seconds: float) -> float:
    return min(1.0, max(work, (time.perf_counter() - began) / seconds))


def _point(name: str, length: int, taken: Sequence[float], nbytes: int) -> Point:
    low, high = median_interval(taken)
    middle, low, high = (round(1000 * value, 4) for value in (statistics.median(taken), low, high))
    return Point(name, length, middle, nbytes, low, high)


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """Ends of the 95 % confidence interval of the median of `values`, by ranks alone.

    Whatever the distribution, so many of n values lie on either side of the median
    (Conover, Practical Nonparametric Statistics, 3rd edition, section 3.2).
    """
    ordered, n = sorted(values), len(values)
    half = 1.96 * math.sqrt(n) / 2
    return ordered[max(0, math.floor(n / 2 - half) - 1)], ordered[min(n - 1, math.ceil(n / 2 + half))]


@torch.inference_mode()
def _read(lm: LanguageModel, cache: Cache, tokens: torch.Tensor) -> None:
    lm.transformer(tokens, cache, last=1)


@torch.inference_mode()
def _steps_of(lm: LanguageModel, cache: Cache, tokens: torch.Tensor) -> list[float]:
    seconds = []
    for token in tokens.split(1, dim=1):
        began = time.perf_counter()
        lm.transformer(token, cache, last=1)
        seconds.append(time.perf_counter() - began)
    return seconds


def quicker_from(points: Sequence[Point], first: str, second: str) -> int | None:
    """Tokens held from which on the first model takes less time than the second, up to the last length; None: never.

    Less means that their intervals do not overlap.
    """
    pairs, since = _pairs(points, first, second), None
    for tokens, (one, other) in sorted(pairs.items(), reverse=True):
        if one.interval[1] >= other.interval[0]:
            break
        since = tokens
    return since


def undecided(points: Sequence[Point], first: str, second: str) -> list[int]:
    """Tokens held where the intervals of the two overlap: too noisy to tell which is quicker."""
    noisy = []
    for tokens, pair in sorted(_pairs(points, first, second).items()):
        lows, highs = zip(*(point.interval for point in pair), strict=True)
        if max(lows) <= min(highs):
            noisy.append(tokens)
    return noisy


def _pairs(points: Sequence[Point], first: str, second: str) -> dict[int, tuple[Point, Point]]:
    held = {(point.model, point.tokens): point for point in points}
    return {tokens: (held[first, tokens], held[second, tokens]) for _, tokens in held}


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
    points: list[Point] = []
    for _, found in measure(lms):
        for point in found[len(points) :]:
            print(
                f"{point.model}: {point.tokens} tokens, {point.milliseconds:.2f} ms "
                f"({point.interval[0]:.2f} to {point.interval[1]:.2f}), {point.nbytes:,} B"
            )
        points = found
    STORED.write_text(json.dumps(asdict(here(points)), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
