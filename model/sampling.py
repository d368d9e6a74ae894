"""From logits to the next token: temperature, top-k, top-p, min-p, and the draw.

Works on numpy over the whole vocabulary, so that a page can re-sample stored logits
without running the model.  V vocabulary.
"""

from __future__ import annotations

import math

import numpy as np

from .errors import BadInput


def distribution(
    logits: np.ndarray,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> np.ndarray:
    """Probabilities (V,) float64, summing to 1, that the next token is drawn from.

    Args:
        logits: (V,).
        temperature: logits are divided by it; 0 leaves only the most probable token.
        top_k: keep the k most probable tokens; None or 0 keeps all.
        top_p: of those, keep the fewest that together reach this probability (nucleus
            sampling, Holtzman et al. 2020, arXiv 1904.09751); None or 1 keeps all.
        min_p: of those, keep the tokens that are at least this share as probable as the best one
            (Nguyen et al. 2024, arXiv 2407.01082); None or 0 keeps all.

    Raises:
        BadInput: for a negative temperature or top_k, a top_p outside (0, 1], a min_p outside [0, 1].
    """
    return narrowing(logits, temperature, top_k, top_p, min_p)[-1]


def narrowing(
    logits: np.ndarray,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_p: float | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The way to `distribution`: the probabilities (V,) after temperature, top-k, top-p and min-p.

    Each sums to 1; what a step cuts is 0 from there on.  Arguments and errors as for `distribution`.
    """
    if not (math.isfinite(temperature) and temperature >= 0):
        raise BadInput("bad_temperature", f"Temperature must be 0 or more, not {temperature}.", value=temperature)
    if top_k is not None and top_k < 0:
        raise BadInput("bad_top_k", f"Top-k must be 1 or more, not {top_k}; 0 keeps every token.", value=top_k)
    if top_p is not None and not 0 < top_p <= 1:
        raise BadInput("bad_top_p", f"Top-p must be above 0 and at most 1, not {top_p}.", value=top_p)
    if min_p is not None and not 0 <= min_p <= 1:
        raise BadInput("bad_min_p", f"Min-p must be from 0 to 1, not {min_p}; 0 keeps every token.", value=min_p)
    tempered = _tempered(np.asarray(logits, dtype=np.float64), temperature)
    of_best_k = _best(tempered, top_k) if top_k and top_k < len(tempered) else tempered
    of_nucleus = _nucleus(of_best_k, top_p) if top_p is not None and top_p < 1 else of_best_k
    likely = _keep(of_nucleus, of_nucleus >= min_p * of_nucleus.max()) if min_p else of_nucleus
    return tempered, of_best_k, of_nucleus, likely


def _tempered(logits: np.ndarray, temperature: float) -> np.ndarray:
    if temperature == 0:
        certain = np.zeros(len(logits))
        certain[logits.argmax()] = 1.0
        return certain
    with np.errstate(over="ignore"):  # a tiny temperature sends all but the best to minus infinity, as it should
        weights = np.exp((logits - logits.max()) / temperature)
    return weights / weights.sum()


def _best(probabilities: np.ndarray, count: int) -> np.ndarray:
    # Ties at the edge are settled by the smaller id, so exactly `count` stay.
    stays = np.zeros(len(probabilities), dtype=bool)
    stays[np.argsort(-probabilities, kind="stable")[:count]] = True
    return _keep(probabilities, stays)


def _nucleus(probabilities: np.ndarray, reach: float) -> np.ndarray:
    order = np.argsort(-probabilities, kind="stable")
    stays = np.zeros(len(probabilities), dtype=bool)
    stays[order[: np.searchsorted(np.cumsum(probabilities[order]), reach) + 1]] = True
    return _keep(probabilities, stays)


def _keep(probabilities: np.ndarray, stays: np.ndarray) -> np.ndarray:
    kept = np.where(stays, probabilities, 0.0)
    return kept / kept.sum()


def draw(probabilities: np.ndarray, rng: np.random.Generator) -> int:
    """One token id, drawn with `probabilities` (V,) from the caller's own generator."""
    return int(rng.choice(len(probabilities), p=probabilities))


def rank(logits: np.ndarray, token: int) -> int:
    """How many tokens have a larger logit, plus one: 1 is the most probable. `logits` (V,)."""
    return int((logits > logits[token]).sum()) + 1
