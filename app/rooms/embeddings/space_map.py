"""A cloud of tokens in two or three dimensions, and paths through it that a slider plays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from app.kit.component import declare, pack
from app.rooms.embeddings.space_analysis import Paths

_space = declare(__file__, "space_map", front=("dom", "arrays", "events"))


def space_map(
    points: np.ndarray,
    tokens: Sequence[str],
    paths: Paths,
    names: Sequence[str],
    rows: Sequence[str],
    axes: Sequence[str],
    labels: dict[str, str],
    *,
    colours: dict[str, str],
    flat: bool,
    selected: int,
    height: int,
    on_choose: Callable[[int], None],
    key: str = "space",
) -> None:
    """Draw the cloud and the paths; turning, zooming and playing happen in the browser.

    Args:
        points: (n, 3) of the cloud.
        tokens: n, as shown to people.
        paths: of N tokens of the prompt.
        names: N, as shown.
        rows: L + 1 names of the paths' points.
        axes: what the axes are, one for each that is shown.
        labels: "group", "hint", "play", "pause", "slider", "reset", "closer", "farther", "path" (with {token},
            {position}, {row}, {length} and {share}) and "dot" (with {token}), plain text.
        colours: "dot", "path", "chosen", "paper", "ink", "faint" and "grid".
        flat: two dimensions instead of three.
        selected: index of the chosen path.
        height: px, or more on a tall screen.
        on_choose: called with the position of a clicked path, before the next run.

    Raises:
        ValueError: if the shapes do not fit.
    """
    if points.shape != (len(tokens), 3) or paths.points.shape != (len(names), len(rows), 3):
        raise ValueError(f"{len(tokens)} tokens do not fit {points.shape}, or {len(names)} paths {paths.points.shape}.")
    data = {
        "points": pack(points.astype("<f4")),
        "tokens": list(tokens),
        "paths": pack(paths.points.astype("<f4")),
        "lengths": pack(paths.lengths.astype("<f4")),
        "shares": pack(paths.shown.astype("<f4")),
        "start": paths.start,
        "names": list(names),
        "rows": list(rows),
        "axes": list(axes),
        "labels": labels,
        "colours": colours,
        "flat": flat,
        "selected": selected,
        "height": height,
    }
    _space.draw(key, data, choose=lambda value: on_choose(int(value)))
