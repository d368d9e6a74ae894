"""One picture of both sides, on joint axes wherever their shapes allow it.

n entries of a joint axis, T tokens of one side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.kit import runtime
from app.kit.head_jobs import THUMBNAIL
from app.rooms.compare.analysis import (
    Axis,
    Farthest,
    busiest,
    counted,
    difference,
    farthest,
    merged,
    spread,
    window,
)
from app.rooms.compare.pictures import Along, Picture, lens
from app.rooms.compare.sides import Side
from model import LanguageModel

UNITS = 64  # hidden units that are drawn
LENS = 48  # tokens that are asked after every layer


@dataclass(frozen=True, eq=False)
class Names:
    """What stands along one side of a picture."""

    along: Along
    a: list[str]
    b: list[str]
    axis: Axis | None  # None where the two cannot be laid side by side

    @property
    def both(self) -> np.ndarray:
        """(n,) bool: entries that both sides have; of a joint axis."""
        assert self.axis is not None
        return self.axis.both


@dataclass(frozen=True, eq=False)
class Compared:
    """Both tables (n, R, C), NaN where there is no number, and the first less the second where that can be said."""

    picture: Picture
    a: np.ndarray
    b: np.ndarray
    rows: Names
    columns: Names
    apart: np.ndarray | None
    farthest: Farthest | None
    shapes: tuple[tuple[int, ...], tuple[int, ...]]  # of the whole tables
    left_out: tuple[str, int, int, int] | None = None  # "window", "units" or "merged": first, last, of how many


def compare(a: Side, b: Side, picture: Picture, tokens: Axis, position: int) -> Compared:
    """The picture of both sides; call where both have it.

    Args:
        tokens: the joint axis of their tokens.
        position: of A's chosen token, for a window around it.
    """
    if picture.name == "lens":
        return _lens(a, b, picture, tokens, position)
    left_out = None
    first, second = (picture.table(side.trace, side.layer, side.head) for side in (a, b))
    shapes = first.shape, second.shape
    rows = _names(picture.rows, first.shape[-2], second.shape[-2], tokens, a, b)
    columns = _names(picture.columns, first.shape[-1], second.shape[-1], tokens, a, b)
    if picture.columns == "unit" and max(first.shape[1], second.shape[1]) > UNITS:
        left_out = ("units", 0, UNITS, max(first.shape[1], second.shape[1]))
        together = columns.axis is not None
        of = [(first, second)] * 2 if together else [(first,), (second,)]
        ours, theirs = (busiest(tables, UNITS) for tables in of)
        first, second = first[:, ours], second[:, theirs]
        axis = counted(len(ours), len(theirs)) if together else None
        columns = Names(picture.columns, list(map(str, ours)), list(map(str, theirs)), axis)
    if rows.axis is not None and columns.axis is not None:
        first = spread(first, rows.axis.a, columns.axis.a)
        second = spread(second, rows.axis.b, columns.axis.b)
    if picture.name == "heads" and len(tokens) > THUMBNAIL:
        left_out = ("merged", 0, THUMBNAIL, len(tokens))
        starts = np.arange(THUMBNAIL) * len(tokens) // THUMBNAIL
        first, second = merged(first, starts), merged(second, starts)
        rows = columns = _blocks(rows, starts)
    return _joined(picture, _tiled(first), _tiled(second), rows, columns, shapes, left_out)


def _lens(a: Side, b: Side, picture: Picture, tokens: Axis, position: int) -> Compared:
    """The tokens around the chosen one only: every cell costs an unembedding."""
    shown = window(tokens.entry(position), len(tokens), LENS)
    left_out = ("window", shown.start, shown.stop - 1, len(tokens)) if len(tokens) > LENS else None
    tokens = tokens[shown]
    first, second = map(_tiled, _lenses(a, b, tokens))
    rows = _names("layer", first.shape[1], second.shape[1], tokens, a, b)
    columns = _names("token", 0, 0, tokens, a, b)
    shapes = first.shape[1:], second.shape[1:]
    return _joined(picture, first, second, rows, columns, shapes, left_out)


def _joined(
    picture: Picture,
    a: np.ndarray,
    b: np.ndarray,
    rows: Names,
    columns: Names,
    shapes: tuple[tuple[int, ...], tuple[int, ...]],
    left_out: tuple[str, int, int, int] | None,
) -> Compared:
    apart = None
    if rows.axis is not None and columns.axis is not None and len(a) == len(b):
        apart = difference(a, b, rows.both[:, None] & columns.both, picture.empty_is_zero)
    most = None if apart is None else farthest(apart, a, b)
    return Compared(picture, a, b, rows, columns, apart, most, shapes, left_out)


def _tiled(table: np.ndarray) -> np.ndarray:
    return (table if table.ndim == 3 else table[None]).astype(np.float32)


def _names(along: Along, first: int, second: int, tokens: Axis, a: Side, b: Side) -> Names:
    if along == "token":
        pairs = list(zip(tokens.a.tolist(), tokens.b.tolist(), strict=True))
        ours, theirs = a.trace.tokens, b.trace.tokens
        return Names(
            "token",
            [ours[i] if i >= 0 else theirs[j] for i, j in pairs],
            [theirs[j] if j >= 0 else ours[i] for i, j in pairs],
            tokens,
        )
    ours, theirs = ([_numbered(along, place) for place in range(count)] for count in (first, second))
    return Names(along, ours, theirs, counted(first, second))


def _numbered(along: Along, place: int) -> str:
    if along == "stream":
        return "–" if place == 0 else str(place - 1)
    if along == "part":
        return f"{'AF'[place % 2]}{place // 2}"
    return "" if along == "one" else str(place)


def _blocks(names: Names, starts: np.ndarray) -> Names:
    """Of cells that stand for several tokens each."""
    ends = [*(starts[1:] - 1).tolist(), len(names.a) - 1]
    first, second = (
        [f"{side[i]} … {side[j]}" for i, j in zip(starts, ends, strict=True)] for side in (names.a, names.b)
    )
    return Names(names.along, first, second, counted(len(starts), len(starts)))


def _lenses(a: Side, b: Side, tokens: Axis) -> tuple[np.ndarray, np.ndarray]:
    """(L, n) each: what every layer gives to A's final answer; where only B has a token, to B's."""
    places = [tuple(side[side >= 0].tolist()) for side in (tokens.a, tokens.b)]
    answers = [
        dict(zip(own, side.trace.logits[list(own)].argmax(-1).tolist() if own else [], strict=True))
        for own, side in zip(places, (a, b), strict=True)
    ]
    partner = dict(zip(tokens.b.tolist(), tokens.a.tolist(), strict=True))
    same = a.lm.tokenizer.fingerprint == b.lm.tokenizer.fingerprint
    ids = {} if same else spoken(b)
    asked = []
    for place in places[1]:
        there = partner[place]
        if there < 0:
            asked.append(answers[1][place])
        else:
            answer = answers[0][there]
            asked.append(answer if same else ids.get(a.lm.tokenizer.token_bytes(answer), -1))
    first = runtime.derived(lens, a.trace, places[0], tuple(answers[0].values()))
    second = runtime.derived(lens, b.trace, places[1], tuple(asked))
    columns = [np.where(side >= 0, np.cumsum(side >= 0) - 1, -1) for side in (tokens.a, tokens.b)]
    return (
        spread(first, np.arange(len(first)), columns[0]),
        spread(second, np.arange(len(second)), columns[1])
        if places[1]
        else np.full((len(second), len(tokens)), np.nan),
    )


def spoken(side: Side) -> dict[bytes, int]:
    """Ids of a vocabulary by their bytes."""
    return runtime.of_model(_ids_by_bytes, side.lm)


def _ids_by_bytes(lm: LanguageModel) -> dict[bytes, int]:
    return {lm.tokenizer.token_bytes(token): token for token in reversed(range(lm.tokenizer.vocab_size))}
