"""Finding heads with a job: the standard scores on repeated random tokens.

A sequence of random tokens, read twice, has no meaning: what a head looks at there is
its habit.  Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits";
Olsson et al. 2022, arXiv 2209.11895, section "Model analysis".

L layers, H heads, n length of the random part.
"""

from __future__ import annotations

import numpy as np

from ..language_model import LanguageModel
from ..trace import run_trace

LEAST_SCORE = 0.2  # of attention, for a head to be said to have a job: a few hundredths are chance


def head_scores(lm: LanguageModel, length: int = 60, sequences: int = 8, seed: int = 0) -> dict[str, np.ndarray]:
    """Mean attention, 0 to 1, that each head pays to the place its job names: name -> (L, H).

    "previous": the token before.  "induction": the token after the earlier occurrence of the
    present one, where the answer to "what came next last time?" stands.
    "first": the first token, where heads with nothing to do rest.
    """
    rng, length = np.random.default_rng(seed), min(length, lm.config.context // 2)
    shape = (lm.config.n_layers, lm.config.attention.n_heads)
    sums = {name: np.zeros(shape) for name in ("previous", "induction", "first")}
    ordinary = [token for token in range(lm.config.vocab_size) if token not in lm.tokenizer.end_ids]
    for _ in range(sequences):
        part = rng.choice(ordinary, length).tolist()
        trace = run_trace(lm, part + part, capture="light")
        second = np.arange(length, 2 * length)  # queries of the second time
        for layer in range(shape[0]):
            pattern = trace.pattern(layer)  # (H, T, T)
            sums["previous"][layer] += pattern[:, second, second - 1].mean(-1)
            sums["induction"][layer] += pattern[:, second, second - length + 1].mean(-1)
            sums["first"][layer] += pattern[:, second, 0].mean(-1)
    return {name: total / sequences for name, total in sums.items()}


def best_heads(scores: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """For each job the head that does it most: name -> {"layer", "head", "score"}."""
    found = {}
    for name, table in scores.items():
        layer, head = np.unravel_index(int(table.argmax()), table.shape)
        found[name] = {"layer": int(layer), "head": int(head), "score": round(float(table[layer, head]), 4)}
    return found


def found(lm: LanguageModel) -> dict[str, dict[str, float]]:
    """`best_heads` of a model that carries none in its record, from fewer sequences: a second or two."""
    return best_heads(head_scores(lm, length=40, sequences=4))
