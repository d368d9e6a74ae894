"""Numbers as files: a matrix as CSV or .npy, and names that every system takes."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Matrix:
    """Numbers that a page shows, with what its rows and columns are."""

    values: np.ndarray  # (R, C) or (n,), as computed: NaN or minus infinity where there is no number
    rows: Sequence[str] = ()  # names, such as tokens; none: counted from 0
    columns: Sequence[str] = ()
    probability: bool = False  # drawn on the scale of 0..1, else on the signed one

    @property
    def table(self) -> np.ndarray:
        """(R, C): a vector is one column."""
        return self.values if self.values.ndim == 2 else self.values[:, None]


def file_stem(*parts: str) -> str:
    """A file name of these parts that every system takes: letters, digits and dashes."""
    return "-".join(filter(None, (re.sub(r"[^\w]+", "-", part.split("/")[-1]).strip("-") for part in parts)))


def as_csv(matrix: Matrix) -> str:
    """A line of column names, then a line for each row, its name first; every digit of a number, nothing where none is.

    Repeated names, such as a token that comes twice, stay as they are: lines and columns are in order.
    """
    table = matrix.table
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = list(matrix.columns) or [str(column) for column in range(table.shape[1])]
    writer.writerow(["", *columns])
    for row, values in enumerate(table):
        name = matrix.rows[row] if len(matrix.rows) else str(row)
        writer.writerow([name, *("" if np.isnan(value) else str(value) for value in values)])
    return text.getvalue()


def as_npy(matrix: Matrix) -> bytes:
    """The array as it is: `numpy.load` reads it."""
    data = io.BytesIO()
    np.save(data, np.ascontiguousarray(matrix.values), allow_pickle=False)
    return data.getvalue()
