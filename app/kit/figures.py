"""What all Plotly figures share: an empty figure in our look, token labels, and how a page shows one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.numbers import percent_change
from app.kit.theme import FONT, FONT_SIZE, Look, escape

CHANGE = 165  # px for "12.3 → 45.6 %  +33.3" at a bar's end, however wide the picture is


def token_axis(tokens: Sequence[str], *, title: str = "") -> dict:
    """Axis settings that put token i's label at position i; equal tokens stay apart."""
    return {
        "tickmode": "array",
        "tickvals": list(range(len(tokens))),
        "ticktext": [escape(t) for t in tokens],
        "title": {"text": title},
    }


def figure(look: Look, *, title: str = "", height: int = 420, margin: dict[str, int] | None = None) -> go.Figure:
    """An empty figure in the look of this project; show it with ``theme=None``.

    Args:
        title: plain text that states what the figure shows; escaped here.
        height: px.
        margin: px, merged into tight defaults (axes make room for their labels).
    """
    font = {"family": FONT, "size": round(FONT_SIZE * look.scale), "color": look.ink}
    heading = font | {"size": round(18 * look.scale)}
    axis = {
        "gridcolor": look.grid,
        "linecolor": look.grid,
        "zeroline": False,
        "automargin": True,
        "title": {"standoff": 8},
    }
    # In one call: each update of a figure checks the whole of it anew, which is what costs time.
    return go.Figure(
        layout={
            "template": "none",
            "height": height,
            "margin": {"l": 8, "r": 8, "t": 44 if title else 8, "b": 8} | (margin or {}),
            "title": {
                "text": escape(title),
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "font": heading,
            },
            "font": font,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hoverlabel": {"font": font, "bgcolor": look.paper, "bordercolor": look.faint},
            "showlegend": False,
            "dragmode": False,
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def before_after(
    tokens: Sequence[str],
    before: np.ndarray,
    after: np.ndarray,
    names: tuple[str, str],
    look: Look,
    *,
    x: str,
    height: int,
) -> go.Figure:
    """Two bars for each token, and the change in percentage points at their end.

    Args:
        tokens: n, as shown to people, the first on top.
        before, after: (n,) probabilities.
        names: of the two, for the legend.
        x: title of the axis.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if before.shape != (len(tokens),) or after.shape != before.shape:
        raise ValueError(f"{len(tokens)} tokens do not fit probabilities of shapes {before.shape} and {after.shape}.")
    made = figure(look, height=height, margin={"r": round(CHANGE * look.scale)})
    places = list(range(len(tokens)))
    shares = [percent_change(p, q) for p, q in zip(before.tolist(), after.tolist(), strict=True)]
    for name, values, colour, texts in (
        (names[0], before, look.residual, [share.before for share in shares]),
        (names[1], after, look.own, [share.after for share in shares]),
    ):
        made.add_bar(
            y=places,
            x=values,
            orientation="h",
            name=escape(name),
            marker={"color": colour},
            customdata=[f"{text} %" for text in texts],
            hovertemplate="%{customdata}<extra></extra>",
        )
    for place, p, q, printed in zip(places, before.tolist(), after.tolist(), shares, strict=True):
        text = f"{printed.before} → {printed.after} %  <b>{printed.change}</b>"
        colour = {"±": look.faint, "+": look.signed[-1][1], "−": look.signed[0][1]}[printed.change[0]]
        made.add_annotation(
            x=max(p, q), y=place, xanchor="left", xshift=8, text=text, showarrow=False, font={"color": colour}
        )
    most = max(0.05, float(np.maximum(before, after).max()))
    pairs_of_bars(made, tokens, most, x)
    return made


def pairs_of_bars(made: go.Figure, tokens: Sequence[str], most: float, x: str) -> None:
    """Lay out horizontal bars, two for each of n tokens, the first token on top.

    Args:
        most: the probability at the right end of the axis.
        x: title of the axis.
    """
    made.update_layout(
        bargap=0.3,
        bargroupgap=0.05,
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    made.update_xaxes(range=[0, most], tickformat=".0%", title={"text": escape(x)})
    made.update_yaxes(
        autorange="reversed",
        showgrid=False,
        tickmode="array",
        tickvals=list(range(len(tokens))),
        ticktext=[escape(token) for token in tokens],
    )
