"""How alike the vectors of two positions are."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure
from app.kit.theme import Look, escape


def alike(similarities: np.ndarray, position: int, last: int, look: Look, *, x: str, y: str) -> go.Figure:
    """The cosines between one position's vector and every other's, by position.

    Args:
        similarities: (C,).
        position: the one they are measured from.
        last: the prompt's last position: those up to it are drawn strongly.
        x, y: titles of the axes.

    Raises:
        ValueError: if a position lies outside.
    """
    count = len(similarities)
    if similarities.shape != (count,) or not 0 <= position < count or not 0 <= last < count:
        raise ValueError(f"positions {position} and {last} do not fit similarities of shape {similarities.shape}.")
    made = figure(look, height=300)
    places = np.arange(count)
    for name, part, colour in (("rest", slice(last, count), look.faint), ("prompt", slice(0, last + 1), look.own)):
        made.add_scatter(
            x=places[part],
            y=similarities[part],
            mode="lines+markers" if name == "prompt" and last < 64 else "lines",
            line={"color": colour, "width": 3 if name == "prompt" else 2},
            hovertemplate="%{x}: %{y:.4f}<extra></extra>",
        )
    made.add_scatter(
        x=[position],
        y=[similarities[position]],
        mode="markers",
        marker={"size": 14, "color": look.accent},
        hovertemplate="%{x}: %{y:.4f}<extra></extra>",
    )
    made.update_xaxes(title={"text": escape(x)}, range=[-0.02 * count, 1.02 * count])
    made.update_yaxes(title={"text": escape(y)}, range=[-1.05, 1.08], dtick=0.5)
    return made
