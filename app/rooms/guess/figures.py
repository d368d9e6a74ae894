"""The running score, and how a word rose from layer to layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure, token_axis
from app.kit.theme import Look, escape

HEIGHT = 300  # px
NAMED = 8  # layers whose leading token is written


def score(
    tokens: Sequence[str],
    ours: np.ndarray,
    theirs: np.ndarray,
    names: Mapping[str, str],
    look: Look,
) -> go.Figure:
    """Bits of surprise, added up from token to token.

    Args:
        tokens: n, as shown to people.
        ours, theirs: (n,) bits of each token, of class and model.
        names: "ours", "theirs", "axis".

    Raises:
        ValueError: if the shapes do not fit.
    """
    if ours.shape != (len(tokens),) or theirs.shape != ours.shape:
        raise ValueError(f"{len(tokens)} tokens do not fit bits of shapes {ours.shape} and {theirs.shape}.")
    made = figure(look, height=HEIGHT, margin={"r": round(72 * look.scale)})
    places = list(range(len(tokens)))
    named = np.array([escape(token) for token in tokens])
    for values, name, colour, symbol in (
        (ours, "ours", look.query, "circle"),
        (theirs, "theirs", look.own, "square"),
    ):
        total = values.cumsum()
        made.add_scatter(
            x=places,
            y=total,
            mode="lines+markers+text",
            name=escape(names[name]),
            line={"color": colour, "width": 3},
            marker={"size": 9, "symbol": symbol},
            text=[""] * (len(tokens) - 1) + [f" {total[-1]:.1f}"],
            textposition="middle right",
            textfont={"color": look.ink, "size": 18},
            cliponaxis=False,
            customdata=np.stack([named, np.array([f"{value:.2f}" for value in values])], axis=-1),
            hovertemplate=f"{escape(names[name])}, %{{customdata[0]}}: %{{customdata[1]}}<extra></extra>",
        )
    made.update_layout(showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"})
    made.update_xaxes(showgrid=False, range=[-0.4, max(1, len(tokens) - 1) + 0.4], **token_axis(tokens))
    made.update_yaxes(rangemode="tozero", title={"text": escape(names["axis"])})
    return made


def way(
    ranks: np.ndarray, best: Sequence[str], hovers: Sequence[str], names: Mapping[str, str], look: Look
) -> go.Figure:
    """A word's rank by the lens in the input and after each layer, with the token that leads there beside it.

    Args:
        ranks: (L + 1,), 1 on top; drawn on a logarithmic axis.
        best: L + 1, the leading token as shown to people.
        hovers: L + 1, plain text.
        names: "input", "layer", "axis".

    Raises:
        ValueError: if the shapes do not fit.
    """
    if ranks.shape != (len(best),) or len(hovers) != len(best):
        raise ValueError(f"{len(best)} layers do not fit ranks of shape {ranks.shape}.")
    made = figure(look, height=HEIGHT, margin={"t": 30, "r": 30})
    places = list(range(len(best)))
    every = -(-len(best) // NAMED)
    made.add_scatter(
        x=places,
        y=ranks,
        mode="lines+markers+text",
        line={"color": look.own, "width": 3},
        marker={"size": 10, "color": [look.accent if rank == 1 else look.own for rank in ranks]},
        text=[escape(token) if i % every == 0 else "" for i, token in enumerate(best)],
        textposition="top center",
        cliponaxis=False,
        customdata=[escape(hover) for hover in hovers],
        hovertemplate="%{customdata}<extra></extra>",
    )
    decades = range(int(np.ceil(np.log10(max(10, ranks.max())))) + 1)
    ticks = [10**power for power in decades]
    made.update_yaxes(
        type="log",
        range=[decades[-1] + 0.1, -0.15],
        tickvals=ticks,
        ticktext=[f"{tick:,}" for tick in ticks],
        title={"text": escape(names["axis"])},
    )
    made.update_xaxes(
        showgrid=False,
        tickmode="array",
        tickvals=places[::every],
        ticktext=[escape(names["input"]), *map(str, range(len(best) - 1))][::every],
        tickangle=0,
        title={"text": escape(names["layer"])},
        range=[-0.5, len(best) - 0.5],
    )
    return made
