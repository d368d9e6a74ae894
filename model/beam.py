"""Beam search: instead of one token at a time, the sentences that are most probable as a whole.

W width, V vocabulary.  Every live beam reads its own tokens: one forward a step, the beams as a batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from .cache import make_cache
from .errors import BadInput
from .language_model import LanguageModel
from .rope import switches


@dataclass(frozen=True)
class Branch:
    """One continuation that was considered: a token after another branch, or after the prompt."""

    parent: int | None  # index among the step's parents, the `kept` ones of the step before; None after the prompt
    id: int
    log_probability: float  # of this token after its parent, natural logarithm
    total: float  # of the whole continuation: the sum of its tokens'
    ids: tuple[int, ...]  # the whole continuation
    kept: bool  # among the W best, so that the search goes on from it
    ended: bool  # an end-of-text token: nothing follows


def beam_search(lm: LanguageModel, ids: list[int], *, width: int, steps: int) -> Iterator[tuple[Branch, ...]]:
    """Search for the continuations of `ids` with the largest probability, one step at a time.

    Each step yields at most 2 W branches, the best first: the W kept ones, and the best of those it drops
    (of 2 W candidates at least W do not end the text, so the search never runs dry).  A continuation
    that has ended stays among the candidates with the total that it has.

    Args:
        ids: the prompt's tokens.
        width: W, 1 or more; 1 is greedy.
        steps: tokens of the longest continuation; fewer where the context is full or all beams have ended.

    Raises:
        BadInput: for a width below 1.
    """
    if width < 1:
        raise BadInput("bad_beam_width", f"The width of a beam search must be 1 or more, not {width}.", value=width)
    return _search(lm, list(ids), width, min(steps, lm.config.context - len(ids)))


def _search(lm: LanguageModel, ids: list[int], width: int, steps: int) -> Iterator[tuple[Branch, ...]]:
    cache = make_cache(lm.config)
    kept: list[Branch] = []
    unread = torch.tensor([ids])  # (B, T)
    for step in range(steps):
        with torch.inference_mode():
            logits = lm.transformer(unread, cache, last=1)[:, -1].float()  # (B, V)
            scored = logits.log_softmax(-1).numpy()
        live = [place for place, branch in enumerate(kept) if not branch.ended]  # the batch's rows, in this order
        candidates = [
            Branch(place, branch.id, branch.log_probability, branch.total, branch.ids, False, True)
            for place, branch in enumerate(kept)
            if branch.ended
        ]
        for row, place in enumerate(live if step else [None]):
            start, path = (0.0, ()) if place is None else (kept[place].total, kept[place].ids)
            for token in _best(scored[row], 2 * width):
                gain = float(scored[row, token])
                ended = token in lm.tokenizer.end_ids
                candidates.append(Branch(place, token, gain, start + gain, (*path, token), False, ended))
        best = sorted(candidates, key=lambda branch: -branch.total)[: 2 * width]
        branches = tuple(
            Branch(b.parent, b.id, b.log_probability, b.total, b.ids, place < width, b.ended)
            for place, b in enumerate(best)
        )
        yield branches
        rows = {place: row for row, place in enumerate(live)}
        kept = list(branches[:width])
        going = [branch for branch in kept if not branch.ended]
        if not going:
            return
        # Each live beam goes on from its parent's row of the batch; after the prompt there is one row.
        cache.select(torch.tensor([0 if branch.parent is None else rows[branch.parent] for branch in going]))
        unread = torch.tensor([[branch.id] for branch in going])
        if switches(lm.config, cache.length, cache.length + 1):
            cache, unread = make_cache(lm.config), torch.tensor([[*ids, *branch.ids] for branch in going])


def _best(scores: np.ndarray, count: int) -> list[int]:
    """Ids of the `count` largest of `scores` (V,), best first; of equals the smaller id."""
    return np.argsort(-scores, kind="stable")[:count].tolist()
