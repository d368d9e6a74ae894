"""Caches as pictures: growing curves, sizes of four kinds of attention, ranks, patterns before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure
from app.kit.theme import Look, escape

BYTES = 190  # px for "1,998,848 B · 57×" at a bar's end, however wide the picture is
NAME = 0.065  # height of a line's name, of the whole axis
GAP = 0.05  # between patterns, of the whole width
NAMED = 10  # tokens whose labels fit beside a small pattern
DASHES = {"MHA": "dash", "GQA": "dot", "MQA": "dashdot", "MLA": "dash"}


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


def growth(curves: Sequence[Curve], most: int, look: Look, *, x: str, y: str, hover: str, height: int) -> go.Figure:
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
    picture = figure(look, height=height, margin={"r": round(60 * look.scale)})
    colours = kind_colours(look)
    for curve in curves:
        colour = colours[curve.kind]
        line = {"color": colour, "width": 2, "dash": DASHES[curve.kind]}
        picture.add_scatter(x=[0, most], y=[0, curve.per_token * most], mode="lines", line=line, hoverinfo="skip")
        if curve.measured:
            lengths, nbytes = zip(*curve.measured, strict=True)
            hovers = [
                escape(hover.format(name=curve.name, tokens=tokens_held, bytes=f"{bytes_held:,}"))
                for tokens_held, bytes_held in curve.measured
            ]
            marker = {
                "color": colour,
                "size": 10 if len(lengths) < 30 else 7,
                "line": {"color": look.paper, "width": 1},
            }
            picture.add_scatter(
                x=lengths,
                y=nbytes,
                mode="markers",
                marker=marker,
                customdata=hovers,
                hovertemplate="%{customdata}<extra></extra>",
            )
    top = max(curve.per_token for curve in curves) * most
    lowest = 0.0
    for curve in sorted(curves, key=lambda curve: curve.per_token):
        lowest = max(curve.per_token * most, lowest)  # names of lines that end close together stay apart
        picture.add_annotation(
            x=most,
            y=lowest,
            xanchor="left",
            xshift=6,
            text=escape(curve.name),
            showarrow=False,
            font={"color": colours[curve.kind]},
        )
        lowest += NAME * top
    picture.update_yaxes(range=[0, 1.06 * top], title={"text": escape(y)}, tickformat="~s", ticksuffix="B")
    picture.update_xaxes(range=[0, most + 0.5], title={"text": escape(x)}, showgrid=False)
    return picture


@dataclass(frozen=True)
class Bar:
    """One row of a chart of cache sizes."""

    kind: str  # of attention: its colour
    label: str
    nbytes: int
    text: str  # at the bar's end
    marked: bool  # the model's own attention


def bars(rows: Sequence[Bar], look: Look, *, x: str, height: int) -> go.Figure:
    """A bar of bytes for each row, the first on top; `x` is the title of the axis."""
    picture = figure(look, height=height, margin={"r": round(BYTES * look.scale)})
    colours, most = kind_colours(look), max(row.nbytes for row in rows)
    for place, row in enumerate(rows):
        picture.add_bar(
            y=[place],
            x=[row.nbytes],
            orientation="h",
            marker={"color": colours[row.kind], "line": {"color": look.ink, "width": 2 if row.marked else 0}},
            customdata=[escape(f"{row.label}: {row.nbytes:,} B")],
            hovertemplate="%{customdata}<extra></extra>",
        )
        picture.add_annotation(
            x=row.nbytes,
            y=place,
            xanchor="left",
            xshift=8,
            text=f"<b>{escape(row.text)}</b>" if row.marked else escape(row.text),
            showarrow=False,
        )
    ticks = [f"<b>{escape(row.label)}</b>" if row.marked else escape(row.label) for row in rows]
    picture.update_layout(bargap=0.28)
    picture.update_yaxes(
        autorange="reversed", showgrid=False, tickmode="array", tickvals=list(range(len(rows))), ticktext=ticks
    )
    picture.update_xaxes(range=[0, most], title={"text": escape(x)}, tickformat="~s", ticksuffix="B", nticks=6)
    return picture


def ranks(
    keys: np.ndarray, values: np.ndarray, rank: int, names: tuple[str, str], look: Look, *, x: str, y: str, height: int
) -> go.Figure:
    """Share of the squared length that each rank keeps, for keys and values; the chosen rank is marked.

    Args:
        keys, values: (N,) for rank 1 ... N, in 0..1.
        names: of the two, at their lines.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if keys.shape != values.shape or keys.ndim != 1:
        raise ValueError(f"Keys and values need the same ranks, not {keys.shape} and {values.shape}.")
    picture = figure(look, height=height)
    for shares, name, colour in ((keys, names[0], look.key), (values, names[1], look.value)):
        picture.add_scatter(
            x=np.arange(1, len(shares) + 1),
            y=shares,
            mode="lines+markers",
            name=escape(name),
            line={"color": colour, "width": 3},
            marker={"size": 7 if len(shares) <= 64 else 1},
            hovertemplate="%{x}: %{y:.3%}<extra></extra>",
        )
    picture.add_vline(x=rank, line={"color": look.accent, "width": 2, "dash": "dash"})
    picture.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    )
    picture.update_yaxes(range=[0, 1.03], tickformat=".0%", title={"text": escape(y)})
    picture.update_xaxes(title={"text": escape(x)}, range=[0.5, len(keys) + 0.5], nticks=10, showgrid=False)
    return picture


