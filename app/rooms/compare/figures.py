"""Two predictions of the next token, beside each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import CHANGE, figure, pairs_of_bars
from app.kit.numbers import percent_change
from app.kit.theme import Look, escape


def predictions(
    tokens: Sequence[str], a: np.ndarray, b: np.ndarray, names: tuple[str, str], look: Look, *, x: str, height: int
) -> go.Figure:
    """Two bars for each token, and A − B in percentage points at their end.

    Args:
        tokens: n, as shown to people, the first on top.
        a, b: (n,) probabilities; NaN where a side's vocabulary has no such token.
        names: of the sides, for the legend.
        x: title of the axis.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if a.shape != (len(tokens),) or b.shape != a.shape:
        raise ValueError(f"{len(tokens)} tokens do not fit probabilities of shapes {a.shape} and {b.shape}.")
    made = figure(look, height=height, margin={"r": round(CHANGE * look.scale)})
    places = list(range(len(tokens)))
    for name, values, colour in ((names[0], a, look.own), (names[1], b, look.residual)):
        made.add_bar(y=places, x=values, orientation="h", name=escape(name), marker={"color": colour}, hoverinfo="skip")
    for place, p, q in zip(places, a.tolist(), b.tolist(), strict=True):
        known = [value for value in (p, q) if np.isfinite(value)]
        if len(known) == 2:
            printed = percent_change(q, p)
            text = f"{printed.after} − {printed.before} = <b>{printed.change}</b>"
            colour = {"±": look.faint, "+": look.query, "−": look.key}[printed.change[0]]
        else:
            text, colour = " / ".join(f"{100 * v:.1f}" if np.isfinite(v) else "–" for v in (p, q)), look.faint
        made.add_annotation(
            x=max(known), y=place, xanchor="left", xshift=8, text=text, showarrow=False, font={"color": colour}
        )
    most = max(0.05, float(np.nanmax(np.concatenate([a, b]))))
    pairs_of_bars(made, tokens, most, x)
    return made
