"""The loss along each run, as a table for programs and as a picture for people.

Both are written from the records in the checkpoints: no number is typed by hand.
"""

from __future__ import annotations

import csv

from ..files.catalog import MODELS
from ..language_model import LanguageModel

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 860, 460, 70, 60, 50  # pixels
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # told apart by colour-blind eyes
DASHES = ("none", "10 4", "3 3", "12 4 3 4")  # and in grey print


def runs(record: dict) -> list[dict]:
    """The records of the runs that made a model, first to last: each went on from the one before."""
    before = runs(record["before"]) if "before" in record else []
    return [*before, record]


def points(record: dict) -> list[tuple[int, float]]:
    """(tokens seen, nats per token) along the runs that made a model; each loss is a mean of the steps before it."""
    found, start = [], 0
    for run in runs(record):
        schedule = run["schedule"]
        per_loss = run["steps_per_loss"] * schedule["batch"] * schedule["length"]
        found += [(start + per_loss * number, loss) for number, loss in enumerate(run["losses"], start=1)]
        start = run["tokens"]
    return found


def table(models: list[LanguageModel]) -> str:
    """The curves as CSV: model, tokens, nats_per_token."""
    rows = [f"{lm.name},{tokens},{loss:.4f}" for lm in models for tokens, loss in points(lm.record)]
    return "\n".join(["model,tokens,nats_per_token", *rows]) + "\n"


def stored() -> dict[str, list[tuple[int, float]]]:
    """The curves of the built-in models, by name, as `table` wrote them."""
    curves: dict[str, list[tuple[int, float]]] = {}
    with (MODELS / "losses.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            curves.setdefault(row["model"], []).append((int(row["tokens"]), float(row["nats_per_token"])))
    return curves


def picture(models: list[LanguageModel]) -> str:
    """The curves as an SVG with its own white ground, loss from 0, tokens from 0."""
    curves = [points(lm.record) for lm in models]
    most_tokens = max(tokens for curve in curves for tokens, _ in curve)
    most_loss = max(loss for curve in curves for _, loss in curve)
    across, down = WIDTH - LEFT - 20, HEIGHT - TOP - BOTTOM

    def place(tokens: float, loss: float) -> str:
        return f"{LEFT + across * tokens / most_tokens:.1f},{TOP + down * (1 - loss / most_loss):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="16" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="18">Training loss falls with the text seen (nats per token)</text>',
    ]
    for loss in range(int(most_loss) + 1):
        x, y = place(0, loss).split(",")
        parts.append(
            f'<path d="M{x} {y}h{across}" stroke="#ddd"/>'
            f'<text x="{LEFT - 10}" y="{float(y) + 5:.1f}" text-anchor="end">{loss}</text>'
        )
    for quarter in range(5):
        x, y = place(most_tokens * quarter / 4, 0).split(",")
        parts.append(
            f'<text x="{x}" y="{float(y) + 24:.1f}" text-anchor="middle">{most_tokens * quarter / 4e6:.2f}</text>'
        )
    parts.append(
        f'<text x="{LEFT + across / 2:.1f}" y="{HEIGHT - 10}" text-anchor="middle">'
        "million tokens of training text</text>"
    )
    for row, (lm, curve) in enumerate(zip(models, curves, strict=True)):
        colour, dash = COLOURS[row], DASHES[row]
        line = " ".join(place(*point) for point in curve)
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"/>'
        )
        level = TOP + 20 + 24 * row
        parts.append(
            f'<path d="M{WIDTH - 260} {level}h40" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"/>'
        )
        parts.append(f'<text x="{WIDTH - 210}" y="{level + 5}" fill="{colour}">{lm.name}</text>')
    return "\n".join([*parts, "</svg>", ""])
