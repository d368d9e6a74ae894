"""What two models expect next, token by token."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.kit.charts import Chart, Words
from app.kit.figures import pairs_of_bars
from app.kit.numbers import percent_change
from app.kit.theme import Look


def predictions(
    tokens: Sequence[str], a: np.ndarray, b: np.ndarray, names: tuple[str, str], look: Look, *, x: str, height: int
) -> Chart:
    """Two bars for each token, and A − B in percentage points at their end.

    Args:
        tokens: n, as shown to people, the first on top.
        a, b: (n,) probabilities; NaN where a side's vocabulary has no such token.
        names: of the sides, for the legend.
        x: title of the axis.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if a.shape != (len(tokens),) or b.shape != a.shape:
        raise ValueError(f"{len(tokens)} tokens do not fit probabilities of shapes {a.shape} and {b.shape}.")
    words, numbers = [], []
    for place, (p, q) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        known = [value for value in (p, q) if np.isfinite(value)]
        if len(known) == 2:
            printed = percent_change(q, p)
            colour = {"±": look.faint, "+": look.query, "−": look.key}[printed.change[0]]
            text, strong = f"{printed.after} − {printed.before} =", printed.change
            numbers.append((f"{printed.after} %", f"{printed.before} %"))
        else:
            shown = [f"{100 * value:.1f}" if np.isfinite(value) else "–" for value in (p, q)]
            colour, text, strong = look.faint, " / ".join(shown), ""
            numbers.append((f"{shown[0]} %", f"{shown[1]} %"))
        words.append(Words(max(known), place, text, colour, strong=strong))
    texts = list(zip(*numbers, strict=True))
    return pairs_of_bars(tokens, (a, b), names, texts, (look.own, look.residual), words, look, x, height)
