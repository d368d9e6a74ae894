"""The file of a lesson: read, and refused with the line where it is wrong. app/lessons/README.md describes it.

A lesson comes from anybody: it is plain text within bounds, never markup and never code.  What depends on a
model (is there such a layer, which choice is right) is looked at by `check`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from app.kit.address import WORDS
from app.kit.lessons.elements import elements
from app.kit.lessons.errors import LessonError
from app.kit.lessons.expression import Condition, Expression, Sentence, condition, expression, sentence
from app.kit.lessons.places import Path, line_of, places
from app.kit.lessons.words import MOST_STATIONS, OF_A_LESSON
from app.kit.stations import STATIONS
from app.text import LANGUAGE_NAMES
from model import FETCHABLE
from model.files.catalog import STORYTELLERS, TINY

MOST_BYTES = 100_000
LONGEST_LINE = 2_000
MODELS = (*STORYTELLERS, *FETCHABLE, TINY)  # by name only: a lesson opens no file of this machine
NOT_A_LESSON_S = {*OF_A_LESSON, "lang", "weights", "ids", "model", "prompt"}  # the last two are keys of a station
SMALLEST, LARGEST = "smallest", "largest"

_FILE = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]{0,59})\.(?P<lang>[a-z]{2})\.toml")

# Keys, and how many characters (of a list: entries) each may have at most.
_LESSON = {"title": 100, "about": 300, "needs": 300, "aims": 8, "model": 60, "prompt": 2_000, "station": MOST_STATIONS}
_STATION = {
    "title": 100,
    "room": 40,
    "model": 60,
    "prompt": 2_000,
    "look": 1_200,
    "mark": 60,
    "ask": 400,
    "right": 20,
    "answer": 200,
    "reveal": 900,
    "note": 1_200,
    "choice": 6,
}
_NUMBERS = {"minutes": (0.5, 30.0), "close": (0.0, 1e12)}
_CHOICE = {"text": 200, "value": 200, "holds": 200}


@dataclass(frozen=True, eq=False)
class Choice:
    """One of the answers to choose from."""

    text: Sentence
    value: Expression | None  # what is compared where the largest or smallest is right
    holds: Condition | None  # else: what makes this one right
    line: int


@dataclass(frozen=True, eq=False)
class Station:
    """One stop of a lesson."""

    title: str
    minutes: float
    room: str  # an address
    model: str  # empty: the app's first one
    prompt: str  # empty: the app's own
    words: Mapping[str, Any]  # address words and their values
    look: Sentence
    mark: str  # an element of the room's page; empty: none
    ask: Sentence
    choices: tuple[Choice, ...]  # none: the answer is a number
    right: str  # "largest", "smallest", or empty: the choice that holds
    answer: Expression | None  # the number that is asked for
    close: float  # how far from it still counts as right, as it is shown
    reveal: Sentence
    note: Sentence  # for the teacher's page
    place: Path = field(repr=False)  # of its table in the file


@dataclass(frozen=True, eq=False)
class Lesson:
    """A whole lesson."""

    name: str
    lang: str
    title: str
    about: str
    needs: str
    aims: tuple[str, ...]
    stations: tuple[Station, ...]
    file: str
    lines: Mapping[Path, int] = field(repr=False)

    @property
    def minutes(self) -> float:
        """How long it takes."""
        return sum(station.minutes for station in self.stations)

    def line(self, *path: str | int) -> int:
        """Where `path` stands in the file."""
        return line_of(dict(self.lines), path)


def file_parts(file: str) -> tuple[str, str]:
    """Name and language of a file "attention.en.toml".

    Raises:
        LessonError: for another name.
    """
    found = _FILE.fullmatch(file)
    if found is None or found["lang"] not in LANGUAGE_NAMES:
        raise _in(file, LessonError("file_name", 1, languages=", ".join(LANGUAGE_NAMES)))
    return found["name"], found["lang"]


def read(data: bytes, file: str) -> Lesson:
    """The lesson in a file.

    Args:
        data: its bytes, from anybody.
        file: its name without folders, "<name>.<language>.toml".

    Raises:
        LessonError: at the first thing that is wrong; its sentence names file and line.
    """
    name, lang = file_parts(file)
    try:
        return _Reader(_parsed(data), _text(data), file).lesson(name, lang)
    except LessonError as error:
        raise _in(file, error) from None


def _in(file: str, error: LessonError) -> LessonError:
    error.file = file
    return error


def _text(data: bytes) -> str:
    return data.decode("utf-8").replace("\r\n", "\n").removeprefix("\ufeff")


def _parsed(data: bytes) -> dict[str, Any]:
    if len(data) > MOST_BYTES:
        raise LessonError("too_big", 1, limit=MOST_BYTES // 1000)
    try:
        text = _text(data)
    except UnicodeDecodeError as error:
        raise LessonError("not_text", data.count(b"\n", 0, error.start) + 1) from None
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LONGEST_LINE:
            raise LessonError("long_line", number, limit=LONGEST_LINE)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        line = int(found[1]) if found else text.rstrip().count("\n") + 1
        what = re.sub(r"\s*\(at .*\)", "", str(error)) if isinstance(error, tomllib.TOMLDecodeError) else ""
        raise LessonError("not_toml", line, reason=what) from None


class _Reader:
    """Takes a file's values one by one, and knows where each stands."""

    def __init__(self, data: dict[str, Any], text: str, file: str):
        self.data, self.file = data, file
        self.lines = places(text)

    def lesson(self, name: str, lang: str) -> Lesson:
        self.known_keys(self.data, (), _LESSON)
        stations = self.tables(self.data, (), "station", MOST_STATIONS)
        if not stations:
            raise LessonError("no_stations", 1)
        return Lesson(
            name=name,
            lang=lang,
            title=self.text((), "title"),
            about=self.text((), "about", ""),
            needs=self.text((), "needs", ""),
            aims=self.aims(),
            stations=tuple(self.station(("station", number)) for number in range(len(stations))),
            file=self.file,
            lines=MappingProxyType(self.lines),
        )

    def station(self, place: Path) -> Station:
        table = self.at(place)
        self.known_keys(table, place, {**_STATION, **_NUMBERS, "view": 0})
        room = self.text(place, "room")
        known = {station.address: station.folder for station in STATIONS}
        if room not in known:
            raise self.wrong("unknown_room", (*place, "room"), room=room, known=", ".join(known))
        mark = self.text(place, "mark", "")
        if mark and mark not in elements(known[room]):
            names = ", ".join(sorted(elements(known[room])))
            raise self.wrong("unknown_element", (*place, "mark"), element=mark, room=room, known=names)
        choices = tuple(
            self.choice((*place, "choice", number))
            for number in range(len(self.tables(table, place, "choice", _STATION["choice"])))
        )
        right, answer = self.text(place, "right", ""), self.text(place, "answer", "")
        self.one_kind_of_question(place, choices, right, answer)
        return Station(
            title=self.text(place, "title"),
            minutes=self.number(place, "minutes", 2.0),
            room=room,
            model=self.model(place),
            prompt=self.text(place, "prompt", "") or self.text((), "prompt", ""),
            words=MappingProxyType(self.words(place)),
            look=self.sentence(place, "look"),
            mark=mark,
            ask=self.sentence(place, "ask"),
            choices=choices,
            right=right,
            answer=expression(answer, self.line((*place, "answer"))) if answer else None,
            close=self.number(place, "close", 0.0),
            reveal=self.sentence(place, "reveal"),
            note=self.sentence(place, "note", ""),
            place=place,
        )

    def choice(self, place: Path) -> Choice:
        self.known_keys(self.at(place), place, _CHOICE)
        value, holds = self.text(place, "value", ""), self.text(place, "holds", "")
        return Choice(
            text=self.sentence(place, "text"),
            value=expression(value, self.line((*place, "value"))) if value else None,
            holds=condition(holds, self.line((*place, "holds"))) if holds else None,
            line=self.line(place),
        )

    def one_kind_of_question(self, place: Path, choices: tuple[Choice, ...], right: str, answer: str) -> None:
        """A number, or choices of which the largest, the smallest or the one that holds is right."""
        if bool(choices) == bool(answer):
            raise self.wrong("choices_or_answer", (*place, "answer") if answer else place)
        if not choices:
            return
        if len(choices) < 2:
            raise LessonError("one_choice", choices[0].line)
        if right not in ("", SMALLEST, LARGEST):
            raise self.wrong("unknown_right", (*place, "right"), right=right)
        for choice in choices:
            if (choice.value is not None) != bool(right) or (choice.holds is not None) == bool(right):
                raise LessonError("needs_value" if right else "needs_holds", choice.line)

    def model(self, place: Path) -> str:
        own = self.text(place, "model", "")
        name = own or self.text((), "model", "")
        if name and name not in MODELS:
            where = (*place, "model") if own else ("model",)
            raise self.wrong("unknown_model", where, model=name, known=", ".join(MODELS))
        return name

    def words(self, place: Path) -> dict[str, Any]:
        place = (*place, "view")
        found = {}
        view = self.at(place[:-1]).get("view", {})
        if not isinstance(view, dict):
            raise self.wrong("wrong_type", place, key="view", wanted="[station.view]")
        for name, value in view.items():
            if name not in WORDS or name in NOT_A_LESSON_S:
                known = ", ".join(sorted(WORDS.keys() - NOT_A_LESSON_S))
                raise self.wrong("unknown_word", (*place, name), word=name, known=known)
            try:
                plain = ".".join(str(entry) for entry in value) if isinstance(value, list) else str(value)
                found[name] = WORDS[name].read(plain[:LONGEST_LINE])
            except (ValueError, TypeError, OverflowError):
                raise self.wrong("bad_value", (*place, name), word=name, value=str(value)[:200]) from None
        return found

    def aims(self) -> tuple[str, ...]:
        aims = self.data.get("aims", [])
        if not (isinstance(aims, list) and all(isinstance(aim, str) for aim in aims)):
            raise self.wrong("wrong_type", ("aims",), key="aims", wanted='["…", "…"]')
        if len(aims) > _LESSON["aims"] or any(len(aim) > 300 for aim in aims):
            raise self.wrong("too_many", ("aims",), key="aims", limit=_LESSON["aims"])
        return tuple(aims)

    # One value

    def at(self, place: Path) -> dict[str, Any]:
        """The table at `place`."""
        found: Any = self.data
        for part in place:
            found = found[part]
        return found

    def text(self, place: Path, key: str, fallback: str | None = None) -> str:
        """The text of `key`; `fallback` where it is missing, None: it has to be there."""
        table, where = self.at(place), (*place, key)
        if key not in table:
            if fallback is None:
                raise self.wrong("missing_key", place, key=key)
            return fallback
        value = table[key]
        if not isinstance(value, str):
            raise self.wrong("wrong_type", where, key=key, wanted='"…"')
        limit = {**_LESSON, **_STATION, **_CHOICE}[key]
        if len(value) > limit:
            raise self.wrong("too_long", where, key=key, length=len(value), limit=limit)
        if fallback is None and not value.strip():
            raise self.wrong("missing_key", where, key=key)
        return value if key == "prompt" else value.strip()

    def sentence(self, place: Path, key: str, fallback: str | None = None) -> Sentence:
        return sentence(self.text(place, key, fallback), self.line((*place, key)))

    def number(self, place: Path, key: str, fallback: float) -> float:
        value = self.at(place).get(key, fallback)
        low, high = _NUMBERS[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.wrong("not_in_range", (*place, key), key=key, low=f"{low:g}", high=f"{high:g}")
        return float(value)

    def tables(self, table: dict[str, Any], place: Path, key: str, limit: int) -> list[dict[str, Any]]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            heading = ".".join([*(str(part) for part in place if isinstance(part, str)), key])
            raise self.wrong("wrong_type", (*place, key), key=key, wanted=f"[[{heading}]]")
        if len(value) > limit:
            raise self.wrong("too_many", (*place, key, limit), key=key, limit=limit)
        return value

    def known_keys(self, table: dict[str, Any], place: Path, known: Mapping[str, Any]) -> None:
        for key in table:
            if key not in known:
                raise self.wrong("unknown_key", (*place, key), key=key, known=", ".join(known))

    def line(self, place: Path) -> int:
        return line_of(self.lines, place)

    def wrong(self, kind: str, place: Path, **values: object) -> LessonError:
        return LessonError(kind, self.line(place), **values)
