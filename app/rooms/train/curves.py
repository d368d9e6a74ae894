"""The curves of a training, drawn in the browser so that they grow without a flicker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.kit.component import declare, pack

_curves = declare(__file__, "curves", front=("dom", "arrays"))


@dataclass(frozen=True, eq=False)
class Curve:
    """One chart: a line of points, and levels to compare it with."""

    title: str
    look: str  # what to look for
    x: np.ndarray  # (P,) steps
    y: np.ndarray  # (P,)
    colour: str
    digits: int  # decimals of a number of y
    levels: Sequence[tuple[str, float]] = ()  # name and y
    dots: bool = False  # each point was measured, none is a mean


def curves(charts: Sequence[Curve], *, last: int, words: dict[str, str], colours: dict, key: str = "curves") -> None:
    """Draw the charts side by side.

    Args:
        last: the step with which the training ends: the axis' end.
        words: "axis", "at" with {step} and {value}, "now" with {value}.
        colours: of the theme.
    """
    data = {
        "charts": [
            {
                "title": chart.title,
                "look": chart.look,
                "x": pack(chart.x.astype(np.float32)),
                "y": pack(chart.y.astype(np.float32)),
                "colour": chart.colour,
                "digits": chart.digits,
                "levels": [{"name": name, "y": y} for name, y in chart.levels],
                "dots": chart.dots,
            }
            for chart in charts
        ],
        "last": last,
        "words": words,
        "colours": colours,
    }
    _curves.draw(key, data)