def patterns(
    pair: Sequence[np.ndarray],
    names: Sequence[str],
    tokens: Sequence[str],
    look: Look,
    *,
    x: str,
    y: str,
    hover: str,
    height: int,
) -> go.Figure:
    """Attention patterns side by side, on one scale of 0..1; rows are queries, columns are keys.

    Args:
        pair: (T, S) each, NaN where masked.
        names: titles, one for each.
        hover: with ``{query}``, ``{seen}`` and ``{weight}``.

    Raises:
        ValueError: if the shapes do not fit the tokens.
    """
    T = len(tokens)
    if any(pattern.shape != (T, T) for pattern in pair):
        raise ValueError(f"{T} tokens do not fit patterns of {[pattern.shape for pattern in pair]}.")
    picture = figure(look, height=height, margin={"t": 34})
    width = (1 - GAP * (len(pair) - 1)) / len(pair)
    for n, (pattern, name) in enumerate(zip(pair, names, strict=True), start=1):
        number = "" if n == 1 else str(n)
        hovers = [
            [
                ""
                if np.isnan(weight)
                else escape(hover.format(query=tokens[t], seen=tokens[s], weight=f"{weight:.3f}"))
                for s, weight in enumerate(row)
            ]
            for t, row in enumerate(pattern.tolist())
        ]
        picture.add_heatmap(
            z=pattern,
            zmin=0,
            zmax=1,
            colorscale=[list(stop) for stop in look.probability],
            showscale=False,
            customdata=hovers,
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=False,
            xaxis=f"x{number}",
            yaxis=f"y{number}",
        )
        domain = [(n - 1) * (width + GAP), (n - 1) * (width + GAP) + width]
        bare = {"showgrid": False, "zeroline": False, "ticks": "", "showticklabels": False, "constrain": "domain"}
        labels: dict[str, Any] = {
            "tickvals": list(range(T)),
            "ticktext": [escape(token) for token in tokens],
            "showticklabels": True,
        }
        labelled = labels if n == 1 and T <= NAMED else {}
        # Names, or where they have no room, numbers of positions.
        numbered = {"showticklabels": True, "nticks": 5, "tickangle": 0} if T > NAMED else {}
        picture.update_layout(
            {
                f"xaxis{number}": bare
                | numbered
                | {"domain": domain, "anchor": f"y{number}", "title": {"text": escape(x), "standoff": 6}},
                f"yaxis{number}": bare
                | {
                    "autorange": "reversed",
                    "anchor": f"x{number}",
                    "scaleanchor": f"x{number}",
                    "constraintoward": "top",
                    "automargin": True,
                }
                | (labelled or (numbered if n == 1 else {}))
                | {"title": {"text": escape(y) if n == 1 else ""}},
            }
        )
        picture.add_annotation(
            x=domain[0],
            xref="paper",
            xanchor="left",
            y=1.0,
            yref="paper",
            yanchor="bottom",
            text=f"<b>{escape(name)}</b>",
            showarrow=False,
        )
    picture.update_layout(plot_bgcolor=look.masked)
    return picture
