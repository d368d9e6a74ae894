"""The work sheet: some entries of a vector through the norm that is shown, step by step."""

from __future__ import annotations

import numpy as np

from app.kit.frame import Room
from app.kit.home import origin
from app.kit.worksheet import Blanks, printed, worksheet
from app.rooms.norms import analysis

ENTRIES = 6


def sheet(room: Room) -> str:
    """The whole file, for the chosen token at the norm that is shown."""
    translate, view = room.translate, room.view
    offered = analysis.norms(room.lm.config)
    which = view.norm if view.norm in offered else offered[0]
    own = analysis.norm(room.lm, room.trace, which, view.layer, room.position).own
    steps = [("x", own.before, False)]
    if own.centred is not None:
        steps.append((translate("norms.sheet.centred"), own.centred, True))
    steps.append((translate("norms.sheet.divided"), own.normalized, True))
    if own.gain is not None:
        steps += [(translate("norms.sheet.gain"), own.gain, False), (translate("norms.sheet.scaled"), own.scaled, True)]
    if own.shift is not None:
        steps += [(translate("norms.sheet.shift"), own.shift, False), (translate("norms.sheet.after"), own.after, True)]
    entries = slice(0, ENTRIES)
    table = Blanks(
        "steps",
        translate("norms.sheet.steps"),
        "",
        [[printed(float(number), 4) for number in values[entries]] for _, values, _ in steps],
        [name for name, _, _ in steps],
        [str(entry) for entry in range(len(own.before[entries]))],
        np.array([[blank] * len(own.before[entries]) for _, _, blank in steps]),
    )
    spread = translate(f"norms.sheet.spread.{own.kind}")
    known = [(translate("norms.sheet.mean"), own.mean)] if own.centred is not None else []
    numbers = [*known, (spread, own.spread), ("ε", own.eps), (translate("norms.sheet.scale"), own.scale)]
    divisor = Blanks(
        "scale",
        translate("norms.sheet.divisor"),
        f"√({spread} + ε)",
        [[f"{number:.5g}".replace("-", "−") for _, number in numbers]],
        (),
        [name for name, _ in numbers],
        np.array([[False] * (len(numbers) - 1) + [True]]),
    )
    title = translate("norms.sheet.title", kind=translate(f"norms.part.title.{own.kind}"))
    layer = [] if which == "final" else [f"{translate('common.layer')} {view.layer}"]
    token = room.trace.tokens[room.position]
    return worksheet(
        view.lang,
        (title, translate("common.sheet.solutions", title=title)),
        [
            origin(room, translate(f"norms.norm.{which}"), *layer),
            translate("norms.sheet.task", token=token, width=len(own.before), count=len(own.before[entries])),
            translate("common.sheet.digits"),
            [divisor],
            [table],
        ],
        name=translate("common.sheet.name"),
    )
