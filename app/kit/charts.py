"""What a chart shows: its axes and marks, as plain data. `app.kit.chart` draws it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from app.kit.theme import Look

Form = Literal["number", "short", "percent", "bytes"]


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    An axis with labels has places 0, 1, ..., one for each; labels that find no room are left out, and the axis says so.
    """

    title: str = ""
    low: float | None = None  # its ends; None: where the marks end. A low above the high turns the axis round
    high: float | None = None
    form: Form = "number"  # of its numbers: "short" is 20k, "percent" is of shares, "bytes" is 1.2 MB
    log: bool = False
    labels: Sequence[str] = ()
    ticks: Sequence[float] = ()  # where numbers stand; none: where they are round
    marked: int | None = None  # the place whose label is always written
    first: int | None = None  # number of place 0, where numbers stand before labels that are not written in full


@dataclass(frozen=True)
class Line:
    """A line through (n,) points; NaN lifts the pen."""

    kind: ClassVar[str] = "line"
    x: np.ndarray
    y: np.ndarray
    colour: str
    name: str = ""  # in the legend
    width: float = 3  # px
    dash: str = ""  # lengths in px, "2 4"
    size: float = 0  # px of the points on it
    low: np.ndarray | None = None  # (n,) ends of an interval around y
    high: np.ndarray | None = None
    hover: str = "{y}"  # with {x}, {y} and {name}; "": the mouse finds nothing here
    texts: Sequence[str] = ()  # n, in place of `hover`


@dataclass(frozen=True)
class Points:
    """Dots at (n,) points."""

    kind: ClassVar[str] = "points"
    x: np.ndarray
    y: np.ndarray
    colours: str | Sequence[str]  # of all, or of each; "none": only the outline
    name: str = ""
    size: float = 8  # px
    outline: str = ""  # its colour
    opacity: float = 1.0
    hover: str = "{y}"
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Bars:
    """A bar at each of (n,) places of an axis, from `starts` to `ends` on the other."""

    kind: ClassVar[str] = "bars"
    at: np.ndarray
    ends: np.ndarray
    colours: str | Sequence[str]
    starts: np.ndarray | None = None  # None: zero
    name: str = ""
    slot: tuple[int, int] = (0, 1)  # which of how many bars at a place
    outlines: Sequence[str] = ()  # n colours, "" for none
    words: Sequence[str] = ()  # n, at the ends; left out where they would meet
    hover: str = "{y}"
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Rule:
    """A line through the whole chart at a number or place of x, with words at its top."""

    kind: ClassVar[str] = "rule"
    at: float
    colour: str
    words: str = ""


@dataclass(frozen=True)
class Words:
    """Words beside the point (x, y); those that would meet are moved apart, up."""

    kind: ClassVar[str] = "words"
    x: float
    y: float
    text: str
    colour: str
    strong: str = ""  # after the text, bold
    side: Literal["right", "above"] = "right"


@dataclass(frozen=True)
class Cells:
    """A matrix (R, C) on places of both axes, as colours; NaN is masked."""

    kind: ClassVar[str] = "cells"
    values: np.ndarray
    scale: Sequence[tuple[float, str]]
    low: float  # the numbers at the ends of the scale
    high: float
    masked: str = ""  # colour
    words: Sequence[Sequence[str]] = ()  # R times C, in the cells
    form: Form = "number"  # of a value under the mouse
    hover: str = "{value}"  # with {row}, {column} and {value}


Mark = Line | Points | Bars | Rule | Words | Cells


@dataclass(frozen=True)
class Key:
    """A colour scale beside the legend, and what its ends stand for."""

    scale: Sequence[tuple[float, str]]
    low: str
    high: str
    title: str = ""


@dataclass(frozen=True)
class Chart:
    """One picture: what lies first in `marks` is drawn first."""

    look: Look
    marks: Sequence[Mark]
    x: Axis
    y: Axis
    height: int  # px, with axes and legend; at most, where the chart is square
    rows: bool = False  # bars lie, a row for each place of y, the first on top
    apart: bool = False  # the mouse finds one mark, not all at its place
    square: bool = False  # the places of both axes are equally far apart
    legend: Sequence[tuple[str, str]] = ()  # names and colours, after those of the marks
    key: Key | None = None
