"""Caches as pictures: growing curves, sizes of four kinds of attention, ranks, patterns before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure, token_axis
from app.kit.theme import Look, escape

NAME = 0.065  # height of a line's name, of the whole axis
LABELLED = 45  # tokens whose labels fit below an axis
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


def growth(
    curves: Sequence[Curve], tokens: Sequence[str], most: int, look: Look, *, x: str, y: str, hover: str, height: int
) -> go.Figure:
    """Bytes held against tokens read: a line for each formula, a dot for each measurement.

    Args:
        curves: drawn in this order.
        tokens: those read or written so far, n of them.
        most: tokens at the right end of the axis, at least n.
        x, y: titles of the axes.
        hover: with ``{name}``, ``{tokens}`` and ``{bytes}``, of a measurement.

    Raises:
        ValueError: where more tokens are held than fit on the axis.
    """
    if most < len(tokens):
        raise ValueError(f"{len(tokens)} tokens do not fit on an axis of {most}.")
    made = figure(look, height=height, margin={"r": 60})
    colours = kind_colours(look)
    for curve in curves:
        colour = colours[curve.kind]
        line = {"color": colour, "width": 2, "dash": DASHES[curve.kind]}
        made.add_scatter(x=[0, most], y=[0, curve.per_token * most], mode="lines", line=line, hoverinfo="skip")
        if curve.measured:
            at, held = zip(*curve.measured, strict=True)
            said = [escape(hover.format(name=curve.name, tokens=n, bytes=f"{b:,}")) for n, b in curve.measured]
            marker = {"color": colour, "size": 10 if len(at) < 30 else 7, "line": {"color": look.paper, "width": 1}}
            made.add_scatter(
                x=at,
                y=held,
                mode="markers",
                marker=marker,
                customdata=said,
                hovertemplate="%{customdata}<extra></extra>",
            )
    top = max(curve.per_token for curve in curves) * most
    lowest = 0.0
    for curve in sorted(curves, key=lambda curve: curve.per_token):
        lowest = max(curve.per_token * most, lowest)  # names of lines that end close together stay apart
        made.add_annotation(
            x=most,
            y=lowest,
            xanchor="left",
            xshift=6,
            text=escape(curve.name),
            showarrow=False,
            font={"color": colours[curve.kind]},
        )
        lowest += NAME * top
    made.update_yaxes(range=[0, 1.06 * top], title={"text": escape(y)}, tickformat="~s", ticksuffix="B")
    if most <= LABELLED:
        labels = [*tokens, *[""] * (most - len(tokens))]
        made.update_xaxes(**token_axis(labels), tickangle=-90)
        made.update_xaxes(tickvals=list(range(1, most + 1)))  # after its first token a cache holds one
    made.update_xaxes(range=[0, most + 0.5], title={"text": escape(x)}, showgrid=False)
    return made


def bars(rows: Sequence[tuple[str, str, int, str, bool]], look: Look, *, x: str, height: int) -> go.Figure:
    """A bar of bytes for each row, the first on top.

    Args:
        rows: kind of attention (its colour), label, bytes, text at the bar's end, and whether the row is the model's own.
        x: title of the axis.
    """
    made = figure(look, height=height)
    colours, most = kind_colours(look), max(row[2] for row in rows)
    for place, (kind, label, size, text, own) in enumerate(rows):
        said = escape(f"{label}: {size:,} B")
        marker = {"color": colours[kind], "line": {"color": look.ink, "width": 2 if own else 0}}
        made.add_bar(
            y=[place],
            x=[size],
            orientation="h",
            marker=marker,
            customdata=[said],
            hovertemplate="%{customdata}<extra></extra>",
        )
        made.add_annotation(
            x=size,
            y=place,
            xanchor="left",
            xshift=8,
            text=f"<b>{escape(text)}</b>" if own else escape(text),
            showarrow=False,
        )
    ticks = [f"<b>{escape(label)}</b>" if own else escape(label) for _, label, _, _, own in rows]
    made.update_layout(bargap=0.28)
    made.update_yaxes(
        autorange="reversed", showgrid=False, tickmode="array", tickvals=list(range(len(rows))), ticktext=ticks
    )
    made.update_xaxes(range=[0, 1.5 * most], title={"text": escape(x)}, tickformat="~s", ticksuffix="B", nticks=6)
    return made


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
    made = figure(look, height=height)
    for shares, name, colour in ((keys, names[0], look.key), (values, names[1], look.value)):
        made.add_scatter(
            x=np.arange(1, len(shares) + 1),
            y=shares,
            mode="lines+markers",
            name=escape(name),
            line={"color": colour, "width": 3},
            marker={"size": 7 if len(shares) <= 64 else 1},
            hovertemplate="%{x}: %{y:.3%}<extra></extra>",
        )
    made.add_vline(x=rank, line={"color": look.accent, "width": 2, "dash": "dash"})
    made.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    )
    made.update_yaxes(range=[0, 1.03], tickformat=".0%", title={"text": escape(y)})
    made.update_xaxes(title={"text": escape(x)}, range=[0.5, len(keys) + 0.5], nticks=10, showgrid=False)
    return made


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
    made = figure(look, height=height, margin={"t": 34})
    width = (1 - GAP * (len(pair) - 1)) / len(pair)
    for n, (pattern, name) in enumerate(zip(pair, names, strict=True), start=1):
        number = "" if n == 1 else str(n)
        said = [
            [
                ""
                if np.isnan(weight)
                else escape(hover.format(query=tokens[t], seen=tokens[s], weight=f"{weight:.3f}"))
                for s, weight in enumerate(row)
            ]
            for t, row in enumerate(pattern.tolist())
        ]
        made.add_heatmap(
            z=pattern,
            zmin=0,
            zmax=1,
            colorscale=[list(stop) for stop in look.probability],
            showscale=False,
            customdata=said,
            hovertemplate="%{customdata}<extra></extra>",
            hoverongaps=False,
            xaxis=f"x{number}",
            yaxis=f"y{number}",
        )
        domain = [(n - 1) * (width + GAP), (n - 1) * (width + GAP) + width]
        bare = {"showgrid": False, "zeroline": False, "ticks": "", "showticklabels": False, "constrain": "domain"}
        labelled = {**token_axis(tokens), "showticklabels": True} if n == 1 and T <= NAMED else {}
        made.update_layout(
            {
                f"xaxis{number}": bare
                | {"domain": domain, "anchor": f"y{number}", "title": {"text": escape(x), "standoff": 6}},
                f"yaxis{number}": bare
                | {
                    "autorange": "reversed",
                    "anchor": f"x{number}",
                    "scaleanchor": f"x{number}",
                    "constraintoward": "top",
                    "automargin": True,
                }
                | labelled
                | {"title": {"text": escape(y) if n == 1 else ""}},
            }
        )
        made.add_annotation(
            x=domain[0],
            xref="paper",
            xanchor="left",
            y=1.0,
            yref="paper",
            yanchor="bottom",
            text=f"<b>{escape(name)}</b>",
            showarrow=False,
        )
    made.update_layout(plot_bgcolor=look.masked)
    return made
