"""What a lesson can say of the example: every number of every step."""

from __future__ import annotations

from app.kit.lessons.quantities import NotHere, Run, offer
from app.rooms.by_hand.examples import example

STEPS = ("x", "q", "k", "v", "dots", "scaled", "pattern", "z", "out")


@offer("number")
def by_hand(run: Run, step: str, row: int, column: int, head: int = 1) -> float:
    """Row and column counted from 1, as on the page."""
    if step not in STEPS:
        raise NotHere("no_such", what="step", value=str(step), last=STEPS[-1])
    numbers = example(run.view.example, run.view.edit)
    table = numbers.x if step == "x" else getattr(numbers.work(), step)
    table = table[head - 1] if table.ndim == 3 else table
    if not (1 <= row <= table.shape[0] and 1 <= column <= table.shape[1]):
        raise NotHere(
            "no_such", what="row, column", value=f"{row}, {column}", last=f"{table.shape[0]}, {table.shape[1]}"
        )
    return float(table[row - 1, column - 1])
