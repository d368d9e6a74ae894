"""What a kind of attention costs: the twins' numbers in pairs, milliseconds per token, losses along training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.kit.charts import Axis, Bars, Chart, Form, Line, Mark, Words
from app.kit.theme import Look
from app.rooms.mla.figures import DASHES, kind_colours

PAIR = 44  # px of two bars and their numbers: less, and the numbers touch
AXES = 92  # px of legend and axis
AROUND = 25  # points of a loss curve whose mean is drawn
BEGINNING = 0.1  # of a run, above the picture's edge: a fresh model's loss would squeeze all others together


@dataclass(frozen=True)
class ModelCurve:
    """One model's curve."""

    kind: str  # of attention: its colour
    name: str  # plain text
    points: Sequence[tuple[float, float, float, float]]  # at, value, and the ends of its interval


def pairs(
    labels: Sequence[str],
    models: Mapping[str, tuple[str, np.ndarray]],
    look: Look,
    *,
    x: str,
    shown: Callable[[float], str],
    form: Form = "number",
) -> Chart:
    """For each label a bar of each model with its number at the end, the first label on top.

    Args:
        labels: n, plain text.
        models: name -> (kind of attention, (n,) values).
        x: title of the axis; form: of its numbers.
        shown: a value as text.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if any(values.shape != (len(labels),) for _, values in models.values()):
        raise ValueError(
            f"{len(labels)} labels do not fit values of shapes {[values.shape for _, values in models.values()]}."
        )
    colours = kind_colours(look)
    bars = [
        Bars(
            np.arange(len(labels)),
            values,
            colours[attention],
            name=name,
            slot=(place, len(models)),
            words=[shown(value) for value in values.tolist()],
            texts=[f"{label}: {name} {shown(value)}" for label, value in zip(labels, values.tolist(), strict=True)],
        )
        for place, (name, (attention, values)) in enumerate(models.items())
    ]
    across = Axis(title=x, low=0, form=form)
    return Chart(look, bars, x=across, y=Axis(labels=labels), height=AXES + PAIR * len(labels), rows=True)


def speed(lines: Sequence[ModelCurve], look: Look, *, x: str, y: str, hover: str, height: int) -> Chart:
    """Milliseconds of one step against tokens in the cache, four times as many from tick to tick on x.

    Args:
        hover: with ``{name}``, ``{tokens}``, ``{milliseconds}``, ``{low}`` and ``{high}``.
    """
    colours, most = kind_colours(look), max(high for line in lines for *_, high in line.points)
    marks: list[Mark] = []
    for line in lines:
        at, values, lows, highs = np.array(line.points).T
        texts = [
            hover.format(
                name=line.name, tokens=f"{n:,.0f}", milliseconds=f"{ms:.2f}", low=f"{low:.2f}", high=f"{high:.2f}"
            )
            for n, ms, low, high in line.points
        ]
        dash, colour = "" if line.kind == "MLA" else DASHES[line.kind], colours[line.kind]
        marks.append(Line(at, values, colour, dash=dash, size=9, low=lows, high=highs, texts=texts))
        marks.append(Words(float(at[-1]), float(values[-1]), line.name, colour))
    lengths = [n for n, *_ in lines[0].points]
    across = Axis(title=x, log=True, ticks=lengths[::-2][::-1])  # every second one: all would meet on a phone
    return Chart(look, marks, x=across, y=Axis(title=y, low=0, high=1.12 * most), height=height)


def losses(lines: Mapping[str, Sequence[tuple[float, float]]], look: Look, *, x: str, y: str, height: int) -> Chart:
    """Loss in nats per token against tokens trained on, a line for each model."""
    colours = (look.value, look.key, look.query, look.attention)
    lines = {name: smooth(points) for name, points in lines.items()}
    low = min(loss for points in lines.values() for _, loss in points)
    high = max(points[int(BEGINNING * len(points))][1] for points in lines.values())
    last = max(points[-1][0] for points in lines.values())
    marks: list[Mark] = []
    for (name, points), colour in zip(lines.items(), colours, strict=False):
        at, values = np.array(points).T
        values = np.where(values <= high, values, np.nan)
        texts = [f"{name}: {value:.3f}" for value in values]
        marks.append(Line(at, values, colour, width=2, texts=texts))
        marks.append(Words(float(at[-1]), float(values[-1]), name, colour))
    across = Axis(title=x, low=0, high=last, form="short")
    return Chart(look, marks, x=across, y=Axis(title=y, low=low - 0.04 * (high - low), high=high), height=height)


def smooth(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Each value replaced by the mean of `AROUND` around it, fewer at the ends: curves close together come apart."""
    half = AROUND // 2
    return [
        (at, float(np.mean([value for _, value in points[max(0, i - half) : i + half + 1]])))
        for i, (at, _) in enumerate(points)
    ]
