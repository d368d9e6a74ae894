"""A lesson's page for the teacher: aims, timing and answers with this computer's numbers; one file of HTML to print."""

from __future__ import annotations

from html import escape

import model
from app.kit.address import View
from app.kit.lessons.check import answer, read, run_of, said
from app.kit.lessons.errors import LessonError
from app.kit.lessons.format import Lesson
from app.text import error_text, translate

_STYLE = """
body { font: 12pt/1.45 'Source Sans 3', 'Noto Sans', 'Noto Sans CJK SC', sans-serif; max-width: 46rem;
  margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-bottom: 0.2rem; }
section { break-inside: avoid; } .answer { border-left: 3px solid #7647b3; padding-left: 0.7rem; }
.note { color: #4b5561; } @media print { body { margin: 0; } }
"""


def page(lesson: Lesson, view: View) -> str:
    """The whole page; every text of the lesson is escaped."""
    lang = lesson.lang

    def word(name: str, **values: object) -> str:
        return escape(translate(lang, f"lesson.{name}", **values))

    aims = "".join(f"<li>{escape(aim)}</li>" for aim in lesson.aims)
    facts = word("facts", count=len(lesson.stations), minutes=f"{lesson.minutes:g}")
    parts = [
        f"<h1>{escape(lesson.title)}</h1><p>{escape(lesson.about)}</p><p>{facts}</p>",
        f"<p>{word('needs', needs=lesson.needs)}</p>" if lesson.needs else "",
        f"<h2>{word('page.aims')}</h2><ul>{aims}</ul>" if aims else "",
    ]
    for number, station in enumerate(lesson.stations, 1):
        minutes = word("page.minutes", minutes=f"{station.minutes:g}")
        parts.append(f"<section><h2>{number}. {escape(station.title)} · {minutes}</h2>")
        parts += [f"<p>{escape(text)}</p>" for text in _station(lesson, number, view)]
        parts.append("</section>")
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(lesson.title)}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _station(lesson: Lesson, number: int, view: View) -> list[str]:
    station = lesson.stations[number - 1]
    try:
        run = run_of(lesson, number, view)
        found = answer(station, run, lesson.lang)
        look, ask, note = (said(text, run, lesson.lang) for text in (station.look, station.ask, station.note))
        if found.right is not None:
            right = said(station.choices[found.right].text, run, lesson.lang)
        else:
            right = read(found.number or 0.0, "number", lesson.lang)
    except model.BadInput as error:
        return [translate(lesson.lang, "lesson.unavailable", reason=error_text(lesson.lang, error))]
    except LessonError as error:
        error.file = lesson.file
        return [error.sentence(lesson.lang)]
    answered = f"{translate(lesson.lang, 'lesson.page.answer')}: {right}. {found.reveal}"
    noted = [f"{translate(lesson.lang, 'lesson.page.note')}: {note}"] if note else []
    return [look, ask, answered, *noted]
