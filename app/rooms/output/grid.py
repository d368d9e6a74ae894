"""The lens as a grid of words: a row for each layer, a column for each position."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from app.kit.component import declare, pack
from app.rooms.output.analysis import Lens

_grid = declare(__file__, "grid", front=("dom", "arrays", "colour", "events", "numbers"))


def grid(
    lens: Lens,
    words: Sequence[str],
    places: np.ndarray,
    columns: Sequence[str],
    rows: Sequence[str],
    labels: dict[str, str],
    *,
    scale: Sequence[tuple[float, str]],
    colours: dict[str, str],
    selected: int,
    height: int,
    on_choose: Callable[[int], None],
    key: str = "lens_grid",
) -> None:
    """Draw the grid, the first row of `lens` at the bottom.

    Args:
        words: the distinct tokens of the grid, as shown to people.
        places: (L + 1, N, 5) into `words`.
        columns: N tokens of the prompt, as shown.
        rows: L + 1 names of the layers.
        labels: "group", "point", "words", "ranks", "low", "high", "tip" (with {row}, {token}, {position} and
            {rank}) and "first", plain text.
        scale: places 0..1 and their colours, "#RRGGBB".
        colours: "accent", "faint", "paper", "ink" and "value".
        selected: index of the chosen column.
        height: px of the grid at most, or more on a tall screen; more rows scroll.
        on_choose: called with the position of a clicked column, before the next run.

    Raises:
        ValueError: if the shapes do not fit.
    """
    shape = (len(rows), len(columns))
    if lens.ranks.shape != shape or places.shape[:2] != shape or lens.probabilities.shape != places.shape:
        raise ValueError(f"{len(rows)} rows and {len(columns)} columns do not fit {lens.ranks.shape}, {places.shape}.")
    data = {
        "words": list(words),
        "places": pack(places.astype("<u2")),
        "probabilities": pack(lens.probabilities.astype("<f4")),
        "ranks": pack(lens.ranks.astype("<f4")),
        "first": lens.first.tolist(),
        "best": places.shape[2],
        "start": lens.start,
        "columns": list(columns),
        "rows": list(rows),
        "labels": labels,
        "scale": [list(stop) for stop in scale],
        "colours": colours,
        "selected": selected,
        "height": height,
    }
    _grid.draw(key, data, choose=lambda value: on_choose(int(value)))
