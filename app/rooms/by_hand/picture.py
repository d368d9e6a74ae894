"""The plain example as a picture for README: ``python -m app.rooms.by_hand.picture`` writes assets/by_hand.svg."""

from __future__ import annotations

from html import escape
from pathlib import Path

from app.kit.theme import FONT, LIGHT, colours_at, ink_on
from app.rooms.by_hand.examples import Example, example
from app.rooms.by_hand.paper import STACKED, Table, formula, given, number, steps
from app.text import translate

FILE = Path(__file__).resolve().parents[3] / "assets" / "by_hand.svg"
LANGUAGE = "en"
CELL, TALL, LEFT, GAP = 46, 30, 26, 26  # px: a cell, the names at its left, between steps
ROLES = {"q": LIGHT.query, "k": LIGHT.key, "v": LIGHT.value, "x": LIGHT.ink}
MARGIN, TITLE, SECOND_ROW, BOTTOM = 20, 42, 270, 512  # px from the top


def picture(shown: Example) -> str:
    """`shown` as SVG: every step with its numbers, and the arithmetic of the last token's first column."""
    made = {table.name: table for table in steps(shown, shown.work())}
    weights = {table.name: table for table in given(shown)}
    parts: list[str] = []
    x: float = MARGIN
    rows = [[("x", weights["x"])], *([(f"w_{n}", weights[f"w_{n}"]), (n, made[n])] for n in "qkv")]
    for row in rows:
        x = _step(parts, row, row[-1][0], shown, x, TITLE + 28)
    right, x = x, MARGIN
    for name in (*STACKED, "z", "out"):
        row = [(name, made[name])] if name != "out" else [("w_o", weights["w_o"]), ("out", made["out"])]
        x = _step(parts, row, name, shown, x, SECOND_ROW)
    width = max(right, x) - GAP + MARGIN
    title = _say("heading")
    body = _text(MARGIN, TITLE - 8, title, size=22, bold=True) + "".join(parts)
    body += _text(MARGIN, BOTTOM - 16, _sum(made), size=18)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {BOTTOM}" width="{width}" height="{BOTTOM}" '
        f'role="img" font-family="{escape(FONT)}"><title>{escape(title)}</title>{_HATCH}'
        f'<rect width="100%" height="100%" fill="{LIGHT.paper}"/>{body}</svg>\n'
    )


_HATCH = (
    '<defs><pattern id="later" width="8" height="8" patternUnits="userSpaceOnUse">'
    f'<rect width="8" height="8" fill="{LIGHT.masked}"/>'
    f'<path d="M0 8L8 0" stroke="{LIGHT.hatch}"/></pattern></defs>'
)


def _say(key: str) -> str:
    return translate(LANGUAGE, f"by_hand.{key}")


def _text(
    x: float, y: float, text: str, *, size: int = 16, bold: bool = False, fill: str = LIGHT.ink, **more: str
) -> str:
    weight = ' font-weight="650"' if bold else ""
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{weight}{extra}>{escape(text)}</text>'


def _step(parts: list[str], tables: list[tuple[str, Table]], name: str, shown: Example, x: float, y: float) -> float:
    """Draw one step with its corner at (x, y); where the next one begins."""
    parts.append(_text(x, y + 16, _say(f"part.step.{name}"), bold=True, size=18, fill=ROLES.get(name, LIGHT.ink)))
    parts.append(_text(x, y + 40, formula(shown, name, LANGUAGE), fill=LIGHT.faint))
    for own, table in tables:
        x = _matrix(parts, table, x, y + (54 if name in ROLES else 74), own.startswith("w_") or own == "x")
    return x - 14 + GAP


def _matrix(parts: list[str], table: Table, x: float, y: float, is_given: bool) -> float:
    left = x + (LEFT if table.rows else 0)
    y += (4 - len(table.values)) * TALL  # matrices of a row stand on one line
    for column, label in enumerate(table.columns):
        parts.append(_text(left + (column + 0.5) * CELL, y - 6, label, fill=LIGHT.faint, text_anchor="middle"))
    largest = max(abs(float(v)) for v in table.values.flat if v > float("-inf")) or 1.0
    for row, values in enumerate(table.values):
        if table.rows:
            parts.append(_text(x, y + row * TALL + 21, table.rows[row], fill=LIGHT.faint))
        for column, value in enumerate(values):
            masked = table.name in ("masked", "pattern") and column > row
            ground, ink = _colours(table.name, float(value), largest) if not masked else ("url(#later)", LIGHT.faint)
            if is_given:
                ground = LIGHT.masked
            a, b = left + column * CELL, y + row * TALL
            parts.append(
                f'<rect x="{a:g}" y="{b:g}" width="{CELL - 2}" height="{TALL - 2}" rx="4" fill="{ground}" '
                f'stroke="{LIGHT.grid}"/>'
            )
            text = number(float(value), table.name)
            parts.append(_text(a + CELL / 2 - 1, b + 20, text, fill=ink, text_anchor="middle"))
    return left + table.values.shape[1] * CELL + 14


def _colours(name: str, value: float, largest: float) -> tuple[str, str]:
    if name not in STACKED:
        return LIGHT.paper, LIGHT.ink
    scale = LIGHT.probability if name == "pattern" else LIGHT.signed
    share = value if name == "pattern" else 0.5 + 0.5 * value / largest
    return colours_at(scale, [share])[0].upper(), ink_on(scale, [share])[0]


def _sum(made: dict[str, Table]) -> str:
    """The first number of the last token's z, as a weighted sum."""
    weights, values, z = made["pattern"].values[-1], made["v"].values[:, 0], made["z"].values[-1, 0]
    terms = " + ".join(
        f"{number(float(w), 'pattern')}·{number(float(v))}" for w, v in zip(weights, values, strict=True)
    )
    return f"z₄₁ = {terms} = {number(float(z))}"


if __name__ == "__main__":
    FILE.write_text(picture(example("plain")), encoding="utf-8")
    print(FILE)
