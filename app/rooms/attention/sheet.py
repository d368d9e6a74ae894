"""The work sheet: one token's row of attention, from the dot products to the weights, and the sum that they make."""

from __future__ import annotations

import numpy as np

from app.kit.frame import Room
from app.kit.home import origin, words_of_sheets
from app.kit.take import layer_and_head
from app.kit.worksheet import Blanks, printed, softmax, worksheet
from app.rooms.attention.analysis import head_stages

KEYS = 6  # rows, those with the largest weights
ENTRIES = 3  # of the values


def sheet(room: Room) -> str:
    """The whole file, for the chosen token in the head that is shown."""
    translate, view, trace, query = room.translate, room.view, room.trace, room.position
    head = head_stages(trace, view.layer, view.head, trace.pattern(view.layer))
    seen = np.flatnonzero(head.mask[query])
    shown = np.sort(seen[np.argsort(-head.pattern[query, seen], kind="stable")[:KEYS]])
    others = np.setdiff1d(seen, shown)
    dots, scores = head.dot[query], head.scores[query]
    width = head.query.shape[1]
    plainly = np.isclose(head.scale * np.sqrt(width), 1, atol=1e-5)
    leading = [("q · k", dots[shown]), (f"÷ √{width}" if plainly else f"× {head.scale:.4f}", dots[shown] * head.scale)]
    if head.cap is not None:
        leading.append((f"{head.cap:g} · tanh(s ÷ {head.cap:g})", scores[shown]))
    hidden = scores[others] if head.sink is None else np.append(scores[others], head.sink)
    names = [f"{key} {trace.tokens[key]}" for key in shown]
    words = words_of_sheets(room)
    weights = softmax(
        "weights",
        translate("attention.sheet.weights"),
        names,
        leading,
        translate("attention.sheet.weight"),
        words,
        hidden=hidden,
    )
    pattern, values, result = head.pattern[query], head.value[:, :ENTRIES], head.result[query, :ENTRIES]
    rows = [[*values[shown][row], pattern[shown[row]]] for row in range(len(shown))]
    cells = [[printed(float(number)) for number in [row[-1], *row[:-1]]] for row in rows]
    blank = [[True] + [False] * values.shape[1]] * len(rows)
    if len(others):
        names = [*names, translate("attention.sheet.rest")]
        cells.append(["", *(printed(float(number)) for number in pattern[others] @ values[others])])
        blank.append([False] * (values.shape[1] + 1))
    cells.append(["", *(printed(float(number)) for number in result)])
    blank.append([False] + [True] * values.shape[1])
    summed = Blanks(
        "sum",
        translate("attention.sheet.sum"),
        "z = w₁ · v₁ + w₂ · v₂ + …",
        cells,
        [*names, "z"],
        [translate("attention.sheet.weight"), *(f"v[{entry}]" for entry in range(values.shape[1]))],
        np.array(blank),
        np.array([[not text for text in row] for row in cells]),
    )
    title = translate("attention.sheet.title")
    token = trace.tokens[query]
    return worksheet(
        view.lang,
        (title, translate("common.sheet.solutions", title=title)),
        [
            origin(room, *layer_and_head(room)),
            translate("attention.sheet.task", token=token, position=query),
            translate("common.sheet.digits"),
            [weights],
            translate("attention.sheet.then", count=values.shape[1], width=head.value.shape[1]),
            [summed],
        ],
        name=translate("common.sheet.name"),
    )
