"""A matrix as an SVG picture that says what it shows: title, prompt, names, scale and, where they fit, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from app.kit.theme import FONT, LIGHT, colours_at, ink_on

STEPS = 128  # colours of a scale: more than an eye tells apart
NUMBERS_TO = 16  # columns up to which numbers are written into the cells
SIDE = 640  # px of the matrix's longer side, about
HEAD, FOOT, MARGIN, FONT_SIZE = 66, 46, 16, 16  # px


def heat_map(
    table: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str,
    subtitle: str,
    probability: bool,
) -> str:
    """SVG text, in the colours of the light theme; cells without a number are hatched.

    Args:
        table: (R, C); NaN and infinities are no numbers.
        rows, columns: names of the rows and columns, or none; they are thinned where they would not fit.
        probability: the scale is 0..1, else it is centred on 0 and reaches to the largest number.
    """
    R, C = table.shape
    cell = max(2.0, min(56.0, SIDE / max(R, C)))
    wide = max(cell, 40.0) if C <= NUMBERS_TO else cell  # room for numbers
    left = MARGIN + (_longest(rows) + 8 if len(rows) else 0)
    top = HEAD + (_longest(columns) + 8 if len(columns) else 0)
    width = max(left + C * wide + MARGIN, 420)
    height = top + R * cell + FOOT
    known = np.isfinite(table)
    most = 1.0 if probability else float(np.abs(table[known]).max(initial=0.0)) or 1.0
    scale = LIGHT.probability if probability else LIGHT.signed
    share = np.where(known, table if probability else 0.5 + 0.5 * np.where(known, table, 0) / most, np.nan)
    parts = [
        _text(MARGIN, 28, title, size=19, weight="650", room=width),
        _text(MARGIN, 52, subtitle, room=width, fill=LIGHT.faint),
        *_names(rows, columns, left, top, wide, cell),
        _cells(share, scale, left, top, wide, cell),
    ]
    if C <= NUMBERS_TO and cell >= 20:
        parts.append(_numbers(table, share, scale, left, top, wide, cell))
    parts.append(_legend(scale, "0" if probability else f"−{most:.3g}", f"{most:.3g}", left, height - FOOT + 16))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" font-family="{escape(FONT)}" role="img">'
        f"<title>{escape(_printable(f'{title}: {subtitle}'))}</title>{_HATCH}"
        f'<rect width="100%" height="100%" fill="{LIGHT.paper}"/>{"".join(parts)}</svg>\n'
    )


_HATCH = (
    '<defs><pattern id="none" width="8" height="8" patternUnits="userSpaceOnUse">'
    f'<rect width="8" height="8" fill="{LIGHT.masked}"/><path d="M0 8L8 0" stroke="{LIGHT.hatch}"/></pattern></defs>'
)


def _printable(text: str) -> str:
    """Without the control characters that XML forbids, in one line."""
    return "".join(c if c.isprintable() else "↵" if c == "\n" else " " for c in text)


def _length(text: str) -> float:
    """About how many px a text takes."""
    return sum(FONT_SIZE if ord(c) > 0x2E80 else 0.56 * FONT_SIZE for c in text)


def _longest(names: Sequence[str]) -> float:
    return min(140.0, max(map(_length, names), default=0.0))


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = FONT_SIZE,
    fill: str = LIGHT.ink,
    anchor: str = "start",
    weight: str = "400",
    turn: str = "",
    room: float = 148.0,
) -> str:
    shown = _printable(text)
    while shown and _length(shown) * size / FONT_SIZE > room:
        shown = shown[:-2] + "…" if len(shown) > 2 else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
        f'font-weight="{weight}"{turn}>{escape(shown)}</text>'
    )


def _names(rows: Sequence[str], columns: Sequence[str], left: float, top: float, wide: float, cell: float) -> list[str]:
    parts = []
    for row in range(0, len(rows), int(np.ceil(18 / cell))):
        parts.append(_text(left - 6, top + (row + 0.5) * cell + 5, rows[row], anchor="end"))
    for column in range(0, len(columns), int(np.ceil(18 / wide))):
        x, y = left + (column + 0.5) * wide + 5, top - 6
        parts.append(_text(x, y, columns[column], turn=f' transform="rotate(-90 {x:g} {y:g})"'))
    return parts


def _cells(share: np.ndarray, scale: tuple, left: float, top: float, wide: float, cell: float) -> str:
    """One path for all cells of a colour: 300 by 300 cells stay below a megabyte."""
    colours = colours_at(scale, np.linspace(0, 1, STEPS))
    level = np.where(np.isnan(share), STEPS, np.round(np.clip(share, 0, 1) * (STEPS - 1))).astype(int)
    place = f"translate({left:g} {top:g}) scale({wide:g} {cell:g})"
    paths = []
    for step in np.unique(level):
        if step < STEPS:
            places = "".join(f"M{column} {row}h1v1h-1z" for row, column in np.argwhere(level == step))
            paths.append(f'<path transform="{place}" fill="{colours[step]}" d="{places}"/>')
    # Hatched in px, so not scaled; what stands side by side is one piece.
    hatched = []
    for row, values in enumerate(level == STEPS):
        edges = np.flatnonzero(np.diff(values.astype(int), prepend=0, append=0))
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            x, y, length = left + first * wide, top + row * cell, (end - first) * wide
            hatched.append(f"M{x:g} {y:g}h{length:g}v{cell:g}h-{length:g}z")
    if hatched:
        paths.append(f'<path fill="url(#none)" d="{"".join(hatched)}"/>')
    return "".join(paths)


def _numbers(
    table: np.ndarray, share: np.ndarray, scale: tuple, left: float, top: float, wide: float, cell: float
) -> str:
    texts = []
    for row, values in enumerate(table):
        for column, value in enumerate(values):
            if np.isfinite(value):
                ink = ink_on(scale, [float(np.clip(share[row, column], 0, 1))])[0]
                x, y = left + (column + 0.5) * wide, top + (row + 0.5) * cell + 5
                texts.append(_text(x, y, f"{value:.2f}".replace("-", "−"), size=14, fill=ink, anchor="middle"))
    return "".join(texts)


def _legend(scale: tuple, low: str, high: str, left: float, y: float) -> str:
    stops = "".join(f'<stop offset="{place:g}" stop-color="{colour}"/>' for place, colour in scale)
    start = left + _length(low) + 8
    return (
        f'<linearGradient id="scale">{stops}</linearGradient>{_text(left, y + 12, low)}'
        f'<rect x="{start:g}" y="{y:g}" width="140" height="14" fill="url(#scale)" stroke="{LIGHT.grid}"/>'
        f"{_text(start + 148, y + 12, high)}"
    )
