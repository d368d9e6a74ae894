"""A work sheet to print: numbers and empty tables on one page, the solutions on the next; one file of HTML."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from app.rooms.by_hand.examples import Example
from app.rooms.by_hand.paper import Table, formula, given, number, steps
from app.text import translate
from model.measure.worked import Worked

_STYLE = """
@page { size: A4; margin: 14mm; }
body { font: 11pt/1.4 "Source Sans 3", "Noto Sans", "Noto Sans CJK SC", sans-serif; color: #1b1f24; margin: 1.5rem; }
h1 { font-size: 16pt; margin: 0 0 .3em; }
section.page + section.page { break-before: page; }
.tables { display: flex; flex-wrap: wrap; gap: 4mm 8mm; }
figure { margin: 0; break-inside: avoid; }
figcaption { font-weight: 600; }
figcaption small { font-weight: 400; font-size: inherit; color: #57606a; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td { border: 1px solid #6e7781; min-width: 11mm; height: 6.2mm; text-align: center; padding: 0 1mm; }
th { font-weight: 400; color: #57606a; padding: 0 1.5mm; }
.two { font-size: 10pt; line-height: 1.25; }
.two td { min-width: 8.5mm; height: 4.8mm; }
.two .tables { gap: 2mm 7mm; }
td.masked { background: repeating-linear-gradient(135deg, #fff 0 4px, #b4bcc5 4px 5px); }
@media print { body { margin: 0; } .two { font-size: 10pt; line-height: 1.25; }
.two td { min-width: 8.5mm; height: 4.8mm; }
.two .tables { gap: 2mm 7mm; }
td.masked { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def sheet(example: Example, worked: Worked, lang: str) -> str:
    """The whole file. Everything in it is calculated from `example`."""

    def say(key: str, **values: object) -> str:
        return escape(translate(lang, f"by_hand.{key}", **values))

    def page(title: str, solved: bool) -> str:
        numbers = "".join(_table(table, "", say, solved=True) for table in given(example))
        results = "".join(
            _table(table, formula(example, table.name, lang), say, solved=solved) for table in steps(example, worked)
        )
        return (
            f'<section class="page"><h1>{say(title)}</h1><p>{say("sheet.task")}</p>'
            f'<div class="tables">{numbers}</div><p>{say("sheet.digits")}</p>'
            f'<div class="tables results">{results}</div></section>'
        )

    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{say("sheet.title")}</title>'
        f"<style>{_STYLE}</style></head><body{' class=two' if example.heads > 1 else ''}>"
        f"{page('sheet.title', False)}{page('sheet.solutions', True)}</body></html>\n"
    )


def _table(table: Table, how: str, say: Callable[..., str], *, solved: bool) -> str:
    is_given = table.name == "x" or table.name.startswith("w_")
    name = say(f"part.matrix.{table.name.removeprefix('w_')}") if is_given else say(f"part.step.{table.name}")
    head = "" if table.head is None else f" · {say('part.head', head=table.head + 1)}"
    top = "".join(f"<th>{column}</th>" for column in table.columns)
    rows = []
    for i, values in enumerate(table.values):
        cells = "".join(_cell(table, i, j, float(value), solved) for j, value in enumerate(values))
        rows.append(f"<tr>{f'<th>{table.rows[i]}</th>' if table.rows else ''}{cells}</tr>")
    heading = f"<tr><th></th>{top}</tr>" if top else ""
    return (
        f'<figure data-name="{table.name}"><figcaption>{name}{head} <small>{escape(how)}</small></figcaption>'
        f"<table>{heading}{''.join(rows)}</table></figure>"
    )


def _cell(table: Table, row: int, column: int, value: float, solved: bool) -> str:
    masked = table.name in ("masked", "pattern") and column > row
    return f"<td{' class=masked' if masked else ''}>{number(value, table.name) if solved else ''}</td>"
