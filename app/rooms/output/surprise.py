"""The prompt as running text in which every token is coloured by how much it surprised the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app.kit.component import declare

_surprise = declare(__file__, "surprise", front=("dom", "colour", "events"))


def surprise(
    cells: Sequence[dict],
    labels: dict[str, str],
    *,
    most: float,
    scale: Sequence[tuple[float, str]],
    colours: dict[str, str],
    selected: int,
    on_choose: Callable[[int], None],
    key: str = "surprise",
) -> None:
    """Draw the text.

    Args:
        cells: one for each token of the prompt, with "token", "bits" (a number, or None for the first token),
            "shown" (the bits as text), "rank" (as text) and "tip" (lines said on hover), plain text.
        labels: "group", "low", "high" and "point", plain text.
        most: the bits at the end of the scale.
        scale: places 0..1 and their colours, "#RRGGBB".
        colours: "accent", "faint", "paper" and "ink".
        selected: position of the chosen token.
        on_choose: called with the position of a clicked token, before the next run.
    """
    data = {
        "cells": list(cells),
        "labels": labels,
        "most": most,
        "scale": [list(stop) for stop in scale],
        "colours": colours,
        "selected": selected,
    }
    _surprise.draw(key, data, choose=lambda value: on_choose(int(value)))
