"""Work sheets to print: numbers and tables with blanks on one page, the solutions on the next; one file of HTML.

Knows nothing about rooms or models: every text is data, and none of it becomes markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

_STYLE = """
@page { size: A4; margin: 14mm; }
body { font: 11pt/1.4 "Source Sans 3", "Noto Sans", "Noto Sans CJK SC", sans-serif; color: #1b1f24; margin: 1.5rem; }
h1 { font-size: 16pt; margin: 0 0 .3em; }
p { margin: .5em 0; white-space: pre-line; overflow-wrap: anywhere; }
section.page + section.page { break-before: page; }
.tables { display: flex; flex-wrap: wrap; gap: 4mm 8mm; }
figure { margin: 0; break-inside: avoid; }
figcaption { font-weight: 600; }
figcaption small { font-weight: 400; font-size: inherit; color: #57606a; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td { border: 1px solid #6e7781; min-width: 11mm; height: 6.2mm; text-align: center; padding: 0 1mm; }
td.given { background: #eceef0; }
table:has(.given) td { min-width: 16mm; height: 7mm; }
p.name { border-bottom: 1px solid #6e7781; width: 70mm; margin: 1em 0; }
th { font-weight: 400; color: #57606a; padding: 0 1.5mm; white-space: nowrap; }
.two { font-size: 10pt; line-height: 1.25; }
.two td { min-width: 8.5mm; height: 4.8mm; }
.two .tables { gap: 2mm 7mm; }
td.masked { background: repeating-linear-gradient(135deg, #fff 0 4px, #b4bcc5 4px 5px); }
@media print { body { margin: 0; } .two { font-size: 10pt; line-height: 1.25; }
.two td { min-width: 8.5mm; height: 4.8mm; }
.two .tables { gap: 2mm 7mm; }
td.masked, td.given { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


@dataclass(frozen=True, eq=False)
class Blanks:
    """A table on paper, (R, C) cells as they are printed."""

    name: str  # for programs: the figure's data-name
    caption: str
    how: str  # the formula, or nothing
    cells: Sequence[Sequence[str]]  # the solutions too
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    blank: np.ndarray | bool = True  # (R, C): which cells the first page leaves empty
    masked: np.ndarray | bool = False  # (R, C): hatched


Part = str | Iterable[Blanks]  # a paragraph, or tables side by side


def worksheet(lang: str, titles: tuple[str, str], parts: Sequence[Part], *, name: str = "", small: bool = False) -> str:
    """The whole file.

    Args:
        titles: of the page with blanks and of its solutions.
        name: what a line to write one's name on is called, on the page with blanks.
        small: in a smaller type, for tables that would not fit otherwise.
    """
    parts = [part if isinstance(part, str) else list(part) for part in parts]

    def page(title: str, solved: bool) -> str:
        body = "".join(
            f"<p>{escape(part)}</p>"
            if isinstance(part, str)
            else f'<div class="tables">{"".join(_table(table, solved) for table in part)}</div>'
            for part in parts
        )
        line = f"<p class=name>{escape(name)}</p>" if name and not solved else ""
        return f'<section class="page"><h1>{escape(title)}</h1>{line}{body}</section>'

    return (
        f'<!doctype html><html lang="{escape(lang)}"><head><meta charset="utf-8"><title>{escape(titles[0])}</title>'
        f"<style>{_STYLE}</style></head><body{' class=two' if small else ''}>"
        f"{page(titles[0], False)}{page(titles[1], True)}</body></html>\n"
    )


def _table(table: Blanks, solved: bool) -> str:
    shape = len(table.cells), len(table.cells[0])
    blank, masked = np.broadcast_to(table.blank, shape), np.broadcast_to(table.masked, shape)
    some = bool(blank.any() and not blank.all())  # what is given stands out where both are in one table
    rows = []
    for i, cells in enumerate(table.cells):
        body = "".join(
            f"<td{' class=masked' if masked[i, j] else ' class=given' if some and not blank[i, j] else ''}>"
            f"{escape(text) if solved or not blank[i, j] else ''}</td>"
            for j, text in enumerate(cells)
        )
        rows.append(f"<tr>{f'<th>{escape(table.rows[i])}</th>' if len(table.rows) else ''}{body}</tr>")
    top = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    heading = f"<tr>{'<th></th>' if len(table.rows) else ''}{top}</tr>" if top else ""
    return (
        f'<figure data-name="{escape(table.name)}"><figcaption>{escape(table.caption)} '
        f"<small>{escape(table.how)}</small></figcaption><table>{heading}{''.join(rows)}</table></figure>"
    )


def printed(value: float, digits: int = 3) -> str:
    """A number as it stands on paper."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else f"{0:.{digits}f}"


def softmax(
    name: str,
    caption: str,
    rows: Sequence[str],
    leading: Sequence[tuple[str, np.ndarray]],
    share: str,
    words: Mapping[str, str],
    *,
    hidden: np.ndarray,
) -> Blanks:
    """A softmax to work out: the first numbers are given, and what the rows that are not shown add up to.

    Args:
        rows: names of the n rows that are shown, the one with the largest score among them.
        leading: titles and numbers (n,) of the columns up to the scores, which are the last of them.
        share: title of the result.
        words: "largest", "power", "rest" and "sum".
        hidden: scores of the rows that are not shown.
    """
    scores = leading[-1][1].astype(np.float64)
    top = scores.max()
    power, rest = np.exp(scores - top), float(np.exp(hidden.astype(np.float64) - top).sum())
    total = power.sum() + rest
    columns = [*leading, (words["largest"], scores - top), (words["power"], power), (share, power / total)]
    cells = [[printed(float(values[row])) for _, values in columns] for row in range(len(rows))]
    blank = np.ones((len(rows), len(columns)), dtype=bool)
    blank[:, 0] = False
    empty = [""] * (len(columns) - 2)
    names = list(rows)
    masked = np.zeros_like(blank)
    last = np.zeros((1, len(columns)), dtype=bool)
    last[:, -2:] = True
    if len(hidden):
        names.append(words["rest"])
        cells.append([*empty, printed(rest), printed(rest / total)])
        given = last.copy()
        given[:, -2] = False
        blank, masked = np.concatenate([blank, given]), np.concatenate([masked, ~last])
    names.append(words["sum"])
    cells.append([*empty, printed(total), printed(1)])
    blank, masked = np.concatenate([blank, last]), np.concatenate([masked, ~last])
    return Blanks(name, caption, "", cells, names, [title for title, _ in columns], blank, masked)
