"""From logits to the next token: temperature, top-k, top-p, and the draw.

Works on numpy over the whole vocabulary, so that a page can re-sample stored logits
without running the model.  V vocabulary.
"""

from __future__ import annotations

import math

import numpy as np

from .errors import BadInput


def distribution(
    logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """Probabilities (V,) float64, summing to 1, that the next token is drawn from.

    Args:
        logits: (V,).
        temperature: logits are divided by it; 0 leaves only the most probable token.
        top_k: keep the k most probable tokens; None or 0 keeps all.
        top_p: of those, keep the fewest that together reach this probability (nucleus
            sampling, Holtzman et al. 2020, arXiv 1904.09751); None or 1 keeps all.

    Raises:
        BadInput: for a negative temperature or top_k, or a top_p outside (0, 1].
    """
    if not (math.isfinite(temperature) and temperature >= 0):
        raise BadInput("bad_temperature", f"Temperature must be 0 or more, not {temperature}.", value=temperature)
    if top_k is not None and top_k < 0:
        raise BadInput("bad_top_k", f"Top-k must be 1 or more, not {top_k}; 0 keeps every token.", value=top_k)
    if top_p is not None and not 0 < top_p <= 1:
        raise BadInput("bad_top_p", f"Top-p must be above 0 and at most 1, not {top_p}.", value=top_p)
    logits = np.asarray(logits, dtype=np.float64)
    if temperature == 0:
        greedy = np.zeros(len(logits))
        greedy[logits.argmax()] = 1.0
        return greedy
    with np.errstate(over="ignore"):  # a tiny temperature sends all but the best to minus infinity, as it should
        weights = np.exp((logits - logits.max()) / temperature)
    if top_k and top_k < len(logits):
        # Ties at the edge are settled by the smaller id, so exactly k stay.
        weights[np.argsort(-weights, kind="stable")[top_k:]] = 0.0
    probabilities = weights / weights.sum()
    if top_p is not None and top_p < 1:
        order = np.argsort(-probabilities, kind="stable")
        reached = np.cumsum(probabilities[order])
        probabilities[order[np.searchsorted(reached, top_p) + 1 :]] = 0.0
        probabilities /= probabilities.sum()
    return probabilities


def draw(probabilities: np.ndarray, rng: np.random.Generator) -> int:
    """One token id, drawn with `probabilities` (V,) from the caller's own generator."""
    return int(rng.choice(len(probabilities), p=probabilities))


def rank(logits: np.ndarray, token: int) -> int:
    """How many tokens have a larger logit, plus one: 1 is the most probable. `logits` (V,)."""
    return int((logits > logits[token]).sum()) + 1
