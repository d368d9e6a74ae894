"""How well a model expected each token of the prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure, token_axis
from app.kit.theme import Look, escape

LABELLED = 60  # with more tokens their labels would overlap


def foreseen(
    tokens: Sequence[str],
    probabilities: np.ndarray,
    hovers: Sequence[str],
    look: Look,
    *,
    title: str,
    y: str,
    chosen: int | None = None,
) -> go.Figure:
    """One bar for each token after the first: the probability the model gave it beforehand.

    Args:
        tokens: the T tokens as shown.
        probabilities: (T - 1,) of the tokens 1 ... T - 1, in 0..1.
        hovers: T - 1 plain texts, one for each bar.
        title, y: of the figure and its axis, plain text.
        chosen: index in the prompt of a token to mark.

    Raises:
        ValueError: if the lengths do not fit.
    """
    count = len(tokens) - 1
    if probabilities.shape != (count,) or len(hovers) != count:
        raise ValueError(
            f"{len(tokens)} tokens need {count} probabilities and hover texts, "
            f"not {probabilities.shape} and {len(hovers)}."
        )
    made = figure(look, title=title, height=320)
    colours = [look.accent if i + 1 == chosen else look.attention for i in range(count)]
    made.add_bar(
        x=np.arange(count),
        y=probabilities,
        marker={"color": colours, "line": {"width": 0}},
        customdata=[escape(text) for text in hovers],
        hovertemplate="%{customdata}<extra></extra>",
    )
    made.update_layout(bargap=0.25 if count > 12 else 0.6)
    made.update_yaxes(range=[0, 1.02], tickformat=".0%", dtick=0.25, title={"text": escape(y)})
    made.update_xaxes(showgrid=False, **token_axis(tokens[1:]))
    if count > LABELLED:
        made.update_xaxes(showticklabels=False)
    return made
