"""A table of vectors and numbers: rows of names, bars and strips, a cell of a strip for each entry of a vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.kit.component import declare, pack
from app.kit.theme import Look

_table = declare(__file__, "table", front=("dom", "colour", "arrays"))


@dataclass(frozen=True)
class Column:
    """One column.

    kind: "name", "token" (a chip in the colour of `role`), "number" (text), "bar" (from 0 on), "signed" (a bar from
    the middle) or "strip" (the row of `strips` with the row's index).  Bars and strips of one role share
    a scale, which is centred on 0.
    """

    title: str
    kind: str
    role: str = "attention"  # colour of chips and bars
    strips: np.ndarray | None = field(default=None, repr=False)  # (rows, width)
    every: int = 0  # entries between lines that divide a strip; 0: no lines


@dataclass(frozen=True)
class Row:
    """One row: a cell for each column, None for an empty one; text, or (number, text) for bars, or an index."""

    cells: Sequence[str | int | tuple[float, str] | None]
    choose: int | None = None  # what a click tells
    kind: str = ""  # "total" for sums, "group" for the first row of a group, "chosen"


def table(
    columns: Sequence[Column],
    rows: Sequence[Row],
    look: Look,
    *,
    labels: dict[str, str],
    key: str,
    on_choose: Callable[[int], None] = lambda _: None,
) -> None:
    """Draw the table.

    Args:
        labels: "entry", with {row}, {entry} and {value}, said of the entry under the mouse; "look" before that.
        on_choose: called with the `choose` of a row that was clicked.
    """
    data = {
        "columns": [
            {
                "title": column.title,
                "kind": column.kind,
                "role": column.role,
                "every": column.every,
                "width": 0 if column.strips is None else column.strips.shape[1],
                "strips": None if column.strips is None else pack(column.strips.astype(np.float32)),
            }
            for column in columns
        ],
        "rows": [{"cells": list(row.cells), "choose": row.choose, "kind": row.kind} for row in rows],
        "labels": labels,
        "colours": {
            **{name: getattr(look, name) for name in ("paper", "ink", "faint", "query", "key", "value", "attention")},
            "frame": look.grid,
            "negative": look.signed[1][1],
            "positive": look.signed[3][1],
            "signed": look.signed,
        },
    }
    _table.draw(key, data, choose=lambda value: on_choose(int(value)))
