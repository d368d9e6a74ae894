"""The lessons that a session can take: its own, those of the folder given at the start, and those that came along."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

import streamlit as st

from app.kit.lessons.errors import LessonError
from app.kit.lessons.format import MOST_BYTES, Lesson, file_parts, read
from app.kit.lessons.words import DRAFT

SHIPPED = Path(__file__).resolve().parent.parent.parent / "lessons"
FOLDER = "GLASSFORMER_LESSONS"  # set by python3 -m app --lessons FOLDER
MOST_OF_ONE_S_OWN = 20

_OWN = "_lessons"  # session: (name, language) -> Lesson


def folder() -> Path | None:
    """The teacher's folder, if one was given."""
    given = os.environ.get(FOLDER)
    return Path(given) if given else None


def read_file(path: Path) -> Lesson | LessonError:
    """The lesson in a file, read anew when it changes; or what is wrong with it."""
    try:
        found = path.stat()
        if not path.is_file():  # a folder; or a pipe, which would be waited for
            raise OSError
        return _read(path, found.st_mtime_ns, found.st_size)
    except OSError:
        error = LessonError("unreadable", 1)
        error.file = path.name
        return error


@lru_cache(maxsize=256)
def _read(path: Path, changed: int, size: int) -> Lesson | LessonError:
    try:
        with path.open("rb") as file:
            return read(file.read(MOST_BYTES + 1), path.name)
    except LessonError as error:
        return error


def files() -> list[Path]:
    """The files of the teacher's folder, then those that came along."""
    folders = [place for place in (folder(), SHIPPED) if place is not None and place.is_dir()]
    return [path for place in folders for path in sorted(place.glob("*.toml"))]


def wrong() -> list[LessonError]:
    """What is wrong with files of the shelf."""
    return [found for found in map(read_file, files()) if isinstance(found, LessonError)]


def keep(lesson: Lesson) -> None:
    """Put a lesson on this session's shelf, in place of one of the same name and language."""
    kept = {key: held for key, held in own().items() if key != (lesson.name, lesson.lang)}
    st.session_state[_OWN] = dict([*kept.items(), ((lesson.name, lesson.lang), lesson)][-MOST_OF_ONE_S_OWN:])


def own() -> dict[tuple[str, str], Lesson]:
    """This session's lessons."""
    return st.session_state.get(_OWN, {})


def lesson(name: str, lang: str) -> Lesson | None:
    """The lesson of that name in `lang`, else in any language; None where there is none."""
    found = _named(name)
    return found.get(lang) or next(iter(found.values()), None)


def lessons(lang: str) -> list[Lesson]:
    """Every lesson but the draft, one of each name, in `lang` where it can be had."""
    names = dict.fromkeys([name for name, _ in own()] + [_name(path) for path in files()])
    found = [lesson(name, lang) for name in names if name and name != DRAFT]
    return sorted((each for each in found if each is not None), key=_order)


def _order(lesson: Lesson) -> int:
    return _SHIPPED_ORDER.index(lesson.name) if lesson.name in _SHIPPED_ORDER else -1


_SHIPPED_ORDER = ("what-comes-next", "attention-in-seven-steps", "from-mha-to-mla", "experts")


def _name(path: Path) -> str:
    try:
        return file_parts(path.name)[0]
    except LessonError:
        return ""


def _named(name: str) -> dict[str, Lesson]:
    """By language; of two, the session's own before the folder's before what came along."""
    found = {lang: held for (own_name, lang), held in own().items() if own_name == name}
    for path in files():
        if _name(path) == name:
            read_one = read_file(path)
            if isinstance(read_one, Lesson):
                found.setdefault(read_one.lang, read_one)
    return found
