"""What a model expected next, at one position and at all of them.

T tokens, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model import distribution


def ranks(logits: np.ndarray) -> np.ndarray:
    """(V,) int: each token's place by logit, 1 the most probable; equal logits share a place. `logits` (V,)."""
    ascending = np.sort(logits)
    return len(logits) - np.searchsorted(ascending, logits, side="right") + 1


def most_probable(logits: np.ndarray, count: int, among: np.ndarray | None = None) -> np.ndarray:
    """Ids of the `count` largest logits, best first; of equal ones the smaller id.

    Args:
        logits: (V,).
        among: (V,) bool, the tokens to choose from; None for all.
    """
    ids = np.arange(len(logits)) if among is None else np.flatnonzero(among)
    return ids[np.argsort(-logits[ids], kind="stable")[:count]]


def foreseen(logits: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How well each token was expected by the position before it.

    Args:
        logits: (T, V); row t scores every candidate for token t + 1.
        ids: (T,).

    Returns:
        Probability and rank of each of the tokens 1 ... T - 1, both (T - 1,).
    """
    rows = np.arange(len(ids) - 1)
    scored = logits[:-1]
    real = scored[rows, ids[1:]]
    highest = scored.max(axis=1, initial=-np.inf)
    # Row by row, so that no second (T, V) array is made.
    total = np.array([np.exp(row - top).sum(dtype=np.float64) for row, top in zip(scored, highest, strict=True)])
    probabilities = np.exp(real.astype(np.float64) - highest) / total
    places = np.array([(row > value).sum() + 1 for row, value in zip(scored, real, strict=True)], dtype=int)
    return probabilities, places


@dataclass(frozen=True)
class Difference:
    """Two predictions of one next token."""

    ids: np.ndarray  # (n,) the most probable tokens of either
    before: np.ndarray  # (n,) probabilities
    after: np.ndarray  # (n,)
    bits: float  # Kullback-Leibler divergence of the second from the first


def difference(before: np.ndarray, after: np.ndarray, count: int = 8) -> Difference:
    """Compare two predictions, given as logits (V,) each, on the `count` tokens most probable in either."""
    p, q = distribution(before), distribution(after)
    best = np.argsort(-np.maximum(p, q), kind="stable")[:count]
    ids = best[np.argsort(-p[best], kind="stable")]
    seen = p > 0
    bits = float((p[seen] * (np.log2(p[seen]) - np.log2(np.maximum(q[seen], np.finfo(float).tiny)))).sum())
    return Difference(ids, p[ids], q[ids], bits)
