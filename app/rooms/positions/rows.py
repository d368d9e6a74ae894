"""A matrix of signed numbers as coloured cells, with the number under the mouse written above."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from app.kit.component import declare, pack

_rows = declare(__file__, "rows", front=("dom", "arrays", "colour", "numbers"))


def rows(
    values: np.ndarray,
    places: tuple[np.ndarray, np.ndarray],
    labels: dict[str, str],
    *,
    scale: Sequence[tuple[float, str]],
    colours: dict[str, str],
    limit: float,
    selected: int,
    height: int,
    on_choose: Callable[[int], None] | None = None,
    key: str,
) -> None:
    """Draw a matrix, its first row on top.

    Args:
        values: (R, C) float.
        places: what rows and columns stand for: (R,) and (C,) whole numbers.
        labels: "group", "point", "tip" (with {row}, {column} and {value}), "rows" and "columns", plain text.
        scale: places 0..1 and their colours, "#RRGGBB"; zero is in the middle.
        colours: "accent", "faint", "ink" and "paper".
        limit: the scale runs from -limit to limit.
        selected: the place that is marked among the rows; not marked where the rows do not have it.
        height: px.
        on_choose: called with the place of a clicked row, before the next run.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if values.shape != (len(places[0]), len(places[1])):
        raise ValueError(f"{len(places[0])} rows and {len(places[1])} columns do not fit values {values.shape}.")
    data = {
        "values": pack(values.astype("<f4")),
        "rows": places[0].tolist(),
        "columns": places[1].tolist(),
        "labels": labels,
        "scale": [list(stop) for stop in scale],
        "colours": colours,
        "limit": limit,
        "selected": selected,
        "height": height,
        "choosable": on_choose is not None,
    }

    def chosen(value: int) -> None:
        if on_choose is not None:
            on_choose(int(value))

    _rows.draw(key, data, choose=chosen)
