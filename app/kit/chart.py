"""How a page shows charts: drawn by scripts of our own, which change them in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from app.kit import session
from app.kit.charts import Axis, Chart, Key, Mark
from app.kit.component import declare, pack
from app.text import plain, template

COLOURS = ("paper", "ink", "faint", "grid", "accent")

_chart = declare(
    __file__,
    "chart",
    front=("dom", "arrays", "colour", "events", "numbers"),
    scripts=("chart_axes.js", "chart_marks.js", "chart_draw.js", "chart.js"),
)


def chart(*charts: Chart, key: str, alt: str) -> None:
    """Show charts one below the other, their left and right edges in line, the labels of x below the last.

    Args:
        alt: what they show, for those who do not see it: plain text, or one of the page's sentences in Markdown.
    """
    look = charts[0].look
    data = {
        "charts": [_plain(each) for each in charts],
        "alt": plain(alt),
        "every": template(session.current().lang, "common.chart.every"),
        "colours": {name: getattr(look, name) for name in COLOURS},
    }
    _chart.draw(key, data)


def _plain(value: Any) -> Any:
    """`value` as JSON has it; arrays packed as float32, and each mark with its kind."""
    if isinstance(value, np.ndarray):
        return pack(value.astype("<f4", copy=False))
    if isinstance(value, Chart | Axis | Key | Mark):
        named = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.type != "Look"}
        return {"kind": value.kind, **named} if isinstance(value, Mark) else named
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
