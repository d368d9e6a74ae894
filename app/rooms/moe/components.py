"""Pictures of a mixture of experts: who goes where, as map, layers and flow; and one token's decision.

Nothing is asked of the server until something is clicked: hovering is answered in the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from app.kit.component import declare, pack

STYLES = ("experts.css",)
_map = declare(__file__, "map", front=("dom", "colour", "arrays", "events", "numbers"), styles=STYLES)
_layers = declare(__file__, "layers", front=("dom", "colour", "arrays", "events"), styles=STYLES)
_flow = declare(__file__, "flow", front=("dom", "colour", "arrays", "events", "numbers"), styles=STYLES)
_decision = declare(__file__, "decision", front=("dom", "colour"), styles=STYLES)
_likes = declare(__file__, "likes", front=("dom", "colour", "numbers"), styles=STYLES)


def packed(array: np.ndarray) -> str:
    """`array` as float32 for the browser."""
    return pack(array.astype("<f4", copy=False))


def routes_map(
    tokens: Sequence[str],
    weights: np.ndarray,
    scores: np.ndarray,
    load: np.ndarray,
    labels: dict[str, str],
    *,
    most: float,
    shared: bool,
    selected: int,
    height: int,
    colours: dict,
    on_choose: Callable[[int], None],
    key: str = "routes_map",
) -> None:
    """Tokens by experts of one layer, the load of each expert below.

    Args:
        tokens: T, as shown to people.
        weights: (T, E), NaN where an expert was not chosen; scores: (T, E) in 0..1, all experts'.
        load: (E,) share of all choices.
        labels: plain text, see map.js.
        most: the largest weight there can be: the end of the colour scale.
        shared: whether there are shared experts, drawn as a column that is always on.
        colours: "scale", "experts" and names of `Look`.
        on_choose: called with the position of a clicked token, before the next run.

    Raises:
        ValueError: if the shapes do not fit.
    """
    T, E = weights.shape
    if scores.shape != (T, E) or load.shape != (E,) or len(tokens) != T:
        raise ValueError(
            f"{len(tokens)} tokens, weights {weights.shape}, scores {scores.shape} "
            f"and load {load.shape} do not fit together."
        )

    data = {
        "tokens": list(tokens),
        "weights": packed(weights),
        "scores": packed(scores),
        "load": load.tolist(),
        "most": most,
    }
    data |= {"shared": shared, "selected": selected, "height": height, "labels": labels, "colours": colours}
    _map.draw(key, data, choose=lambda value: on_choose(int(value)))


def routes_layers(
    tokens: Sequence[str],
    weights: dict[int, np.ndarray],
    labels: dict[str, str],
    *,
    most: float,
    selected: int,
    layer: int,
    height: int,
    colours: dict,
    on_layer: Callable[[int], None],
    key: str = "routes_layers",
) -> None:
    """Every layer's weights side by side: {layer: (T, E)}, NaN where not chosen; a click chooses a layer."""

    data = {
        "tokens": list(tokens),
        "layers": list(weights),
        "weights": [packed(table) for table in weights.values()],
        "layer": layer,
        "most": most,
    }
    data |= {"selected": selected, "height": height, "labels": labels, "colours": colours}
    _layers.draw(key, data, layer=lambda value: on_layer(int(value)))


def routes_flow(
    tokens: Sequence[str],
    weights: np.ndarray,
    labels: dict[str, str],
    *,
    shared: bool,
    selected: int,
    height: int,
    colours: dict,
    on_choose: Callable[[int], None],
    key: str = "routes_flow",
) -> None:
    """Ribbons from tokens to experts, as wide as the weight: (T, E), NaN where not chosen."""

    data = {"tokens": list(tokens), "weights": packed(weights), "experts": weights.shape[1]}
    data |= {"shared": shared, "selected": selected, "height": height, "labels": labels, "colours": colours}
    _flow.draw(key, data, choose=lambda value: on_choose(int(value)))


def decision(
    columns: Sequence[dict],
    rows: Sequence[dict],
    pushes: Sequence[dict],
    labels: dict[str, str],
    *,
    height: int,
    colours: dict,
    key: str = "decision",
) -> None:
    """One token's routing as a table that is read from left to right, and what each expert pushes.

    Args:
        columns: "name", "head" and "kind" ("bar", "signed", "group", "rank" or "number"), plain text.
        rows: one for each expert, by column name: {"text", "share"} and, for a group, {"span", "kept"};
            beside them "expert" (number, or None for the shared ones), "label", "chosen" and "dropped" (its group was).
        pushes: "expert", "label", "up" and "down": lists of (token, logit as text).
        labels: "up", "down", "group" and "pushes", plain text.
        height: px that the table may take before it scrolls.
    """
    _decision.draw(
        key,
        {
            "columns": list(columns),
            "rows": list(rows),
            "pushes": list(pushes),
            "labels": labels,
            "height": height,
            "colours": colours,
        },
    )


def likes(experts: Sequence[Sequence[dict]], labels: dict[str, str], *, colours: dict, key: str = "likes") -> None:
    """Each expert's tokens: {"token", "share" in 0..1, "here": whether the prompt has it}.

    Args:
        labels: "expert" (with {expert}) and "none", plain text.
    """
    _likes.draw(key, {"experts": [list(tokens) for tokens in experts], "labels": labels, "colours": colours})
