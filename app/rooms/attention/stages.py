"""The four stages of attention as linked matrices, and the arithmetic of one cell.

The browser gets one head's vectors, dot products and weights as float32, marks the cell
under the mouse in all stages and writes its arithmetic without asking the server; a click
tells the server which cell is pinned, so that the address can carry it.

The script is one module in several files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.kit.component import declare, pack

_stages = declare(
    __file__,
    "stages",
    front=("dom", "colour", "arrays", "events", "numbers"),
    scripts=(
        "head.js",
        "formats.js",
        "paint.js",
        "mouse.js",
        "panel.js",
        "entries.js",
        "arithmetic.js",
        "export.js",
        "stages.js",
    ),
    styles=("stages.css", "arithmetic.css"),
)


@dataclass(frozen=True)
class Pin:
    """A pinned cell: the query's and the key's position."""

    query: int
    key: int


def stages(
    *,
    tokens: Sequence[str],
    arrays: dict[str, np.ndarray],
    scale: float,
    cap: float | None,
    sink: float | None,
    shown: str,
    root: bool,
    pin: Pin | None,
    chosen: int | None,
    labels: dict[str, str],
    colours: dict,
    file_name: str,
    caption: str,
    on_pin: Callable[[Pin | None], None],
    on_enlarge: Callable[[str], None],
    on_shade: Callable[[str], None],
    key: str = "stages",
) -> None:
    """Draw the matrices.

    Args:
        tokens: T tokens as shown to people.
        arrays: float32 "dot" (T, T), "pattern" (T, T), "query" and "key" (T, Dh), "value" and
            "result" (T, Dv), "rest" (T,), what each row gives to the sink; bool "mask" (T, T), True where a
            query may look.
        scale: factor on the dot products.
        cap: of the scaled scores, where the layer has one.
        sink: the score of this head's sink, where it has one.
        shown: "all", or the one stage to enlarge.
        root: colour weights by their square root, so that the small ones of a long row can be seen.
        pin: the pinned cell.
        chosen: a row to mark, where no cell is pinned.
        labels: sentences by name; see app/text/en/attention.toml, "part.*".
        colours: of the theme; see `app.kit.theme.Look`.
        file_name, caption: of an exported picture.
        on_pin: called with the cell that was pinned, None when it was let go, before the next run.
        on_enlarge: called with the stage whose heading was clicked, or "all" where it was the only one.
        on_shade: called with "linear" or "root", the scale of the weights' colours that was asked for.
    """
    mask = arrays["mask"]
    data = {
        "tokens": list(tokens),
        "dot": pack(arrays["dot"]),
        # Masked weights are zero: only the others travel, half of a causal matrix.
        "pattern": pack(arrays["pattern"][mask]),
        "mask": pack(np.packbits(mask)),
        "query": pack(arrays["query"]),
        "key": pack(arrays["key"]),
        "value": pack(arrays["value"]),
        "result": pack(arrays["result"]),
        "rest": pack(arrays["rest"]),
        "scale": scale,
        "cap": cap,
        "sink": sink,
        "shown": shown,
        "root": root,
        "pin": None if pin is None else [pin.query, pin.key],
        "chosen": chosen,
        "labels": labels,
        "colours": colours,
        "file": file_name,
        "caption": caption,
    }

    def pinned(cell: dict) -> None:
        on_pin(None if cell["query"] is None else Pin(int(cell["query"]), int(cell["key"])))

    _stages.draw(key, data, pin=pinned, enlarge=on_enlarge, shade=on_shade)
