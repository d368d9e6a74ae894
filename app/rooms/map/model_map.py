"""The model as a picture of boxes, each a way into its room; and the player that takes a token through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.kit.component import declare

_model_map = declare(
    __file__,
    "model_map",
    front=("dom", "colour", "arrays", "events", "numbers"),
    scripts=("draw.js", "steps.js", "player.js", "model_map.js"),
)


def model_map(
    data: dict[str, Any],
    *,
    on_open: Callable[[int], None],
    on_go: Callable[[str, dict[str, Any]], None],
    key: str = "model_map",
) -> None:
    """Draw the map.

    Args:
        data: what the boxes show, as page.py puts it together.
        on_open: called with the layer of a block that was opened.
        on_go: called with a room's address and the words of the view that it is to have.
    """
    _model_map.draw(
        key,
        data,
        open=lambda layer: on_open(int(layer)),
        go=lambda target: on_go(target["address"], target["words"]),
    )
