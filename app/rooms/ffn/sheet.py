"""The work sheet: the most active neurons of a network, from what they read to what they say."""

from __future__ import annotations

import numpy as np

from app.kit.frame import Room
from app.kit.home import origin
from app.kit.worksheet import Blanks, printed, worksheet
from app.rooms.ffn import analysis
from app.rooms.ffn.analysis import NAMES
from app.rooms.ffn.choice import chosen_network

NEURONS = 6
FORMULAS = {
    "relu": "max(0, x)",
    "gelu": "x · Φ(x)",
    "gelu_tanh": "½ x · (1 + tanh(0.7979 · (x + 0.0447 x³)))",
    "silu": "x ÷ (1 + e⁻ˣ)",
}


def sheet(room: Room) -> str:
    """The whole file, for the chosen token in the network that is shown."""
    translate, view = room.translate, room.view
    expert = chosen_network(room)
    found = analysis.network(room.lm, room.trace, view.layer, room.position, expert)
    neurons = found.most_active(NEURONS)
    own, gated = NAMES[found.kind.activation], found.linear is not None
    columns = [(translate(f"ffn.column.{'gate' if gated else 'pre'}", name=own), found.pre, False)]
    columns.append((f"{own}(x)", found.activated, True))
    if found.linear is not None:
        columns += [
            (translate("ffn.column.linear", name=own), found.linear, False),
            (translate("ffn.sheet.product"), found.post, True),
        ]
    table = Blanks(
        "neurons",
        translate("ffn.sheet.neurons"),
        f"{own}(x) = {FORMULAS[found.kind.activation]}",
        [[printed(float(values[neuron])) for _, values, _ in columns] for neuron in neurons],
        [str(neuron) for neuron in neurons],
        [name for name, _, _ in columns],
        np.array([[blank for _, _, blank in columns]] * len(neurons)),
    )
    title = translate("ffn.sheet.title")
    facts = [f"{translate('common.layer')} {view.layer}"]
    if expert is not None:
        facts.append(translate("ffn.take.expert", expert=expert))
    token = room.trace.tokens[room.position]
    return worksheet(
        view.lang,
        (title, translate("common.sheet.solutions", title=title)),
        [
            origin(room, *facts),
            translate("ffn.sheet.task" if gated else "ffn.sheet.task.plain", token=token, count=len(found.post)),
            translate("common.sheet.digits"),
            [table],
        ],
        name=translate("common.sheet.name"),
    )
