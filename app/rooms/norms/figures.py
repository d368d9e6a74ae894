"""How long a token's vector is before and after each norm of the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.kit.charts import Axis, Chart, Line, Rule
from app.kit.theme import Look


def lengths(
    places: Sequence[str],
    before: np.ndarray,
    after: np.ndarray,
    names: tuple[str, str],
    look: Look,
    *,
    y: str,
    chosen: int,
) -> Chart:
    """Two lines over the norms in the order of the model.

    Args:
        places: n, plain text, each norm's name.
        before, after: (n,) lengths, drawn on a logarithmic axis.
        names: of the two lines.
        y: title of the axis.
        chosen: index of the norm that the page shows, which is marked.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if before.shape != (len(places),) or after.shape != before.shape:
        raise ValueError(f"{len(places)} norms do not fit lengths of shapes {before.shape} and {after.shape}.")
    at = np.arange(len(places))
    lines = [
        Line(at, values, colour, name=name, size=8)
        for name, values, colour in ((names[0], before, look.residual), (names[1], after, look.query))
    ]
    across = Axis(labels=places, marked=chosen)
    return Chart(look, [Rule(chosen, look.accent), *lines], x=across, y=Axis(title=y, log=True), height=300)
