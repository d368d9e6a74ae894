"""How well each token was expected, what sampling leaves of a vocabulary, and how tokens rise from layer to layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.kit.charts import Axis, Bars, Chart, Line, Mark, Rule, Words
from app.kit.theme import Look

QUARTERS = (0, 0.25, 0.5, 0.75, 1)


def foreseen(
    tokens: Sequence[str],
    probabilities: np.ndarray,
    hovers: Sequence[str],
    look: Look,
    *,
    y: str,
    chosen: int | None = None,
) -> Chart:
    """One bar for each token after the first: the probability the model gave it beforehand.

    Args:
        tokens: the T tokens as shown.
        probabilities: (T - 1,) of the tokens 1 ... T - 1, in 0..1.
        hovers: T - 1 plain texts, one for each bar.
        y: title of the axis, plain text.
        chosen: index in the prompt of a token to mark.

    Raises:
        ValueError: if the lengths do not fit.
    """
    count = len(tokens) - 1
    if probabilities.shape != (count,) or len(hovers) != count:
        raise ValueError(
            f"{len(tokens)} tokens need {count} probabilities and hover texts, "
            f"not {probabilities.shape} and {len(hovers)}."
        )
    marked = chosen - 1 if chosen else None
    colours = [look.accent if i == marked else look.attention for i in range(count)]
    return Chart(
        look,
        [Bars(np.arange(count), probabilities, colours, texts=hovers)],
        x=Axis(labels=tokens[1:], marked=marked, first=1),
        y=Axis(title=y, low=0, high=1.02, form="percent", ticks=QUARTERS),
        height=320,
    )


def curve(
    ranks: np.ndarray,
    own: np.ndarray,
    tempered: np.ndarray,
    edges: Sequence[tuple[int, str]],
    names: tuple[str, str],
    look: Look,
    *,
    x: str,
    y: str,
) -> Chart:
    """The whole vocabulary by rank on logarithmic axes, before and after temperature, and where each step cut it off.

    Args:
        ranks: (n,) from 1 on.
        own, tempered: (n,) probabilities of the tokens of these ranks.
        edges: the last rank that a step left, and words for its line.
        names: of the two curves.
        x, y: titles of the axes.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if own.shape != ranks.shape or tempered.shape != ranks.shape:
        raise ValueError(f"{ranks.shape} ranks do not fit probabilities of shapes {own.shape} and {tempered.shape}.")
    size = 0 if len(ranks) > 1 else 8
    marks: list[Mark] = [
        Line(ranks, own, look.own, name=names[0], size=size),
        Line(ranks, tempered, look.drawn, name=names[1], dash="8 5", size=size),
    ]
    marks += [Rule(last, look.accent, words) for last, words in edges]
    return Chart(look, marks, x=Axis(title=x, log=True), y=Axis(title=y, log=True), height=330)


def followed(
    tokens: Sequence[str],
    probabilities: np.ndarray,
    rows: Sequence[str],
    hovers: Sequence[Sequence[str]],
    look: Look,
    *,
    y: str,
) -> Chart:
    """A line for each token: its probability in every row of the lens, with its name where it is highest.

    Args:
        tokens: n, as shown to people.
        probabilities: (n, R).
        rows: R names of the layers.
        hovers: n times R plain texts.
        y: title of the axis.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if probabilities.shape != (len(tokens), len(rows)):
        raise ValueError(f"{len(tokens)} tokens and {len(rows)} rows do not fit {probabilities.shape}.")
    marks: list[Mark] = []
    names: list[Mark] = []
    for place, (token, shares) in enumerate(zip(tokens, probabilities, strict=True)):
        last = place == len(tokens) - 1  # the one that leads at the end
        colour = look.own if last else look.experts[place % len(look.experts)]
        width = 5 if last else 2.5
        marks.append(Line(np.arange(len(rows)), shares, colour, width=width, size=9, texts=hovers[place]))
        peak = int(shares.argmax())
        names.append(Words(peak, float(shares[peak]), token, colour, side="above"))
    up = Axis(title=y, low=0, high=1.02, form="percent", ticks=QUARTERS)
    return Chart(look, [*marks, *names], x=Axis(labels=rows), y=up, height=360)
