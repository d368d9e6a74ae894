"""Mixtures of experts: active parameters of a token, total and active, kinds of text per expert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure
from app.kit.theme import Look, escape, ink_on

GAP = 0.09  # between squares, of the largest side


@dataclass(frozen=True)
class Piece:
    """A stretch of a layer's bar."""

    kind: str  # a legend's key
    size: int
    hover: str  # plain text


def stacked(
    rows: Sequence[tuple[str, Sequence[Piece]]], legend: dict[str, tuple[str, str]], look: Look, *, x: str, height: int
) -> go.Figure:
    """Bars of pieces laid end to end, the first row on top.

    Args:
        rows: label and pieces.
        legend: kind -> (name, colour), in the order of the legend.
        x: title of the axis of sizes.

    Raises:
        ValueError: for a piece of a kind that the legend lacks.
    """
    missing = {piece.kind for _, pieces in rows for piece in pieces} - set(legend)
    if missing:
        raise ValueError(f"The legend has no kind {sorted(missing)}.")
    picture = figure(look, height=height)
    for kind, (name, colour) in legend.items():
        places, starts, sizes, hovers = [], [], [], []
        for place, (_, pieces) in enumerate(rows):
            start = 0
            for piece in pieces:
                if piece.kind == kind:
                    places.append(place)
                    starts.append(start)
                    sizes.append(piece.size)
                    hovers.append(escape(piece.hover))
                start += piece.size
        picture.add_bar(
            y=places,
            x=sizes,
            base=starts,
            orientation="h",
            name=escape(name),
            marker={"color": colour, "line": {"color": look.paper, "width": 1.5}},
            customdata=hovers,
            hovertemplate="%{customdata}<extra></extra>",
        )
    picture.update_layout(
        barmode="overlay",
        bargap=0.22,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    picture.update_yaxes(
        autorange="reversed",
        showgrid=False,
        tickmode="array",
        tickvals=list(range(len(rows))),
        ticktext=[escape(label) for label, _ in rows],
    )
    picture.update_xaxes(title={"text": escape(x)}, rangemode="tozero")
    return picture


def squares(models: Sequence[tuple[str, int, int, str]], look: Look, *, height: int) -> go.Figure:
    """A square for each model with the area of all its parameters, and in it one of the active ones.

    Args:
        models: name, total, active, and two lines of plain text below, split at a line break.

    Raises:
        ValueError: where more parameters are active than there are.
    """
    if any(not 0 < active <= total for _, total, active, _ in models):
        raise ValueError("Each model needs 0 < active <= total parameters.")
    picture = figure(look, height=height)
    largest = max(total for _, total, _, _ in models) ** 0.5
    across = 0.0
    for name, total, active, text in models:
        side, inner = total**0.5 / largest, active**0.5 / largest
        room = max(side, 0.5)  # so that neighbours' texts do not meet
        left = across + (room - side) / 2
        for width, colour in ((side, look.masked), (inner, look.own)):
            picture.add_shape(
                type="rect",
                x0=left,
                x1=left + width,
                y0=0,
                y1=width,
                fillcolor=colour,
                line={"color": look.faint, "width": 1},
            )
        lines = "<br>".join([f"<b>{escape(name)}</b>", *(escape(line) for line in text.split("\n"))])
        picture.add_annotation(x=across + room / 2, y=-0.03, yanchor="top", text=lines, showarrow=False)
        across += room + GAP
    picture.update_xaxes(visible=False, range=[-0.02, across - GAP + 0.02], constrain="domain")
    picture.update_yaxes(visible=False, range=[-0.34, 1.02], scaleanchor="x")
    return picture


def shares(rows: Sequence[str], values: np.ndarray, experts: Sequence[str], look: Look, *, hover: str) -> go.Figure:
    """How much each expert is used by each kind of text, as a heat map over 0..1; the last row stands apart.

    Args:
        rows: N labels.
        values: (N, E) in 0..1.
        experts: E names of the columns.
        hover: with ``{row}``, ``{expert}`` and ``{percent}``.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if values.shape != (len(rows), len(experts)):
        raise ValueError(f"{len(rows)} rows of {len(experts)} experts do not fit values of shape {values.shape}.")
    count, E = values.shape
    places = [*range(count - 1), count - 0.75]
    picture = figure(look, height=60 + 44 * count)
    # A trace for each row: one heat map could not leave a gap before the last.
    scale = [list(stop) for stop in look.probability]
    for place, label, row in zip(places, rows, values, strict=True):
        picture.add_heatmap(
            x=np.arange(E),
            y=[place],
            z=[row],
            dy=1,
            y0=place,
            zmin=0,
            zmax=1,
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
            customdata=[
                [
                    escape(hover.format(row=label, expert=e, percent=f"{100 * value:.1f} %"))
                    for e, value in enumerate(row)
                ]
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
        if E <= 16:
            # Apart from the heat map, whose own numbers are grey on middle purple.
            percentages = [f"{100 * value:.0f} %" for value in row]
            picture.add_scatter(
                x=np.arange(E),
                y=[place] * E,
                mode="text",
                text=percentages,
                textfont={"color": ink_on(look.probability, row)},
                hoverinfo="skip",
            )
    every = -(-E // 12)
    picture.update_yaxes(
        range=[places[-1] + 0.55, -0.55],
        showgrid=False,
        tickmode="array",
        tickvals=places,
        ticktext=[escape(label) for label in rows],
    )
    picture.update_xaxes(
        side="top",
        showgrid=False,
        tickmode="array",
        tickvals=list(range(0, E, every)),
        ticktext=[escape(name) for name in experts[::every]],
    )
    return picture
