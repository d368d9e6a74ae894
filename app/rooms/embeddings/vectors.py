"""Vectors as rows of coloured cells beside a table that says whose they are; hover and click in the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from app.kit.component import declare, pack

_vectors = declare(__file__, "vectors", front=("dom", "colour", "arrays", "events", "numbers"))


def vectors(
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    values: np.ndarray,
    labels: dict[str, str],
    *,
    scale: Sequence[tuple[float, str]],
    colours: dict[str, str],
    limit: float,
    selected: int,
    height: int,
    linked: bool = False,
    on_choose: Callable[[int], None] | None = None,
    key: str = "vectors",
) -> None:
    """Draw N vectors of width D, and the entries of one of them as numbers.

    Args:
        columns: heads of the table's columns; the column at index 1 is drawn as token chips.
        cells: N rows of plain text, one for each column.
        values: (N, D) float32.
        labels: "group", "dimension", "point" (said while nothing is hovered) and "numbers", plain text.
        scale: places 0..1 and their colours, "#RRGGBB"; zero is in the middle.
        colours: "accent", "paper" and "ink".
        limit: the scale runs from -limit to limit; what lies beyond has the colour of its end.
        selected: index of the row whose entries are written out; when it changes it is scrolled into view.
        height: px of the picture at most, or more on a tall screen; more rows scroll.
        linked: whether row i is token i of the prompt, and is marked with it on the whole page.
        on_choose: called with the index of a clicked row, before the next run.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if values.ndim != 2 or len(cells) != len(values) or any(len(row) != len(columns) for row in cells):
        raise ValueError(f"{len(cells)} rows of {len(columns)} cells do not fit values of shape {values.shape}.")

    def chosen(value: int) -> None:
        if on_choose is not None:
            on_choose(int(value))

    data = {
        "columns": list(columns),
        "cells": [list(row) for row in cells],
        "values": pack(values.astype("<f4", copy=False)),
        "width": values.shape[1],
        "scale": [list(stop) for stop in scale],
        "colours": colours,
        "labels": labels,
        "limit": limit,
        "selected": selected,
        "height": height,
        "linked": linked,
        "choosable": on_choose is not None,
    }
    _vectors.draw(key, data, choose=chosen)
