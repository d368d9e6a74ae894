"""The running score, and how a word rose from layer to layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from app.kit.charts import Axis, Chart, Line, Mark, Points, Words
from app.kit.theme import Look

HEIGHT = 300  # px
NAMED = 8  # layers whose leading token is written


def score(
    tokens: Sequence[str],
    ours: np.ndarray,
    theirs: np.ndarray,
    names: Mapping[str, str],
    look: Look,
) -> Chart:
    """Bits of surprise, added up from token to token.

    Args:
        tokens: n, as shown to people.
        ours, theirs: (n,) bits of each token, of class and model.
        names: "ours", "theirs", "axis".

    Raises:
        ValueError: if the shapes do not fit.
    """
    if ours.shape != (len(tokens),) or theirs.shape != ours.shape:
        raise ValueError(f"{len(tokens)} tokens do not fit bits of shapes {ours.shape} and {theirs.shape}.")
    places = np.arange(len(tokens))
    marks: list[Mark] = []
    for values, name, colour in ((ours, "ours", look.query), (theirs, "theirs", look.own)):
        total = values.cumsum()
        texts = [f"{names[name]}, {token}: {value:.2f}" for token, value in zip(tokens, values, strict=True)]
        marks.append(Line(places, total, colour, name=names[name], size=9, texts=texts))
        marks.append(Words(int(places[-1]), float(total[-1]), f"{total[-1]:.1f}", look.ink))
    return Chart(look, marks, x=Axis(labels=tokens), y=Axis(title=names["axis"], low=0), height=HEIGHT)


def way(ranks: np.ndarray, best: Sequence[str], hovers: Sequence[str], names: Mapping[str, str], look: Look) -> Chart:
    """A word's rank by the lens in the input and after each layer, with the token that leads there beside it.

    Args:
        ranks: (L + 1,), 1 on top; drawn on a logarithmic axis.
        best: L + 1, the leading token as shown to people.
        hovers: L + 1, plain text.
        names: "input", "layer", "axis".

    Raises:
        ValueError: if the shapes do not fit.
    """
    if ranks.shape != (len(best),) or len(hovers) != len(best):
        raise ValueError(f"{len(best)} layers do not fit ranks of shape {ranks.shape}.")
    places = np.arange(len(best))
    first = ranks == 1
    marks: list[Mark] = [
        Line(places, ranks, look.own, size=10, texts=hovers),
        Points(places[first], ranks[first], look.accent, size=10, hover=""),
    ]
    every = -(-len(best) // NAMED)
    marks += [Words(i, float(ranks[i]), best[i], look.ink, side="above") for i in range(0, len(best), every)]
    layers = [names["input"], *map(str, range(len(best) - 1))]
    up = Axis(title=names["axis"], low=float(max(10, ranks.max())) * 1.2, high=0.8, log=True)
    return Chart(look, marks, x=Axis(title=names["layer"], labels=layers), y=up, height=HEIGHT)
