"""A lesson held against the models: every layer and position exists, every question has one right answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import model
from app.kit import runtime
from app.kit.address import View
from app.kit.lessons.errors import LessonError
from app.kit.lessons.expression import Call, Condition, Expression, Sentence
from app.kit.lessons.format import LARGEST, Lesson, Station
from app.kit.lessons.quantities import QUANTITIES, NotHere, Run, operands
from app.kit.numbers import percent
from app.text import error_text, translate

SAME = 1e-6  # numbers that differ by less are equal


@dataclass(frozen=True)
class Answer:
    """A station's question, answered by this run."""

    right: int | None  # the choice that is right; None where a number is asked for
    values: tuple[str, ...]  # of the choices, as read; empty texts where none are compared
    number: float | None  # as shown: a share in percent
    unit: str
    reveal: str


def target(lesson: Lesson, number: int, view: View) -> View:
    """What the station `number`, from 1 on, shows: the address words that it names, and no others."""
    station = lesson.stations[number - 1]
    start = View(lang=view.lang, weights=view.weights, model=station.model or runtime.default_name())
    words = dict(station.words)
    if station.prompt:
        words["prompt"] = station.prompt
    if "projector" in view:
        words["projector"] = view["projector"]
    return start.replace(**words, lesson=lesson.name, station=number)


def run_of(lesson: Lesson, number: int, view: View) -> Run:
    """The station's own run.

    Raises:
        BadInput: where the model is not here or cannot read the prompt.
    """
    shown = target(lesson, number, view)
    lm = runtime.language_model(shown.model, shown.weights)
    return Run(lm, runtime.trace(lm, shown.source), shown)


def check(lesson: Lesson) -> None:
    """Hold every station against its model; those of a model that is not on this machine yet are left out.

    Raises:
        LessonError: at the first thing that is wrong.
    """
    wrong = _checked(lesson)
    if wrong is not None:
        raise wrong


@lru_cache(maxsize=64)
def _checked(lesson: Lesson) -> LessonError | None:
    for number in range(1, len(lesson.stations) + 1):
        try:
            _check_station(lesson, number)
        except LessonError as error:
            error.file = lesson.file
            return error
    return None


def _check_station(lesson: Lesson, number: int) -> None:
    station = lesson.stations[number - 1]
    try:
        run = run_of(lesson, number, View(lang=lesson.lang))
    except model.BadInput as error:
        if error.code in ("not_fetched", "not_trained"):
            return
        raise LessonError(
            "prompt_refused", lesson.line(*station.place, "prompt"), reason=error_text(lesson.lang, error)
        ) from None
    config = run.lm.config
    counts = {"layer": config.n_layers, "head": config.attention.n_heads, "query": len(run.trace.ids)}
    counts["key"] = counts["query"]
    for word, count in counts.items():
        if word in station.words and station.words[word] is not None and station.words[word] >= count:
            line = lesson.line(*station.place, "view", word)
            raise LessonError("no_such", line, what=word, value=str(station.words[word]), last=count - 1)
    answer(station, run, "en", lesson.line(*station.place, "ask"))
    for text in (station.look, station.ask, station.note):
        said(text, run, "en")


def answer(station: Station, run: Run, lang: str, line: int = 0) -> Answer:
    """What is right on `run`.

    Raises:
        LessonError: where a quantity cannot be computed, or no one choice is right.
    """
    reveal = said(station.reveal, run, lang)
    if station.answer is not None:
        value, unit = value_of(station.answer, run)
        if isinstance(value, str):
            raise LessonError("not_a_number", station.answer.line)
        return Answer(None, (), 100 * value if unit == "share" else value, unit, reveal)
    if station.right:
        found = [value_of(choice.value, run) for choice in station.choices if choice.value is not None]
        if any(isinstance(value, str) for value, _ in found):
            raise LessonError("not_a_number", station.choices[0].line)
        best = (max if station.right == LARGEST else min)(float(value) for value, _ in found)
        right = [place for place, (value, _) in enumerate(found) if abs(float(value) - best) <= SAME]
        shown = tuple(read(value, unit, lang) for value, unit in found)
    else:
        right = [place for place, c in enumerate(station.choices) if c.holds is not None and holds(c.holds, run)]
        shown = ("",) * len(station.choices)
    if len(right) != 1:
        raise LessonError("not_one_right", line or station.choices[0].line, count=len(right))
    return Answer(right[0], shown, None, "", reveal)


def value_of(what: Expression, run: Run) -> tuple[float | str, str]:
    """A value and its unit.

    Raises:
        LessonError: for an unknown quantity or operand.
    """
    first, unit = _term(what.first, run, what.line)
    if what.second is None:
        return first, unit
    second, other = _term(what.second, run, what.line)
    if isinstance(first, str) or isinstance(second, str):
        raise LessonError("not_a_number", what.line)
    if what.operator == "/" and second == 0:
        raise LessonError("divided_by_zero", what.line)
    ways: dict[str, Callable[[float, float], float]] = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
    }
    kept = unit if what.operator in "+-" and unit == other else "number"
    return ways[what.operator](first, second), kept


def _term(term: Call | float, run: Run, line: int) -> tuple[float | str, str]:
    if not isinstance(term, Call):
        return term, "number"
    if term.name not in QUANTITIES:
        raise LessonError("unknown_quantity", line, name=term.name, known=", ".join(QUANTITIES))
    quantity = QUANTITIES[term.name]
    try:
        return quantity.compute(run, *term.operands, **dict(term.named)), quantity.unit
    except NotHere as error:
        raise LessonError(error.kind, line, **error.values) from None
    except (TypeError, ValueError):
        raise LessonError("bad_operands", line, name=term.name, known=operands(term.name)) from None


def holds(what: Condition, run: Run) -> bool:
    """Whether a condition is true on this run."""
    (left, _), (right, _) = value_of(what.left, run), value_of(what.right, run)
    if isinstance(left, str) or isinstance(right, str):
        equal = str(left) == str(right)
        return equal if what.comparison == "=" else not equal
    if what.comparison in ("=", "!="):
        return (abs(left - right) <= SAME) == (what.comparison == "=")
    return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[what.comparison]


def said(what: Sentence, run: Run, lang: str) -> str:
    """A sentence with this run's numbers in it: plain text."""
    return "".join(part if isinstance(part, str) else read(*value_of(part, run), lang) for part in what.parts)


def read(value: float | str, unit: str, lang: str) -> str:
    """A value as people read it."""
    if isinstance(value, str):
        return translate(lang, "common.quoted", token=value)
    if unit == "share":
        return percent(value) if value < 1 - SAME else "100 %"
    if unit == "count":
        return f"{round(value):,}"
    text = f"{value:.2f}".rstrip("0").rstrip(".").replace("-", "−")
    return translate(lang, "lesson.unit.bits", value=f"{value:.1f}") if unit == "bits" else text
