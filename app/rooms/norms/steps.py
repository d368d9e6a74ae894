"""One vector through both norms, step after step, as bars; hovering an entry writes its arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from app.kit.component import declare, pack
from app.rooms.norms.analysis import Steps

_steps = declare(__file__, "steps", front=("dom", "arrays"))


def steps(
    panels: Sequence[Steps],
    own: str,
    labels: dict[str, str],
    *,
    entry: int,
    colours: dict[str, str],
    on_choose: Callable[[int], None],
    key: str = "steps",
) -> None:
    """Draw the two norms side by side.

    Args:
        panels: of LayerNorm and RMSNorm on the same vector (D,).
        own: the kind that is the model's own, "layer" or "rms".
        labels: sentences, see steps.js; their places are filled in the browser.
        entry: index of the entry whose arithmetic is written while nothing is hovered.
        colours: names of `Look`, and "negative" and "positive".
        on_choose: called with the index of a clicked entry, before the next run.
    """
    data = {
        "panels": [
            {
                "kind": panel.kind,
                "mean": panel.mean,
                "spread": panel.spread,
                "eps": panel.eps,
                "scale": panel.scale,
                "vectors": {
                    name: None if values is None else pack(values.astype("<f4", copy=False))
                    for name, values in _vectors(panel).items()
                },
            }
            for panel in panels
        ],
        "own": own,
        "labels": labels,
        "entry": entry,
        "colours": colours,
    }
    _steps.draw(key, data, choose=lambda value: on_choose(int(value)))


def _vectors(panel: Steps) -> dict[str, np.ndarray | None]:
    return {
        "before": panel.before,
        "centred": panel.centred,
        "normalized": panel.normalized,
        "gain": panel.gain,
        "scaled": None if panel.gain is None else panel.scaled,
        "shift": panel.shift,
        "after": None if panel.shift is None else panel.after,
    }
