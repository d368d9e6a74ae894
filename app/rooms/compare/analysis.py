"""Two sides on joint axes: which token belongs to which, and what one array less the other is.

n entries of a joint axis, R rows, C columns.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

ROUNDING = 1e-5  # of the largest number: as far as two orders of adding float32 numbers lie apart


@dataclass(frozen=True, eq=False)
class Axis:
    """A joint axis of A and B: for each entry its place on both sides, -1 where a side has none."""

    a: np.ndarray  # (n,) int
    b: np.ndarray  # (n,) int
    same: np.ndarray  # (n,) bool: both sides have it, and it is the same token

    @property
    def both(self) -> np.ndarray:
        """(n,) bool: entries that both sides have."""
        return (self.a >= 0) & (self.b >= 0)

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, entries: slice) -> Axis:
        return Axis(self.a[entries], self.b[entries], self.same[entries])

    def entry(self, place: int) -> int:
        """The entry of a place on side A."""
        return int(np.flatnonzero(self.a == place)[0])

    def partner(self, place: int) -> int | None:
        """B's place beside that of A; None where A's token has none."""
        found = int(self.b[self.entry(place)])
        return None if found < 0 else found


def _axis(entries: Sequence[tuple[int, int, bool]]) -> Axis:
    a, b, same = zip(*entries, strict=True) if entries else ((), (), ())
    return Axis(np.array(a, int), np.array(b, int), np.array(same, bool))


def counted(a: int, b: int) -> Axis | None:
    """The axis of things that are numbered on both sides, such as heads; None where their counts differ."""
    return _axis([(place, place, True) for place in range(a)]) if a == b else None


def align(a: Sequence[Hashable], b: Sequence[Hashable]) -> Axis:
    """The axis of two token sequences of one vocabulary: the longest stretches in common lie side by side.

    Between them, as many tokens on one side as on the other are pairs too, of different tokens (cat and dog);
    where the numbers differ, each is alone.  Swapping the sides gives the same pairs.
    """
    turned = tuple(map(repr, b)) < tuple(map(repr, a))  # difflib is not symmetric
    first, second = (b, a) if turned else (a, b)
    entries: list[tuple[int, int, bool]] = []
    for kind, i, i_end, j, j_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if i_end - i == j_end - j:
            entries += [(i + step, j + step, kind == "equal") for step in range(i_end - i)]
        else:
            entries += [(place, -1, False) for place in range(i, i_end)]
            entries += [(-1, place, False) for place in range(j, j_end)]
    if not turned:
        return _axis(entries)
    # What is alone stands with A's tokens first, whichever side was first above.
    swapped = [(j, i, same) for i, j, same in entries]
    ordered: list[tuple[int, int, bool]] = []
    alone: list[tuple[int, int, bool]] = []
    for entry in swapped:
        if entry[0] >= 0 and entry[1] >= 0:
            ordered += sorted(alone, key=lambda lone: lone[0] < 0)
            alone = []
            ordered.append(entry)
        else:
            alone.append(entry)
    return _axis(ordered + sorted(alone, key=lambda lone: lone[0] < 0))


@dataclass(frozen=True)
class Spans:
    """Where the tokens of a text lie in its bytes."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]


def spans(tokens: Sequence[bytes], text: bytes, added: int) -> Spans | None:
    """Of the bytes of each token; None where they do not spell `text`, as where a tokenizer rewrites it.

    Args:
        added: how many tokens at the beginning stand for no text.
    """
    spelled = b"".join(tokens[added:])
    if not spelled.endswith(text) or spelled[: len(spelled) - len(text)].strip():
        return None
    lead = len(spelled) - len(text)  # a space that the tokenizer has put before the text
    lengths = np.array([0] * added + [len(token) for token in tokens[added:]], int)
    ends = lengths.cumsum()
    return Spans(*(tuple(np.maximum(0, places - lead).tolist()) for places in (ends - lengths, ends)))


def align_spans(a: Spans, b: Spans) -> Axis:
    """The axis of one text cut into tokens in two ways: tokens that end at the same byte are pairs.

    Up to there both models have read the same; the token is the same where it begins at the same byte too.
    """
    entries: list[tuple[int, int, bool]] = []
    i = j = 0
    while i < len(a.ends) and j < len(b.ends):
        if a.ends[i] == b.ends[j]:
            entries.append((i, j, a.starts[i] == b.starts[j]))
            i, j = i + 1, j + 1
        elif a.ends[i] < b.ends[j]:
            entries.append((i, -1, False))
            i += 1
        else:
            entries.append((-1, j, False))
            j += 1
    entries += [(place, -1, False) for place in range(i, len(a.ends))]
    entries += [(-1, place, False) for place in range(j, len(b.ends))]
    return _axis(entries)


def spread(values: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(..., n, m): `values` (..., R, C) on joint axes, NaN where this side has no such row or column.

    Args:
        rows, columns: (n,) and (m,), this side's places on the axes.
    """
    taken = values[..., rows, :][..., columns].astype(np.float32)
    taken[..., rows < 0, :] = np.nan
    taken[..., columns < 0] = np.nan
    return taken


def difference(a: np.ndarray, b: np.ndarray, known: np.ndarray, empty_is_zero: bool) -> np.ndarray:
    """(..., n, m) float32: a − b, NaN where there is none.

    Args:
        a, b: on joint axes, NaN where there is no number.
        known: (n, m) bool: both sides have the row and the column.
        empty_is_zero: no number counts as 0 if the other side has one: a weight that was not given.
    """
    if empty_is_zero:
        one = np.isfinite(a) | np.isfinite(b)
        a, b = (np.where(one & ~np.isfinite(side), np.float32(0), side) for side in (a, b))
    with np.errstate(invalid="ignore"):
        apart = (a - b).astype(np.float32)
    return np.where(known & np.isfinite(apart), apart, np.float32(np.nan))


@dataclass(frozen=True)
class Farthest:
    """The cell in which two arrays differ most."""

    place: tuple[int, ...]  # on the joint axes
    apart: float  # a − b
    beyond_rounding: bool


def farthest(apart: np.ndarray, a: np.ndarray, b: np.ndarray) -> Farthest | None:
    """Of a difference and what it is of; None where nothing can be subtracted."""
    if not np.isfinite(apart).any():
        return None
    place = np.unravel_index(int(np.nanargmax(np.abs(apart))), apart.shape)
    most = max(float(np.abs(side[np.isfinite(side)]).max(initial=0.0)) for side in (a, b))
    value = float(apart[place])
    return Farthest(tuple(map(int, place)), value, abs(value) > ROUNDING * most)


def window(entry: int, count: int, most: int) -> slice:
    """The entries that are drawn: all of `count`, or the `most` around `entry`."""
    first = min(max(0, entry - most // 2), max(0, count - most))
    return slice(first, min(count, first + most))


def busiest(sides: Sequence[np.ndarray], most: int) -> np.ndarray:
    """Indices, ascending, of the columns with the largest numbers on any side: at most `most`. `sides`: (R, C) each."""
    heights = np.max([np.abs(side).max(axis=0) for side in sides], axis=0)
    return np.sort(np.argsort(-heights, kind="stable")[:most])


def merged(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """(..., t, t): cells of `values` (..., n, n) that begin at `starts`, each the largest of what it stands for."""
    filled = np.where(np.isfinite(values), values, -np.inf)
    small = np.maximum.reduceat(np.maximum.reduceat(filled, starts, axis=-2), starts, axis=-1)
    return np.where(np.isfinite(small), small, np.float32(np.nan))
