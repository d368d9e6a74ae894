"""The one exception that means "the person can fix this"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Line breaks, orders to a terminal, and halves of surrogate pairs, which cannot be written anywhere.
_NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def one_line(text: str) -> str:
    """`text` without what breaks a line, such as in a name that somebody typed: a space in its place."""
    return _NO_LINE.sub(" ", text)


class BadInput(ValueError):
    """Input that cannot be used: one clear sentence that says what to do.

    Args:
        code: stable identifier such as ``"empty_prompt"``; the app translates by it.
        message: the English sentence; ``str(error)`` returns it.
        values: the named values inside the sentence, for translations to fill in.

    Message and values are one line each, whatever names from outside they hold.
    """

    def __init__(self, code: str, message: str, **values: object):
        super().__init__(one_line(message))
        self.code = code
        self.values = {name: one_line(value) if isinstance(value, str) else value for name, value in values.items()}

    def to_dict(self) -> dict[str, object]:
        """Code, message and values, for another process: `from_dict` reads them back."""
        values = {name: value if isinstance(value, int | float) else str(value) for name, value in self.values.items()}
        return {"code": self.code, "message": str(self), "values": values}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> BadInput:
        """The error that `to_dict` wrote."""
        return cls(said["code"], said["message"], **said["values"])
