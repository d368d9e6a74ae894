"""What the what-if page computes from two predictions (V vocabulary), and which tokens it draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import distribution

WINDOW = 24  # tokens whose cells can still be clicked


@dataclass(frozen=True)
class Effect:
    """What became of the token that was most probable."""

    token: int  # id
    before: float  # its probabilities
    after: float
    now: int  # id of the most probable token afterwards
    now_before: float  # its probabilities
    now_after: float


def effect(before: np.ndarray, after: np.ndarray) -> Effect:
    """Of two predictions, logits (V,) each."""
    p, q = distribution(before), distribution(after)
    best, now = int(p.argmax()), int(q.argmax())
    return Effect(best, float(p[best]), float(q[best]), now, float(p[now]), float(q[now]))


def window(position: int, count: int, most: int = WINDOW) -> slice:
    """The tokens that are drawn: all of `count`, or the `most` around `position`."""
    first = min(max(0, position - most // 2), max(0, count - most))
    return slice(first, min(count, first + most))
