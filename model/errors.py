"""The one exception that means "the person can fix this"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class BadInput(ValueError):
    """Input that cannot be used: one clear sentence that says what to do.

    Args:
        code: stable identifier such as ``"empty_prompt"``; the app translates by it.
        message: the English sentence; ``str(error)`` returns it.
        values: the named values inside the sentence, for translations to fill in.
    """

    def __init__(self, code: str, message: str, **values: object):
        super().__init__(message)
        self.code = code
        self.values = values

    def to_dict(self) -> dict[str, object]:
        """Code, message and values, for another process: `from_dict` reads them back."""
        values = {name: value if isinstance(value, int | float) else str(value) for name, value in self.values.items()}
        return {"code": self.code, "message": str(self), "values": values}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> BadInput:
        """The error that `to_dict` wrote."""
        return cls(said["code"], said["message"], **said["values"])
