"""How well a model expected each token of the prompt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure, token_axis
from app.kit.theme import Look, escape

NUMBERED = 16  # layers whose numbers have room below an axis


def foreseen(
    tokens: Sequence[str],
    probabilities: np.ndarray,
    hovers: Sequence[str],
    look: Look,
    *,
    title: str,
    x: str,
    y: str,
    chosen: int | None = None,
) -> go.Figure:
    """One bar for each token after the first: the probability the model gave it beforehand.

    Args:
        tokens: the T tokens as shown.
        probabilities: (T - 1,) of the tokens 1 ... T - 1, in 0..1.
        hovers: T - 1 plain texts, one for each bar.
        title: of the figure, plain text.
        x, y: of its axes; that of x where not every token can be named.
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
        x=np.arange(1, count + 1),
        y=probabilities,
        marker={"color": colours, "line": {"width": 0}},
        customdata=[escape(text) for text in hovers],
        hovertemplate="%{customdata}<extra></extra>",
    )
    made.update_layout(bargap=0.25 if count > 12 else 0.6)
    made.update_yaxes(range=[0, 1.02], tickformat=".0%", dtick=0.25, title={"text": escape(y)})
    made.update_xaxes(showgrid=False, **token_axis(tokens[1:], first=1, title=x))
    return made


def curve(
    ranks: np.ndarray,
    own: np.ndarray,
    tempered: np.ndarray,
    edges: Sequence[tuple[int, str]],
    names: tuple[str, str],
    look: Look,
    *,
    x: str,
    y: str,
) -> go.Figure:
    """The whole vocabulary by rank on logarithmic axes, before and after temperature, and where each step cut it off.

    Args:
        ranks: (n,) from 1 on.
        own, tempered: (n,) probabilities of the tokens of these ranks.
        edges: the last rank that a step left, and words for its line.
        names: of the two curves.
        x, y: titles of the axes.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if own.shape != ranks.shape or tempered.shape != ranks.shape:
        raise ValueError(f"{ranks.shape} ranks do not fit probabilities of shapes {own.shape} and {tempered.shape}.")
    made = figure(look, height=330)
    for name, values, colour in ((names[0], own, look.own), (names[1], tempered, look.drawn)):
        made.add_scatter(
            x=ranks,
            y=np.where(values > 0, values, np.nan),  # zero has no place on a logarithmic axis
            mode="lines" if len(ranks) > 1 else "markers",
            name=escape(name),
            line={"color": colour, "width": 3, "dash": "solid" if colour == look.own else "dash"},
            hovertemplate="%{x:,}: %{y:.3g}<extra></extra>",
        )
    for place, (last, words) in enumerate(edges):
        made.add_vline(x=last, line={"color": look.accent, "width": 2, "dash": "dot"})
        made.add_annotation(
            x=np.log10(last),
            y=0.98 - 0.13 * place,
            yref="paper",
            text=escape(words),
            showarrow=False,
            xanchor="left" if last < ranks[-1] ** 0.6 else "right",
            xshift=4 if last < ranks[-1] ** 0.6 else -4,
            font={"color": look.accent},
            bgcolor=look.paper,
        )
    made.update_layout(showlegend=True, legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"})
    made.update_xaxes(type="log", dtick=1, title={"text": escape(x)})
    made.update_yaxes(type="log", exponentformat="power", nticks=6, title={"text": escape(y)})
    return made


def followed(
    tokens: Sequence[str],
    probabilities: np.ndarray,
    rows: Sequence[str],
    hovers: Sequence[Sequence[str]],
    look: Look,
    *,
    x: str,
    thinned: str,
    y: str,
) -> go.Figure:
    """A line for each token: its probability in every row of the lens, with its name where it is highest.

    Args:
        tokens: n, as shown to people.
        probabilities: (n, R).
        rows: R names: of the input, and of the layers.
        hovers: n times R plain texts.
        x, y: titles of the axes.
        thinned: added to `x` with {every}, where not every layer is numbered.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if probabilities.shape != (len(tokens), len(rows)):
        raise ValueError(f"{len(tokens)} tokens and {len(rows)} rows do not fit {probabilities.shape}.")
    made = figure(look, height=360, margin={"t": 30})
    for place, (token, shares) in enumerate(zip(tokens, probabilities, strict=True)):
        last = place == len(tokens) - 1  # the one that leads at the end
        colour = look.own if last else look.experts[place % len(look.experts)]
        made.add_scatter(
            x=np.arange(len(rows)),
            y=shares,
            mode="lines+markers",
            line={"color": colour, "width": 5 if last else 2.5},
            customdata=[escape(text) for text in hovers[place]],
            hovertemplate="%{customdata}<extra></extra>",
        )
        peak = int(shares.argmax())
        made.add_annotation(
            x=peak, y=float(shares[peak]), text=escape(token), showarrow=False, yshift=14, font={"color": colour}
        )
    every = max(1, -(-(len(rows) - 1) // NUMBERED))
    layers = range(0, len(rows) - 1, every)
    made.update_xaxes(
        showgrid=False,
        tickmode="array",
        tickvals=[0, *(layer + 1 for layer in layers)],
        ticktext=[f"<br>{escape(rows[0])}", *map(str, layers)],
        tickangle=0,
        title={"text": escape(x + (thinned.format(every=every) if every > 1 else ""))},
        range=[-0.4, len(rows) - 0.6],
    )
    made.update_yaxes(range=[0, 1.08], tickformat=".0%", dtick=0.25, title={"text": escape(y)})
    return made
