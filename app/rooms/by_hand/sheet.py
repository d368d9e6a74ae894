"""The work sheet of the example: its numbers, a table with blanks for every step, and the solutions."""

from __future__ import annotations

import numpy as np

from app.kit.worksheet import Blanks, worksheet
from app.rooms.by_hand.examples import Example
from app.rooms.by_hand.paper import Table, formula, given, number, steps
from app.text import translate
from model.measure.worked import Worked


def sheet(example: Example, worked: Worked, lang: str) -> str:
    """The whole file. Everything in it is calculated from `example`."""

    def say(key: str, **values: object) -> str:
        return translate(lang, f"by_hand.{key}", **values)

    def blanks(table: Table, *, known: bool) -> Blanks:
        name = say(f"part.matrix.{table.name.removeprefix('w_')}" if known else f"part.step.{table.name}")
        later = np.triu(np.ones(table.values.shape, dtype=bool), 1)
        return Blanks(
            name=table.name,
            caption=name if table.head is None else f"{name} · {say('part.head', head=table.head + 1)}",
            how="" if known else formula(example, table.name, lang),
            cells=[[number(float(value), table.name) for value in values] for values in table.values],
            rows=table.rows,
            columns=table.columns,
            blank=not known,
            masked=later if table.name in ("masked", "pattern") else False,
        )

    return worksheet(
        lang,
        (say("sheet.title"), say("sheet.solutions")),
        [
            say("sheet.task"),
            [blanks(table, known=True) for table in given(example)],
            say("sheet.digits"),
            [blanks(table, known=False) for table in steps(example, worked)],
        ],
        small=example.heads > 1,
    )
