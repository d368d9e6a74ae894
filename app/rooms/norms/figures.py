"""How long a token's vector is before and after each norm of the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure
from app.kit.theme import Look, escape

LABELLED = 14  # more places than this, and only the first norm of a layer is named


def lengths(
    places: Sequence[str],
    before: np.ndarray,
    after: np.ndarray,
    names: tuple[str, str],
    look: Look,
    *,
    y: str,
    chosen: int,
    per_layer: int = 2,
) -> go.Figure:
    """Two lines over the norms in the order of the model.

    Args:
        places: n, plain text, each norm's name.
        before, after: (n,) lengths, drawn on a logarithmic axis.
        names: of the two lines.
        y: title of the axis.
        chosen: index of the norm that the page shows, which is marked.
        per_layer: norms in each layer.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if before.shape != (len(places),) or after.shape != before.shape:
        raise ValueError(f"{len(places)} norms do not fit lengths of shapes {before.shape} and {after.shape}.")
    made = figure(look, height=300)
    at = list(range(len(places)))
    labels = [escape(place) for place in places]
    for name, values, colour in ((names[0], before, look.residual), (names[1], after, look.query)):
        made.add_scatter(
            x=at,
            y=values,
            mode="lines+markers",
            name=escape(name),
            line={"color": colour, "width": 3},
            marker={"size": 8},
            customdata=labels,
            hovertemplate="%{customdata}: %{y:.4g}<extra></extra>",
        )
    every = 1 if len(places) <= LABELLED else per_layer * -(-len(places) // (per_layer * LABELLED))
    made.add_vline(x=chosen, line={"color": look.accent, "width": 2, "dash": "dot"})
    made.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"}, hovermode="closest"
    )
    made.update_yaxes(type="log", dtick=1, title={"text": escape(y)})
    made.update_xaxes(showgrid=False, tickmode="array", tickvals=at[::every], ticktext=labels[::every])
    return made
