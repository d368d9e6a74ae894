"""Caches as pictures: growing curves, sizes of four kinds of attention, ranks, patterns before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.kit.charts import Axis, Bars, Cells, Chart, Line, Mark, Points, Rule, Words
from app.kit.theme import Look

DASHES = {"MHA": "8 5", "GQA": "2 4", "MQA": "8 4 2 4", "MLA": "8 5"}  # px


def kind_colours(look: Look) -> dict[str, str]:
    """A colour for each kind of attention."""
    return {"MHA": look.key, "GQA": look.query, "MQA": look.residual, "MLA": look.value}


@dataclass(frozen=True)
class Curve:
    """A cache that grows with the tokens it holds."""

    kind: str  # "MHA", "GQA", "MQA" or "MLA"
    name: str  # plain text
    per_token: int  # bytes by formula
    measured: Sequence[tuple[int, int]]  # (tokens held, bytes held)


def growth(curves: Sequence[Curve], most: int, look: Look, *, x: str, y: str, hover: str, height: int) -> Chart:
    """Bytes held against tokens read: a line for each formula, a dot for each measurement.

    Args:
        curves: drawn in this order.
        most: tokens at the right end of the axis, at least as many as any measurement held.
        x, y: titles of the axes.
        hover: with ``{name}``, ``{tokens}`` and ``{bytes}``, of a measurement.

    Raises:
        ValueError: where more tokens are held than fit on the axis.
    """
    held = max((length for curve in curves for length, _ in curve.measured), default=0)
    if most < held:
        raise ValueError(f"{held} tokens do not fit on an axis of {most}.")
    colours = kind_colours(look)
    marks: list[Mark] = []
    for curve in curves:
        colour, ends = colours[curve.kind], np.array([0, most])
        marks.append(Line(ends, curve.per_token * ends, colour, width=2, dash=DASHES[curve.kind], hover=""))
        if curve.measured:
            lengths, nbytes = np.array(curve.measured).T
            texts = [
                hover.format(name=curve.name, tokens=tokens_held, bytes=f"{bytes_held:,}")
                for tokens_held, bytes_held in curve.measured
            ]
            size = 10 if len(lengths) < 30 else 7
            marks.append(Points(lengths, nbytes, colour, size=size, outline=look.paper, texts=texts))
    marks += [Words(most, curve.per_token * most, curve.name, colours[curve.kind]) for curve in curves]
    top = max(curve.per_token for curve in curves) * most
    across = Axis(title=x, low=0, high=most + 0.5)
    return Chart(look, marks, x=across, y=Axis(title=y, low=0, high=1.06 * top, form="bytes"), height=height)


@dataclass(frozen=True)
class Bar:
    """One row of a chart of cache sizes."""

    kind: str  # of attention: its colour
    label: str
    nbytes: int
    text: str  # at the bar's end
    marked: bool  # the model's own attention


def bars(rows: Sequence[Bar], look: Look, *, x: str, height: int) -> Chart:
    """A bar of bytes for each row, the first on top; `x` is the title of the axis."""
    colours = kind_colours(look)
    drawn = Bars(
        np.arange(len(rows)),
        np.array([row.nbytes for row in rows]),
        [colours[row.kind] for row in rows],
        outlines=[look.ink if row.marked else "" for row in rows],
        texts=[f"{row.label}: {row.nbytes:,} B" for row in rows],
    )
    words = [
        Words(row.nbytes, place, "" if row.marked else row.text, look.ink, strong=row.text if row.marked else "")
        for place, row in enumerate(rows)
    ]
    own = next((place for place, row in enumerate(rows) if row.marked), None)
    across = Axis(title=x, low=0, form="bytes")
    names = Axis(labels=[row.label for row in rows], marked=own)
    return Chart(look, [drawn, *words], x=across, y=names, height=height, rows=True)


def ranks(
    keys: np.ndarray, values: np.ndarray, rank: int, names: tuple[str, str], look: Look, *, x: str, y: str, height: int
) -> Chart:
    """Share of the squared length that each rank keeps, for keys and values; the chosen rank is marked.

    Args:
        keys, values: (N,) for rank 1 ... N, in 0..1.
        names: of the two, at their lines.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if keys.shape != values.shape or keys.ndim != 1:
        raise ValueError(f"Keys and values need the same ranks, not {keys.shape} and {values.shape}.")
    at, size = np.arange(1, len(keys) + 1), 7 if len(keys) <= 64 else 0
    marks: list[Mark] = [
        Line(at, keys, look.key, name=names[0], size=size),
        Line(at, values, look.value, name=names[1], size=size),
        Rule(rank, look.accent),
    ]
    up = Axis(title=y, low=0, high=1.03, form="percent", ticks=(0, 0.2, 0.4, 0.6, 0.8, 1))
    return Chart(look, marks, x=Axis(title=x, low=1, high=len(keys)), y=up, height=height)


def pattern(
    weights: np.ndarray, tokens: Sequence[str], look: Look, *, x: str, y: str, hover: str, height: int
) -> Chart:
    """An attention pattern, on a scale of 0..1; rows are queries, columns are keys.

    Args:
        weights: (T, S), NaN where masked.
        x, y: titles of the axes.
        hover: with ``{query}``, ``{seen}`` and ``{weight}``.

    Raises:
        ValueError: if the shape does not fit the tokens.
    """
    T = len(tokens)
    if weights.shape != (T, T):
        raise ValueError(f"{T} tokens do not fit a pattern of shape {weights.shape}.")
    said = hover.format(query="{row}", seen="{column}", weight="{value}")
    cells = Cells(weights, look.probability, 0, 1, masked=look.masked, hover=said)
    across, down = Axis(title=x, labels=tokens, first=0), Axis(title=y, labels=tokens, first=0)
    return Chart(look, [cells], x=across, y=down, height=height, square=True)
