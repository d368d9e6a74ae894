"""A network's neurons on the curve of their activation, and gate times up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure
from app.kit.theme import Look, escape

HEIGHT = 400
DIGITS = ":.4g"
DASHES = ("dot", "dash", "dashdot", "longdash")  # tell the other activations apart
SIDES = ("top left", "bottom right")  # of neighbours' numbers, in turn


def activation(
    pre: np.ndarray,
    activated: np.ndarray,
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    own: str,
    strongest: Sequence[int],
    chosen: int | None,
    names: Mapping[str, str],
    look: Look,
) -> go.Figure:
    """The neurons on the curve of the model's activation, the other curves drawn faintly.

    Args:
        pre, activated: (F,) each neuron before and after its activation.
        curves: by name, places and values of each function; `own` names the model's.
        strongest: neurons that are drawn larger; chosen: the one that is switched off.
        names: "neuron", "pre" and "activated", plain text.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if pre.ndim != 1 or activated.shape != pre.shape:
        raise ValueError(f"Neurons before and after the activation have shapes {pre.shape} and {activated.shape}.")
    made = figure(look, height=HEIGHT)
    for dash, (name, (x, y)) in zip(DASHES, sorted(curves.items(), key=lambda curve: curve[0] == own), strict=False):
        mine = name == own
        made.add_scatter(
            x=x,
            y=y,
            mode="lines",
            name=escape(name),
            line={"color": look.own, "width": 4} if mine else {"color": look.faint, "width": 2, "dash": dash},
            hoverinfo="skip",
        )
    _points(made, pre, activated, activated, names, look)
    _marks(made, pre, activated, strongest, chosen, look)
    made.update_layout(showlegend=True, legend={"x": 0.02, "y": 0.98, "bgcolor": "rgba(0,0,0,0)"})
    made.update_xaxes(title={"text": escape(names["pre"])}, zeroline=True, zerolinecolor=look.faint)
    made.update_yaxes(title={"text": escape(names["activated"])}, zeroline=True, zerolinecolor=look.faint)
    return made


def product(
    activated: np.ndarray,
    linear: np.ndarray,
    strongest: Sequence[int],
    chosen: int | None,
    names: Mapping[str, str],
    look: Look,
) -> go.Figure:
    """Each neuron of a gated network: its activated gate across, its other factor upwards, the product as colour.

    Args:
        activated, linear: (F,).
        strongest, chosen, names: as for `activation`; names: "neuron", "activated", "linear" and "post".

    Raises:
        ValueError: if the shapes do not fit.
    """
    if activated.ndim != 1 or linear.shape != activated.shape:
        raise ValueError(f"The two factors have shapes {activated.shape} and {linear.shape}.")
    made = figure(look, height=HEIGHT)
    post = activated * linear
    limit = float(np.abs(post).max()) or 1.0
    _points(made, activated, linear, post, names, look, limit)
    _marks(made, activated, linear, strongest, chosen, look)
    made.update_xaxes(title={"text": escape(names["activated"])}, zeroline=True, zerolinecolor=look.faint)
    made.update_yaxes(title={"text": escape(names["linear"])}, zeroline=True, zerolinecolor=look.faint)
    return made


def _points(
    made: go.Figure,
    x: np.ndarray,
    y: np.ndarray,
    post: np.ndarray,
    names: Mapping[str, str],
    look: Look,
    limit: float | None = None,
) -> None:
    lines = [f"{escape(names['neuron'])} %{{customdata[0]}}"]
    axes = ("pre", "activated") if limit is None else ("activated", "linear")
    lines += [f"{escape(names[name])}: %{{{axis}{DIGITS}}}" for name, axis in zip(axes, "xy", strict=True)]
    marker: dict = {"size": 8, "color": look.own, "opacity": 0.55}
    if limit is not None:
        lines.append(f"{escape(names['post'])}: %{{customdata[1]{DIGITS}}}")
        marker = {
            "size": 9,
            "color": post,
            "cmin": -limit,
            "cmax": limit,
            "colorscale": [list(stop) for stop in look.signed],
            "line": {"width": 1, "color": look.faint},
            "showscale": True,
            "colorbar": {
                "thickness": 12,
                "outlinewidth": 0,
                "title": {"text": escape(names["post"]), "side": "right"},
                "tickvals": [-limit, 0, limit],
                "ticktext": [f"−{limit:.2g}", "0", f"+{limit:.2g}"],
            },
        }
    made.add_scatter(
        x=x,
        y=y,
        mode="markers",
        name="",
        showlegend=False,
        marker=marker,
        customdata=np.stack([np.arange(len(x)), post], axis=-1),
        hovertemplate="<br>".join(lines) + "<extra></extra>",
    )


def _marks(
    made: go.Figure, x: np.ndarray, y: np.ndarray, strongest: Sequence[int], chosen: int | None, look: Look
) -> None:
    """Numbers beside the strongest neurons, and a ring around the chosen one."""
    some = sorted(strongest, key=lambda neuron: x[neuron])
    made.add_scatter(
        x=x[some],
        y=y[some],
        mode="markers+text",
        showlegend=False,
        text=[str(neuron) for neuron in some],
        textposition=[SIDES[n % 2] for n in range(len(some))],
        marker={"size": 12, "color": "rgba(0,0,0,0)", "line": {"width": 2, "color": look.ink}},
        hoverinfo="skip",
    )
    if chosen is not None:
        made.add_scatter(
            x=[x[chosen]],
            y=[y[chosen]],
            mode="markers",
            showlegend=False,
            marker={"size": 20, "color": "rgba(0,0,0,0)", "line": {"width": 4, "color": look.accent}},
            hoverinfo="skip",
        )
