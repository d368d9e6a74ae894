"""The work sheet: from the logits of the likeliest tokens to their probabilities and bits of surprise."""

from __future__ import annotations

import numpy as np

import model
from app.kit.frame import Room
from app.kit.home import origin, words_of_sheets
from app.kit.prediction import most_probable
from app.kit.worksheet import Blanks, printed, softmax, worksheet

TOKENS = 6


def sheet(room: Room) -> str:
    """The whole file, for what follows the chosen token."""
    translate, trace = room.translate, room.trace
    logits = trace.logits[room.position].astype(np.float64)
    best = most_probable(logits, TOKENS)
    hot = room.view.temperature not in (0.0, 1.0)
    scores = logits / room.view.temperature if hot else logits
    leading = [(translate("output.take.logit"), logits[best])]
    if hot:
        leading.append((f"÷ {room.view.temperature:g}", scores[best]))
    names = [room.lm.tokenizer.shown(token) for token in best.tolist()]
    table = softmax(
        "softmax",
        translate("output.sheet.softmax"),
        names,
        leading,
        translate("output.take.own"),
        words_of_sheets(room),
        hidden=np.delete(scores, best),
    )
    chances = model.distribution(trace.logits[room.position], room.view.temperature if hot else 1.0)[best]
    surprise = Blanks(
        "surprise",
        translate("output.sheet.surprise"),
        "−log₂ p",
        [[printed(float(-np.log2(chance)), 2)] for chance in chances],
        names,
        [translate("output.sheet.bits")],
    )
    title = translate("output.sheet.title")
    return worksheet(
        room.view.lang,
        (title, translate("common.sheet.solutions", title=title)),
        [
            origin(room),
            translate("output.sheet.task", token=trace.tokens[room.position], count=f"{len(logits):,}"),
            translate("common.sheet.digits"),
            [table],
            translate("output.sheet.then"),
            [surprise],
        ],
        name=translate("common.sheet.name"),
    )
