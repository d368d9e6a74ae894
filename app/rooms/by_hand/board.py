"""The example on one board: numbers to edit, seven steps, and the arithmetic of a chosen cell in each of them.

The browser shows and takes numbers; every result comes from Python.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from app.kit.component import declare
from app.rooms.by_hand.examples import LETTERS, Example
from model.measure.worked import Worked

_board = declare(
    __file__, "board", front=("dom", "colour", "numbers"), scripts=("digits.js", "matrix.js", "sums.js", "board.js")
)


def board(
    name: str,
    example: Example,
    worked: Worked,
    *,
    hidden: str,
    cell: tuple[int, int, int],
    edited: bool,
    undoable: bool,
    redoable: bool,
    labels: dict[str, str],
    colours: dict,
    on_numbers: Callable[[dict[str, list[list[float]]]], None],
    on_cell: Callable[[tuple[int, int, int]], None],
    on_undo: Callable[[], None],
    on_redo: Callable[[], None],
    on_reset: Callable[[], None],
    key: str = "board",
) -> None:
    """Draw the board.

    Args:
        name: of the preset.
        worked: what `example` gives.
        hidden: the result that the reader fills in, "none" for none.
        cell: query, key and column whose arithmetic is written out.
        edited: whether the numbers differ from the preset's.
        labels: by name; see app/text/en/by_hand.toml, "part.*".
        on_numbers: called with the matrices by letter when one of their numbers was edited, before the next run.
        on_cell: called with the cell that was chosen.
    """
    data = {
        "example": name,
        "inputs": {letter: getattr(example, letter).tolist() for letter in LETTERS},
        "results": {name: _plain(values) for name, values in vars(worked).items()},
        "heads": example.heads,
        "width": example.width,
        "scaling": example.scaling,
        "hidden": hidden,
        "cell": list(cell),
        "edited": edited,
        "undoable": undoable,
        "redoable": redoable,
        "labels": labels,
        "colours": colours,
    }
    _board.draw(
        key,
        data,
        numbers=on_numbers,
        cell=lambda chosen: on_cell((int(chosen[0]), int(chosen[1]), int(chosen[2]))),
        undo=lambda _: on_undo(),
        redo=lambda _: on_redo(),
        reset=lambda _: on_reset(),
    )


def _plain(values: np.ndarray) -> list:
    """Nested lists; None for minus infinity, which JSON has no word for."""
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return plain.tolist()
