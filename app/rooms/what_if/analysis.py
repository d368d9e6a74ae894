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
    now_probability: float

    @property
    def direction(self) -> str:
        """ "falls", "rises" or "stays": to the tenth of a percentage point, as printed."""
        change = round(1000 * self.after) - round(1000 * self.before)
        return "stays" if change == 0 else "rises" if change > 0 else "falls"


def effect(before: np.ndarray, after: np.ndarray) -> Effect:
    """Of two predictions, logits (V,) each."""
    p, q = distribution(before), distribution(after)
    best, now = int(p.argmax()), int(q.argmax())
    return Effect(best, float(p[best]), float(q[best]), now, float(q[now]))


def window(position: int, count: int, most: int = WINDOW) -> slice:
    """The tokens that are drawn: all of `count`, or the `most` around `position`."""
    first = min(max(0, position - most // 2), max(0, count - most))
    return slice(first, min(count, first + most))
