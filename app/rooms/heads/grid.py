"""Every head of a model as a thumbnail on one canvas: hover names it, a click opens it, sorted and filtered there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.kit.component import declare, pack
from app.kit.head_jobs import JOBS, PLACES, Overview

_grid = declare(__file__, "grid", front=("dom", "colour", "arrays", "numbers", "events"))

NO_JOB = 255


def grid(
    seen: Overview,
    *,
    tokens: int,
    chosen: tuple[int, int],
    job: str,
    order: str,
    labels: dict,
    colours: dict,
    on_open: Callable[[int, int], None],
    on_arrange: Callable[[str, str], None],
    key: str = "grid",
) -> None:
    """Draw the grid.

    Args:
        tokens: T, of the prompt.
        chosen: layer and head that the other rooms show.
        job: "all", or the job whose heads are looked for.
        order: "layer", "score" (the clearest first) or "entropy" (the sharpest first).
        labels: sentences by name; see app/text/en/heads.toml, "part.*", and the names of jobs.
        colours: of the theme.
        on_open: called with layer and head of a thumbnail that was clicked, before the next run.
        on_arrange: called with job and order, when one of them was changed.
    """
    layers, heads = seen.entropy.shape
    main = [seen.job(layer, head) for layer in range(layers) for head in range(heads)]
    clear = np.nan_to_num(np.stack([seen.beyond[name] for name in PLACES]), nan=-1.0).max(0)
    data = {
        "layers": layers,
        "heads": heads,
        "tokens": tokens,
        "side": seen.side,
        "pictures": pack(seen.pictures),
        "jobs": list(JOBS),
        "scores": pack(np.stack([seen.scores[name] for name in JOBS]).astype(np.float32)),
        "clear": pack(clear.astype(np.float32)),
        "entropy": pack(seen.entropy.astype(np.float32)),
        "main": [NO_JOB if name is None else JOBS.index(name) for name in main],
        "chosen": list(chosen),
        "job": job,
        "order": order,
        "labels": labels,
        "colours": colours,
    }
    _grid.draw(
        key,
        data,
        open=lambda head: on_open(int(head["layer"]), int(head["head"])),
        arrange=lambda words: on_arrange(words["job"], words["order"]),
    )
