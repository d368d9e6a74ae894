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
    left_out: tuple[str, int, int, int] | None = None  # "window", "units" or "merged": first, last, of how many


def compare(a: Side, b: Side, picture: Picture, tokens: Axis, position: int) -> Compared:
    """The picture of both sides; call where both have it.

    Args:
        tokens: the joint axis of their tokens.
        position: of A's chosen token, for a window around it.
    """
    left_out = None
    if picture.name == "lens":
        entry = tokens.entry(position)
        shown = window(entry, len(tokens), LENS)
        if len(tokens) > LENS:
            left_out = ("window", shown.start, shown.stop - 1, len(tokens))
        tokens = tokens[shown]
        tables = _lenses(a, b, tokens)
        rows = _names("layer", tables[0].shape[0], tables[1].shape[0], tokens, a, b)
        columns = _names("token", 0, 0, tokens, a, b)
        return _joined(picture, *tables, rows, columns, left_out)
    first, second = (picture.table(side.trace, side.layer, side.head) for side in (a, b))
    rows = _names(picture.rows, first.shape[-2], second.shape[-2], tokens, a, b)
    columns = _names(picture.columns, first.shape[-1], second.shape[-1], tokens, a, b)
    if picture.name == "ffn" and max(first.shape[1], second.shape[1]) > UNITS:
        left_out = ("units", 0, UNITS, max(first.shape[1], second.shape[1]))
        together = columns.axis is not None
        chosen = (
            [busiest((first, second), UNITS)] * 2 if together else [busiest((side,), UNITS) for side in (first, second)]
        )
        first, second = first[:, chosen[0]], second[:, chosen[1]]
        names = [[str(unit) for unit in units] for units in chosen]
        columns = Names("number", *names, counted(len(chosen[0]), len(chosen[1])) if together else None)
    if rows.axis is None or columns.axis is None:
        return Compared(picture, _tiled(first), _tiled(second), rows, columns, None, None, left_out)
    first = spread(first, rows.axis.a, columns.axis.a)
    second = spread(second, rows.axis.b, columns.axis.b)
    if picture.name == "heads" and len(first) != len(second):
        return Compared(picture, first, second, rows, columns, None, None, left_out)
    if picture.name == "heads" and len(tokens) > THUMBNAIL:
        left_out = ("merged", 0, THUMBNAIL, len(tokens))
        starts = np.arange(THUMBNAIL) * len(tokens) // THUMBNAIL
        first, second = merged(first, starts), merged(second, starts)
        rows = columns = _blocks(rows, starts)
    return _joined(picture, first, second, rows, columns, left_out)


def _joined(
    picture: Picture, a: np.ndarray, b: np.ndarray, rows: Names, columns: Names, left_out: tuple | None
) -> Compared:
    a, b = _tiled(a), _tiled(b)
    if rows.axis is None or columns.axis is None:
        return Compared(picture, a, b, rows, columns, None, None, left_out)
    apart = difference(a, b, rows.both[:, None] & columns.both, picture.empty_is_zero)
    return Compared(picture, a, b, rows, columns, apart, farthest(apart, a, b), left_out)


def _tiled(table: np.ndarray) -> np.ndarray:
    return (table if table.ndim == 3 else table[None]).astype(np.float32)


def _names(along: Along, first: int, second: int, tokens: Axis, a: Side, b: Side) -> Names:
    if along == "token":
        labels = [
            [
                side.trace.tokens[own] if own >= 0 else other.trace.tokens[there]
                for own, there in zip(mine, its, strict=True)
            ]
            for side, other, mine, its in ((a, b, tokens.a, tokens.b), (b, a, tokens.b, tokens.a))
        ]
        return Names("token", *labels, tokens)
    counts = [[_numbered(along, place) for place in range(count)] for count in (first, second)]
    return Names(along, *counts, counted(first, second))


def _numbered(along: Along, place: int) -> str:
    if along == "stream":
        return "–" if place == 0 else str(place - 1)
    if along == "part":
        return f"{'AF'[place % 2]}{place // 2}"
    return "" if along == "one" else str(place)


def _blocks(names: Names, starts: np.ndarray) -> Names:
    """Of cells that stand for several tokens each."""
    ends = [*(starts[1:] - 1).tolist(), len(names.a) - 1]
    labels = [[f"{side[i]} … {side[j]}" for i, j in zip(starts, ends, strict=True)] for side in (names.a, names.b)]
    return Names(names.along, *labels, counted(len(starts), len(starts)))


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
