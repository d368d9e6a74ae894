"""From the last residual stream to a drawn token, and what the model would have said after every layer.

T tokens, N of them shown, V vocabulary, D width, L layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.sampling import narrowing
from model.trace import Trace

BEST = 5  # tokens of each cell of the lens


@dataclass(frozen=True)
class Cut:
    """What one step on the way to the draw leaves."""

    name: str
    probabilities: np.ndarray  # (V,), adding up to 1; 0 for what was cut here or before
    left: int  # candidates
    mass: float  # share of the probability before the first cut that they hold
    cut: int  # candidates cut by this step


def way(logits: np.ndarray, temperature: float, top_k: int, top_p: float, min_p: float) -> list[Cut]:
    """The steps from `logits` (V,) to the distribution that is drawn from: temperature, top-k, top-p, min-p."""
    steps = narrowing(logits, temperature, top_k, top_p, min_p)
    before, cuts = steps[0].size, []
    for name, probabilities in zip(("temperature", "top_k", "top_p", "min_p"), steps, strict=True):
        stays = probabilities > 0
        left = int(stays.sum())
        # Where nothing was cut it is all of it: a sum would say so only up to rounding.
        mass = 1.0 if left == np.count_nonzero(steps[0]) else float(steps[0][stays].sum())
        cuts.append(Cut(name, probabilities, left, mass, before - left))
        before = left
    return cuts


@dataclass(frozen=True)
class Throw:
    """A die's number in 0..1, and the stretch of the line from 0 to 1 that it fell on."""

    number: float
    token: int
    low: float
    high: float


def throw(probabilities: np.ndarray, number: float) -> Throw:
    """How `model.draw` draws: the tokens lie side by side in the order of their ids, each as wide as it is probable.

    Args:
        probabilities: (V,).
        number: what the generator that `model.draw` is given would say next, 0..1.
    """
    ends = np.cumsum(probabilities)
    ends /= ends[-1]
    token = int(ends.searchsorted(number, side="right"))
    return Throw(number, token, float(ends[token - 1]) if token else 0.0, float(ends[token]))


@dataclass(frozen=True)
class Stretch:
    """A piece of the line: one token, or neighbours that are too narrow to be seen."""

    token: int | None
    count: int
    low: float
    high: float


def stretches(probabilities: np.ndarray, fell_on: int, least: float = 0.004) -> list[Stretch]:
    """The line from 0 to 1 by token id; neighbours narrower than `least` become one, but never with `fell_on`."""
    ends = np.cumsum(probabilities)
    ends /= ends[-1]
    starts = np.concatenate([[0.0], ends[:-1]])
    made: list[Stretch] = []
    for token in np.flatnonzero(probabilities).tolist():
        low, high = float(starts[token]), float(ends[token])
        if probabilities[token] >= least or token == fell_on:
            made.append(Stretch(token, 1, low, high))
        elif made and made[-1].token is None:
            made[-1] = Stretch(None, made[-1].count + 1, made[-1].low, high)
        else:
            made.append(Stretch(None, 1, low, high))
    return made


def surprise(probabilities: np.ndarray) -> np.ndarray:
    """Bits, (n,): how much was learned when a token of that probability came; 0 where it was certain."""
    return np.maximum(0.0, -np.log2(np.maximum(probabilities, np.finfo(float).tiny)))


@dataclass(frozen=True)
class Lens:
    """The next token read off the residual stream after every layer, at N positions.

    Row 0 is the stream before the first layer, row i + 1 the one after layer i.
    """

    start: int  # the first position
    ids: np.ndarray  # (L + 1, N, 5) the most probable tokens, best first
    probabilities: np.ndarray  # (L + 1, N, 5)
    ranks: np.ndarray  # (L + 1, N) of the final answer, 1 where it is the best
    first: np.ndarray  # (N,) the first row in which the final answer is the best


def lens(trace: Trace, start: int, stop: int) -> Lens:
    """The lens at the positions `start` ... `stop` - 1, layer by layer, so that no (L, T, V) array is made.

    nostalgebraist 2020, "interpreting GPT: the logit lens": the final norm and the unembedding, applied early.
    """
    answers = trace.logits[start:stop].argmax(axis=1)  # (N,)
    here = np.arange(stop - start)
    ids, shares, ranks = [], [], []
    for stream in streams(trace):
        logits = trace.readout.logits(stream[start:stop])  # (N, V)
        best = np.argpartition(-logits, BEST, axis=1)[:, :BEST]
        values = np.take_along_axis(logits, best, axis=1)
        order = np.lexsort((best, -values))  # of equals the smaller id first
        best = np.take_along_axis(best, order, axis=1)
        top = logits.max(axis=1, keepdims=True)
        total = np.exp(logits - top).sum(axis=1, keepdims=True)
        ids.append(best.astype(np.int32))
        shares.append(np.exp(np.take_along_axis(values, order, axis=1) - top) / total)
        ranks.append((logits > logits[here, answers][:, None]).sum(axis=1) + 1)
    places = np.stack(ranks)
    return Lens(start, np.stack(ids), np.stack(shares), places, (places == 1).argmax(axis=0))


def streams(trace: Trace) -> list[np.ndarray]:
    """L + 1 residual streams (T, D): before the first layer, then after each."""
    after = [trace[f"blocks.{layer}.hook_resid_post"] for layer in range(trace.config.n_layers)]
    return [trace["blocks.0.hook_resid_pre"], *after]


@dataclass(frozen=True)
class Followed:
    """The tokens that were the best after any layer, at one position."""

    ids: list[int]  # n, in the order in which they led
    probabilities: np.ndarray  # (n, L + 1)


def followed(trace: Trace, position: int) -> Followed:
    """Every token that leads the lens in some row at `position`, and its probability in all rows."""
    logits = trace.readout.logits(np.stack([stream[position] for stream in streams(trace)]))  # (L + 1, V)
    ids = list(dict.fromkeys(logits.argmax(axis=1).tolist()))
    top = logits.max(axis=1, keepdims=True)
    total = np.exp(logits - top).sum(axis=1, keepdims=True)
    return Followed(ids, (np.exp(logits[:, ids] - top) / total).T)


def window(count: int, position: int, most: int) -> tuple[int, int]:
    """First and last-plus-one of at most `most` of `count` positions around `position`, moving by half windows.

    A click on a neighbour mostly keeps the window where it is.
    """
    if count <= most:
        return 0, count
    half = most // 2
    start = min(max(0, (position // half) * half - half // 2), count - most)
    return start, start + most


def thinned(count: int, most: int) -> np.ndarray:
    """At most `most` of the ranks 1 ... `count`, evenly on a logarithmic axis, both ends included."""
    return np.unique(np.rint(np.geomspace(1, count, min(most, count))).astype(int))


def texts(ids: np.ndarray, vocabulary: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """The distinct tokens among `ids` as shown to people, and `ids` as places in that list."""
    distinct, places = np.unique(ids, return_inverse=True)
    return [vocabulary[token] for token in distinct.tolist()], places.reshape(ids.shape)
