"""The most active neurons as rows: their numbers, and the tokens each writes up and down; a click switches one off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.kit.component import declare

_neurons = declare(__file__, "neurons", front=("dom",))


def neurons(
    heads: Sequence[str],
    rows: Sequence[dict[str, Any]],
    labels: dict[str, str],
    *,
    chosen: int | None,
    colours: dict[str, str],
    on_choose: Callable[[int], None],
    key: str = "neurons",
) -> None:
    """Draw the rows.

    Args:
        heads: of the columns, plain text.
        rows: "neuron", "numbers" (texts, one for each middle column), "share" (-1..1, the bar), "post" (its text),
            "up" and "down": lists of (token, logit as text).
        labels: "neuron" (with {neuron}), "off", "switch" (with {neuron}) and "group", plain text.
        chosen: the neuron that is switched off.
        colours: names of `Look`, "negative" and "positive".
        on_choose: called with the number of a clicked neuron, before the next run.
    """
    data = {"heads": list(heads), "rows": list(rows), "labels": labels, "chosen": chosen, "colours": colours}
    _neurons.draw(key, data, choose=lambda value: on_choose(int(value)))
