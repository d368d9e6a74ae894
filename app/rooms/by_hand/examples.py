"""The numbers to calculate with: small examples, and what a reader has changed in one.

T = 4 tokens, D width, H heads, Dh head width; H Dh = D.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app.rooms.by_hand.words import EXAMPLES
from model.measure.worked import Worked, work

LIMIT = 99.0  # more than that nobody multiplies by hand
LETTERS = ("x", "q", "k", "v", "o")  # X, W_Q, W_K, W_V, W_O


@dataclass(frozen=True, eq=False)
class Example:
    """The input and the weights, float64 with at most two decimals."""

    x: np.ndarray  # (T, D)
    q: np.ndarray  # (D, H Dh), as are k and v
    k: np.ndarray
    v: np.ndarray
    o: np.ndarray  # (H Dh, D)
    heads: int = 1
    scaling: bool = True

    @property
    def width(self) -> int:
        """Dh."""
        return self.q.shape[1] // self.heads

    def work(self) -> Worked:
        """All steps, by the model's own code."""
        return work(self.x, self.q, self.k, self.v, self.o, heads=self.heads, scaling=self.scaling)


def _rows(*rows: str) -> np.ndarray:
    return np.array([[float(number) for number in row.split()] for row in rows])


_ONE = np.eye(3)
_MIXED = _rows("1 0 2", "0 2 1", "2 1 0", "1 1 1")
_SATURATED = Example(_MIXED, np.diag([4.0, 1.0, 0.0]), _ONE, _ONE, _ONE, scaling=False)
_SWAP = _rows("0 0 1 0", "0 0 0 1", "1 0 0 0", "0 1 0 0")

_BY_NAME = {
    "plain": Example(
        x=_rows("1 0 1", "0 2 0", "1 1 0", "0 1 1"),
        q=_rows("1 0 1", "0 1 0", "1 0 0"),
        k=_rows("0 1 0", "1 0 1", "1 1 0"),
        v=_rows("2 0 1", "0 1 0", "1 0 3"),
        o=_ONE,
    ),
    "identity": Example(_rows("1 0 0", "0 2 0", "1 1 0", "0 1 2"), _ONE, _ONE, _ONE, _ONE),
    # Columns 1 and 2 of X turn by 90 degrees from token to token; W_Q turns back by one step. Column 3 is the content.
    "previous": Example(
        x=_rows("1 0 5", "0 1 2", "-1 0 7", "0 -1 4"),
        q=_rows("0 -6 0", "6 0 0", "0 0 0"),
        k=np.diag([1.0, 1.0, 0.0]),
        v=np.diag([0.0, 0.0, 1.0]),
        o=_ONE,
    ),
    "saturated": _SATURATED,
    "calm": replace(_SATURATED, scaling=True),
    # Head 1 looks one back by columns 1 and 2 (as "previous"), head 2 for equal content in columns 3 and 4.
    "heads": Example(
        x=_rows("1 0 1 0", "0 1 0 1", "-1 0 1 0", "0 -1 0 1"),
        q=_rows("0 -6 0 0", "6 0 0 0", "0 0 4 0", "0 0 0 4"),
        k=np.eye(4),
        v=_SWAP,
        o=_SWAP,
        heads=2,
    ),
}
assert tuple(_BY_NAME) == EXAMPLES


def example(name: str, edit: str = "") -> Example:
    """The example `name` with the changes of the address word `edit`; cells that it does not have are left out."""
    base = _BY_NAME[name]
    changed = {letter: getattr(base, letter).copy() for letter in LETTERS}
    for change in filter(None, edit.split("~")):
        place, _, number = change.partition("_")
        row, column = int(place[1]) - 1, int(place[2]) - 1
        matrix = changed[place[0]]
        if row < matrix.shape[0] and column < matrix.shape[1]:
            matrix[row, column] = float(number)
    return replace(base, **changed)


def changes(name: str, numbers: dict[str, list[list[float]]]) -> str:
    """The address word for `numbers`, by letter: what differs from the example `name`.

    Numbers are kept within `LIMIT` and to two decimals.

    Raises:
        ValueError: if a matrix has another shape than the example's.
    """
    base, found = _BY_NAME[name], []
    for letter in LETTERS:
        before, after = getattr(base, letter), np.array(numbers[letter], dtype=float)
        if after.shape != before.shape:
            raise ValueError(f"{letter} has shape {after.shape}, not {before.shape}.")
        after = np.round(np.clip(np.nan_to_num(after), -LIMIT, LIMIT), 2)
        found += [
            f"{letter}{row + 1}{column + 1}_{after[row, column] + 0:g}" for row, column in np.argwhere(after != before)
        ]
    return "~".join(found)
