"""What a kind of attention costs: the twins' numbers in pairs, milliseconds per token, losses along training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure
from app.kit.theme import Look, escape
from app.rooms.mla.figures import DASHES, kind_colours

PAIR = 44  # px of two bars and their numbers: less, and the numbers touch
AXES = 106  # px of legend and axis
AROUND = 25  # points of a loss curve whose mean is drawn
BEGINNING = 0.1  # of a run, above the picture's edge: a fresh model's loss would squeeze all others together


@dataclass(frozen=True)
class Line:
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
    tickformat: str = "",
) -> go.Figure:
    """For each label a bar of each model with its number at the end, the first label on top.

    Args:
        labels: n, plain text.
        models: name -> (kind of attention, (n,) values).
        x: title of the axis.
        shown: a value as text.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if any(values.shape != (len(labels),) for _, values in models.values()):
        raise ValueError(
            f"{len(labels)} labels do not fit values of shapes {[values.shape for _, values in models.values()]}."
        )
    picture = figure(look, height=round((AXES + PAIR * len(labels)) * look.scale / look.grown))
    colours, places = kind_colours(look), list(range(len(labels)))
    for name, (attention, values) in models.items():
        picture.add_bar(
            y=places,
            x=values,
            orientation="h",
            name=escape(name),
            marker={"color": colours[attention]},
            text=[shown(value) for value in values.tolist()],
            textposition="outside",
            constraintext="none",  # else Plotly shrinks the numbers of thin bars
            hoverinfo="skip",
            cliponaxis=False,
        )
    most = max(float(values.max()) for _, values in models.values())
    picture.update_layout(
        bargap=0.14,
        bargroupgap=0.02,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    picture.update_xaxes(range=[0, 1.18 * most], title={"text": escape(x)}, nticks=6, tickformat=tickformat)
    picture.update_yaxes(
        autorange="reversed",
        showgrid=False,
        tickmode="array",
        tickvals=places,
        ticktext=[escape(label) for label in labels],
    )
    return picture


def speed(lines: Sequence[Line], look: Look, *, x: str, y: str, hover: str, height: int) -> go.Figure:
    """Milliseconds of one step against tokens in the cache, four times as many from tick to tick on x.

    Args:
        hover: with ``{name}``, ``{tokens}``, ``{milliseconds}``, ``{low}`` and ``{high}``.
    """
    picture = figure(look, height=height, margin={"r": round(150 * look.scale)})
    colours, most = kind_colours(look), max(high for line in lines for *_, high in line.points)
    ends = []
    for line in lines:
        at, values, lows, highs = zip(*line.points, strict=True)
        hovers = [
            escape(
                hover.format(
                    name=line.name, tokens=f"{n:,.0f}", milliseconds=f"{ms:.2f}", low=f"{low:.2f}", high=f"{high:.2f}"
                )
            )
            for n, ms, low, high in line.points
        ]
        style = {"color": colours[line.kind], "width": 3, "dash": "solid" if line.kind == "MLA" else DASHES[line.kind]}
        picture.add_scatter(
            x=at,
            y=values,
            mode="lines+markers",
            line=style,
            marker={"size": 9},
            error_y={
                "array": np.subtract(highs, values),
                "arrayminus": np.subtract(values, lows),
                "color": colours[line.kind],
                "thickness": 2,
            },
            customdata=hovers,
            hovertemplate="%{customdata}<extra></extra>",
        )
        ends.append((values[-1], line.name, colours[line.kind]))
    _name_ends(picture, ends, float(np.log10(at[-1])), 0.07 * most)
    ticks = list(at)[::-2]  # every second one: all of them would have to lean
    picture.update_xaxes(
        type="log",
        tickmode="array",
        tickvals=ticks,
        ticktext=[f"{n:,}" for n in ticks],
        tickangle=0,
        range=[np.log10(at[0]) - 0.1, np.log10(at[-1]) + 0.05],
        title={"text": escape(x)},
        showgrid=False,
    )
    picture.update_yaxes(range=[0, 1.12 * most], title={"text": escape(y)})
    return picture


def losses(lines: Mapping[str, Sequence[tuple[float, float]]], look: Look, *, x: str, y: str, height: int) -> go.Figure:
    """Loss in nats per token against tokens trained on, a line for each model."""
    picture = figure(look, height=height, margin={"r": round(170 * look.scale)})
    colours = (look.value, look.key, look.query, look.attention)
    lines = {name: smooth(points) for name, points in lines.items()}
    low = min(loss for points in lines.values() for _, loss in points)
    high = max(points[int(BEGINNING * len(points))][1] for points in lines.values())
    ends, last = [], 0.0
    for (name, points), colour in zip(lines.items(), colours, strict=False):
        at, values = zip(*points, strict=True)
        last = max(last, at[-1])
        picture.add_scatter(
            x=at,
            y=values,
            mode="lines",
            name=escape(name),
            line={"color": colour, "width": 2},
            hovertemplate="%{x:.3s}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )
        ends.append((values[-1], name, colour))
    _name_ends(picture, ends, last, 0.075 * (high - low))
    picture.update_xaxes(range=[0, 1.01 * last], title={"text": escape(x)}, tickformat="~s", showgrid=False)
    picture.update_yaxes(range=[low - 0.04 * (high - low), high], title={"text": escape(y)})
    return picture


def smooth(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Each value replaced by the mean of `AROUND` around it, fewer at the ends: curves close together come apart."""
    half = AROUND // 2
    return [
        (at, float(np.mean([value for _, value in points[max(0, i - half) : i + half + 1]])))
        for i, (at, _) in enumerate(points)
    ]


def _name_ends(picture: go.Figure, ends: Sequence[tuple[float, str, str]], x: float, gap: float) -> None:
    """Names at the lines' ends, apart from each other by at least `gap`."""
    lowest = -np.inf
    for value, name, colour in sorted(ends):
        lowest = max(value, lowest + gap)
        picture.add_annotation(
            x=x, y=lowest, xanchor="left", xshift=10, text=escape(name), showarrow=False, font={"color": colour}
        )
