"""How alike the vectors of two positions are."""

from __future__ import annotations

import numpy as np

from app.kit.charts import Axis, Chart, Line, Mark, Points
from app.kit.theme import Look

DOTTED = 64  # more tokens than this, and they have a line without dots


def alike(similarities: np.ndarray, position: int, last: int, look: Look, *, x: str, y: str) -> Chart:
    """The cosines between one position's vector and every other's, by position.

    Args:
        similarities: (C,).
        position: the one they are measured from.
        last: the prompt's last position: those up to it are drawn strongly.
        x, y: titles of the axes.

    Raises:
        ValueError: if a position lies outside.
    """
    count = len(similarities)
    if similarities.shape != (count,) or not 0 <= position < count or not 0 <= last < count:
        raise ValueError(f"positions {position} and {last} do not fit similarities of shape {similarities.shape}.")
    places = np.arange(count)
    rest, prompt, own = slice(last + 1, count), slice(0, last + 1), slice(position, position + 1)
    marks: list[Mark] = [
        Line(places[last:], similarities[last:], look.faint, width=2, hover=""),
        Line(places[rest], similarities[rest], look.faint, width=2),
        Line(places[prompt], similarities[prompt], look.own, size=7 if last < DOTTED else 0),
        Points(places[own], similarities[own], look.accent, size=14, hover=""),
    ]
    up = Axis(title=y, low=-1.05, high=1.08, ticks=(-1, -0.5, 0, 0.5, 1))
    return Chart(look, marks, x=Axis(title=x), y=up, height=300)
