"""A lesson that is being written in the app: stations made of what a room shows, and their file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.kit.address import View, describe
from app.kit.lessons.format import NOT_A_LESSON_S, Lesson, read
from app.kit.lessons.words import DRAFT


@dataclass(frozen=True)
class Written:
    """What somebody typed for one station."""

    title: str
    look: str
    ask: str
    right: str
    wrong: str
    reveal: str


@dataclass(frozen=True)
class Sketch:
    """A station of the draft."""

    room: str
    model: str
    prompt: str
    words: Mapping[str, str]  # of the address, as far as they are not its usual ones
    written: Written


def sketch(room: str, view: View, written: Written) -> Sketch:
    """A station that shows what `room` shows of `view`."""
    words = describe(view, View(lang=view.lang, model=view.model))
    kept = {name: value for name, value in words.items() if name not in NOT_A_LESSON_S}
    return Sketch(room, view.model, view.prompt, kept, written)


def toml(title: str, stations: Sequence[Sketch]) -> str:
    """The file of the draft."""
    lines = [f"title = {_text(title)}"]
    for station in stations:
        written = station.written
        lines += ["", "[[station]]", f"title = {_text(written.title)}", f"room = {_text(station.room)}"]
        lines += [f"model = {_text(station.model)}", f"prompt = {_text(station.prompt)}"]
        lines += [f"{key} = {_text(_plain(getattr(written, key)))}" for key in ("look", "ask", "reveal")]
        for text, holds in ((written.right, "1 = 1"), (written.wrong, "1 = 0")):
            lines += ["[[station.choice]]", f"text = {_text(_plain(text))}", f"holds = {_text(holds)}"]
        lines += ["[station.view]", *(f"{name} = {_text(value)}" for name, value in station.words.items())]
    return "\n".join(lines) + "\n"


def lesson(title: str, stations: Sequence[Sketch], lang: str) -> Lesson:
    """The draft as it can be taken.

    Raises:
        LessonError: for what somebody typed that no lesson can hold.
    """
    return read(toml(title, stations).encode(), f"{DRAFT}.{lang}.toml")


def _plain(text: str) -> str:
    """With braces that are shown."""
    return text.replace("{", "{{").replace("}", "}}")


def _text(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's, but for one character and for halves of characters."""
    clean = text.encode("utf-8", "replace").decode()
    return json.dumps(clean, ensure_ascii=False).replace("\x7f", "\\u007f")
