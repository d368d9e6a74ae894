"""How far a position turns each pair of a query's and key's entries: one clock for each pair."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure
from app.kit.theme import Look, escape

COLUMNS = 11
ARC_STEPS = 48  # points on a whole circle
APART = 2.9  # from clock to clock across; a radius is 1
BELOW = 3.3  # from clock to clock down: room for its label


def clocks(radians: np.ndarray, position: int, look: Look, *, hover: str) -> go.Figure:
    """A hand for each pair: it points right at position 0 and has turned by `position` times `radians`.

    Args:
        radians: (P,) turned per position.
        position: of the token, 0 the first.
        hover: words for a clock, with ``{pair}``, ``{radians}``, ``{angle}`` and ``{period}``.

    Raises:
        ValueError: if `radians` is not a vector, or `position` is negative.
    """
    if radians.ndim != 1 or position < 0:
        raise ValueError(f"radians must be (P,) and position 0 or more, not {radians.shape} and {position}.")
    rows = -(-len(radians) // COLUMNS)
    made = figure(look, height=16 + 124 * rows)
    around = np.linspace(0, 2 * np.pi, ARC_STEPS + 1)
    faces, arcs, hands = [], [], []
    gap = np.full((1, 2), np.nan)  # lifts the pen between clocks: one trace draws them all
    for pair, rate in enumerate(radians):
        centre = np.array([APART * (pair % COLUMNS), -BELOW * (pair // COLUMNS)])
        angle = float(rate) * position
        faces += [_circle(around) + centre, gap]
        arcs += [0.55 * _circle(np.linspace(0, min(angle, 2 * np.pi), ARC_STEPS)) + centre, gap]
        hands += [np.stack([centre, centre + _circle(angle)]), gap]
        degrees = f"{np.degrees(angle):.0f}°" if angle > 0.0175 or angle == 0 else f"{np.degrees(angle):.2g}°"
        made.add_annotation(x=centre[0], y=centre[1] - 1.42, text=f"{pair}: <b>{degrees}</b>", showarrow=False)
    for points, colour, width in ((faces, look.faint, 1), (arcs, look.attention, 3), (hands, look.query, 4)):
        x, y = np.concatenate(points).T
        made.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": width}, hoverinfo="skip")
    made.add_scatter(
        x=[APART * (pair % COLUMNS) for pair in range(len(radians))],
        y=[-BELOW * (pair // COLUMNS) for pair in range(len(radians))],
        mode="markers",
        marker={"size": 60, "color": "rgba(0,0,0,0)"},
        hovertext=[
            escape(
                hover.format(
                    pair=pair, radians=f"{rate:.4g}", angle=f"{rate * position:.4g}", period=f"{2 * np.pi / rate:,.1f}"
                )
            )
            for pair, rate in enumerate(radians.tolist())
        ],
        hoverinfo="text",
    )
    across = APART * (COLUMNS - 1)
    made.update_xaxes(visible=False, range=[-1.3, across + 1.3], constrain="domain")
    made.update_yaxes(visible=False, range=[-BELOW * (rows - 1) - 1.85, 1.15], scaleanchor="x")
    return made


def _circle(angle: np.ndarray | float) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)
