"""What is wrong with a lesson, and where."""

from __future__ import annotations

from app.text import translate
from model.errors import one_line


class LessonError(Exception):
    """One thing that a lesson's author has to put right.

    Args:
        kind: "lesson.error.<kind>" in app/text is its sentence.
        line: of the file, from 1 on.
        values: what the sentence says; texts of the file are cut, as they may be long.
    """

    def __init__(self, kind: str, line: int, /, **values: object):
        self.kind, self.line, self.file = kind, line, ""
        self.values = {name: short(value) if isinstance(value, str) else value for name, value in values.items()}
        super().__init__(kind)

    def sentence(self, lang: str) -> str:
        """File, line and what is wrong there, as plain text."""
        problem = translate(lang, f"lesson.error.{self.kind}", **self.values)
        return translate(lang, "lesson.error.where", file=short(self.file), line=self.line, problem=problem)

    def __str__(self) -> str:
        return self.sentence("en")


def short(text: str, most: int = 300) -> str:
    """One line of `text`."""
    line = " ".join(one_line(text).split())
    return line if len(line) <= most else line[:most] + "…"
