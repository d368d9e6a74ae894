"""How the stream grows, how its additions sum to a difference of logits, and which heads did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from app.kit.figures import figure
from app.kit.theme import Look, escape

NUMBERED = 16  # layers whose numbers have room
NAMED = ("attention", "feed_forward")  # kinds that the legend names; the others stand below their only bar
WRITTEN = 18  # more bars than this, and their numbers are on hover only


def _colours(look: Look) -> dict[str, str]:
    rest = dict.fromkeys(("embedding", "position", "bias", "shift"), look.residual)
    return rest | {"attention": look.attention, "feed_forward": look.drawn, "total": look.query}


def _axis(labels: Sequence[str], layers: Sequence[int | None], names: Mapping[str, str]) -> dict:
    """The axis below the additions: upright numbers of layers, between attention and feed-forward of each.

    What belongs to no layer has its name, on lines of their own below: two of them may stand side by side.
    """
    every = max(1, -(-(1 + max((layer for layer in layers if layer is not None), default=0)) // NUMBERED))
    ticks, line = {}, 0
    for place, (label, layer) in enumerate(zip(labels, layers, strict=True)):
        line = line + 1 if layer is None else 0
        if layer is None:
            ticks[float(place)] = "<br>" * line + escape(label)
        elif layer % every == 0:
            places = [at for at, other in enumerate(layers) if other == layer]
            ticks[sum(places) / len(places)] = str(layer)
    return {
        "tickmode": "array",
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
        "tickangle": 0,
        "range": [-0.6, len(labels) - 0.4],
        "title": {"text": escape(names["layers"] + (names["thinned"].format(every=every) if every > 1 else ""))},
    }


def growth(
    labels: Sequence[str],
    kinds: Sequence[str],
    lengths: np.ndarray,
    stream: np.ndarray,
    cosines: np.ndarray,
    layers: Sequence[int | None],
    names: Mapping[str, str],
    look: Look,
) -> go.Figure:
    """Above, lengths of the additions and of the stream after each; below, their directions.

    Args:
        labels, kinds: n, what each addition is: plain text, and the name of its colour and of its line in the legend.
        lengths, stream: (n,), drawn on a logarithmic axis.
        cosines: (n,) with what was there before, -1 to 1.
        layers: n, whose additions they are; None of what belongs to no layer.
        names: of the kinds in the legend, "stream", "length", "cosine", "layers" and "thinned" with {every}.

    Raises:
        ValueError: if the shapes do not fit.
    """
    shape = (len(labels),)
    if not len(kinds) == len(layers) == len(labels) or not lengths.shape == stream.shape == cosines.shape == shape:
        raise ValueError(f"{len(labels)} additions do not fit shapes {lengths.shape}, {stream.shape}, {cosines.shape}.")
    made = figure(look, height=470)
    at, colours, texts = np.arange(len(labels)), _colours(look), np.array([escape(label) for label in labels])
    made.add_scatter(
        x=at,
        y=stream,
        mode="lines",
        name=escape(names["stream"]),
        line={"color": look.residual, "width": 4, "shape": "hvh"},
        customdata=texts,
        hovertemplate="%{customdata}: %{y:.4g}<extra></extra>",
    )
    for kind in dict.fromkeys(kinds):
        own = np.array([each == kind for each in kinds])
        hover = {"customdata": texts[own], "hovertemplate": "%{customdata}: %{y:.4g}<extra></extra>"}
        marker = {"color": colours[kind], "size": 11}
        made.add_scatter(
            x=at[own],
            y=lengths[own],
            mode="markers",
            name=escape(names.get(kind, "")),
            showlegend=kind in NAMED,
            marker=marker,
            **hover,
        )
        made.add_bar(x=at[own], y=cosines[own], yaxis="y2", showlegend=False, marker={"color": colours[kind]}, **hover)
    made.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        bargap=0.3,
        yaxis={"type": "log", "dtick": 1, "domain": [0.46, 1], "title": {"text": escape(names["length"])}},
        yaxis2={
            "domain": [0, 0.36],
            "range": [-1, 1],
            "dtick": 0.5,
            "gridcolor": look.grid,
            "zeroline": True,
            "zerolinecolor": look.faint,
            "automargin": True,
            "title": {"text": escape(names["cosine"])},
        },
    )
    made.update_xaxes(showgrid=False, anchor="y2", **_axis(labels, layers, names))
    return made


def effects(
    labels: Sequence[str],
    kinds: Sequence[str],
    values: np.ndarray,
    texts: Sequence[str],
    total: str,
    layers: Sequence[int | None],
    names: Mapping[str, str],
    look: Look,
) -> go.Figure:
    """Each part's effect as a step from the sum of those before it; the last bar is the sum of all.

    Args:
        labels, kinds: n, as for `growth`.
        values: (n,) in logits; texts: n + 1, each of them and their sum as written.
        total: label of the last bar.
        layers: n, as for `growth`.
        names: of the kinds in the legend, "axis", "layers" and "thinned" with {every}.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if values.shape != (len(labels),) or len(kinds) != len(labels) or len(texts) != len(labels) + 1:
        raise ValueError(f"{len(labels)} parts do not fit effects of shape {values.shape}.")
    made = figure(look, height=415)
    ends = values.cumsum()
    starts = np.concatenate([[0.0], ends[:-1]])
    colours = _colours(look)
    every = [*labels, total]
    at = np.arange(len(every))
    steps = np.append(values, ends[-1] if len(ends) else 0.0)
    bases = np.append(starts, 0.0)
    sorts = np.array([*kinds, "total"])
    written = np.array(texts)
    for kind in dict.fromkeys(sorts.tolist()):
        own = sorts == kind
        made.add_bar(
            x=at[own],
            y=steps[own],
            base=bases[own],
            width=0.72,
            name=escape(names.get(kind, "")),
            showlegend=kind in NAMED,
            marker={"color": colours[kind]},
            text=written[own] if len(every) <= WRITTEN else None,
            textposition="outside",
            cliponaxis=False,
            customdata=np.stack([np.array([escape(every[i]) for i in at[own]]), written[own]], axis=-1),
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        )
    made.add_scatter(
        x=np.repeat(at, 2)[1:-1] if len(ends) else [],
        y=np.repeat(ends, 2),
        mode="lines",
        line={"color": look.faint, "width": 1},
        showlegend=False,
        hoverinfo="skip",
    )
    made.update_layout(
        barmode="overlay",
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    made.update_yaxes(title={"text": escape(names["axis"])}, zeroline=True, zerolinecolor=look.ink)
    made.update_xaxes(showgrid=False, **_axis(every, [*layers, None], names))
    return made


def heads(values: np.ndarray, names: Mapping[str, str], look: Look) -> go.Figure:
    """Every head's effect: layers downwards, heads across.

    Args:
        values: (L, H) in logits.
        names: "layer" and "head" for the axes, "hover" with {layer}, {head} and {effect}, plain text.
    """
    L, H = values.shape
    limit = float(np.abs(values).max()) or 1.0
    made = figure(look, height=min(620, max(400, 18 * L + 90)))
    hover = escape(names["hover"]).format(layer="%{y}", head="%{x}", effect="%{z:+.3f}")
    made.add_heatmap(
        z=values,
        zmin=-limit,
        zmax=limit,
        colorscale=[list(stop) for stop in look.signed],
        xgap=1,
        ygap=1,
        hovertemplate=f"{hover}<extra></extra>",
        colorbar={
            "thickness": 12,
            "outlinewidth": 0,
            "tickvals": [-limit, 0, limit],
            "ticktext": [f"−{limit:.2g}", "0", f"+{limit:.2g}"],
        },
    )
    made.update_xaxes(title={"text": escape(names["head"])}, showgrid=False, dtick=1 if H <= 16 else 4)
    every = -(-L // 12)
    made.update_yaxes(title={"text": escape(names["layer"])}, autorange="reversed", showgrid=False, dtick=every)
    return made
