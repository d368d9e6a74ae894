"""Pictures that several rooms draw: probabilities in pairs of bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.kit.charts import Axis, Bars, Chart, Words
from app.kit.numbers import percent_change
from app.kit.theme import Look


def before_after(
    tokens: Sequence[str],
    before: np.ndarray,
    after: np.ndarray,
    names: tuple[str, str],
    look: Look,
    *,
    x: str,
    height: int,
) -> Chart:
    """Two bars for each token, and the change in percentage points at their end.

    Args:
        tokens: n, as shown to people, the first on top.
        before, after: (n,) probabilities.
        names: of the two, for the legend.
        x: title of the axis.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if before.shape != (len(tokens),) or after.shape != before.shape:
        raise ValueError(f"{len(tokens)} tokens do not fit probabilities of shapes {before.shape} and {after.shape}.")
    shares = [percent_change(p, q) for p, q in zip(before.tolist(), after.tolist(), strict=True)]
    words = [
        Words(
            max(p, q),
            place,
            f"{share.before} → {share.after} %",
            {"±": look.faint, "+": look.signed[-1][1], "−": look.signed[0][1]}[share.change[0]],
            strong=share.change,
        )
        for place, (p, q, share) in enumerate(zip(before.tolist(), after.tolist(), shares, strict=True))
    ]
    texts = [[f"{share.before} %" for share in shares], [f"{share.after} %" for share in shares]]
    return pairs_of_bars(tokens, (before, after), names, texts, (look.residual, look.own), words, look, x, height)


def pairs_of_bars(
    tokens: Sequence[str],
    pair: tuple[np.ndarray, np.ndarray],
    names: tuple[str, str],
    numbers: Sequence[Sequence[str]],
    colours: tuple[str, str],
    words: Sequence[Words],
    look: Look,
    x: str,
    height: int,
) -> Chart:
    """Two bars for each of n tokens, the first token on top.

    Args:
        pair: (n,) probabilities each; NaN where there is no bar.
        numbers: n texts for each of the two, for the mouse.
        words: at the bars' ends.
        x: title of the axis.
    """
    bars = [
        Bars(
            np.arange(len(tokens)),
            values,
            colour,
            name=name,
            slot=(place, 2),
            texts=[f"{token}: {name} {number}" for token, number in zip(tokens, texts, strict=True)],
        )
        for place, (values, name, texts, colour) in enumerate(zip(pair, names, numbers, colours, strict=True))
    ]
    most = max(0.05, float(np.nanmax(np.concatenate(pair))))
    across = Axis(title=x, low=0, high=most, form="percent")
    return Chart(look, [*bars, *words], x=across, y=Axis(labels=tokens), height=height, rows=True)
