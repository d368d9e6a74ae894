"""What all Plotly figures share: an empty figure in our look, token labels, and how a page shows one."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.numbers import percent_change
from app.kit.theme import FONT, FONT_SIZE, Look, escape

CHANGE = 165  # px for "12.3 → 45.6 %  +33.3" at a bar's end, however wide the picture is


NARROWEST = 700  # px between the ends of an axis of tokens: on a narrower screen the picture scrolls
LINES = 3  # on which names stand below each other


def token_axis(tokens: Sequence[str], *, first: int = 0, title: str = "") -> dict:
    """Axis settings that put token i's upright label at position `first` + i; equal tokens stay apart.

    Names that do not fit beside each other stand on up to three lines; where they do not fit then either, the axis has
    numbers of positions.

    Args:
        first: position of the first token.
        title: said below the numbers; names need none.
    """
    room = NARROWEST / FONT_SIZE / max(1, len(tokens))  # of a name on the only line
    widest = max(map(_width, tokens), default=0.0) + 0.5
    if LINES * room < widest:
        return {"tickmode": "auto", "nticks": 16, "tickangle": 0, "title": {"text": escape(title)}}
    lines = next(lines for lines in range(1, LINES + 1) if lines * room >= widest)
    return {
        "tickmode": "array",
        "tickvals": list(range(first, first + len(tokens))),
        "ticktext": ["<br>" * (place % lines) + escape(token) for place, token in enumerate(tokens)],
        "tickangle": 0,
    }


def _width(text: str) -> float:
    """About how wide `text` is drawn, in units of the size of type."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else 0.58 for c in text)


def figure(look: Look, *, title: str = "", height: int = 420, margin: dict[str, int] | None = None) -> go.Figure:
    """An empty figure in the look of this project; show it with ``theme=None``.

    Args:
        title: plain text that states what the figure shows; escaped here.
        height: px on a screen of usual size.
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
            "height": round(height * look.grown),
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
