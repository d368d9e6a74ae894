"""The address words of this room."""

import re
from collections.abc import Callable
from typing import Any

from app.kit.address import Word, claim, flag

FLAGS = ("unmasked", "unscaled", "unplaced")  # no mask, no scaling, no positions


def _list(item: str) -> Callable[[Any], str]:
    """A reader of items with "~" between them."""
    pattern = re.compile(rf"({item}(~{item})*)?")

    def read(value: Any) -> str:
        if not pattern.fullmatch(str(value)):
            raise ValueError(f"{value!r} is no list of {item}")
        return str(value)

    return read


_NUMBER = r"\d{1,4}"
_heads = _list(rf"{_NUMBER}(\.{_NUMBER})?")  # "2.3~4": head 3 of layer 2, and all of layer 4

claim(
    "what_if",
    **{name: Word(False, flag) for name in FLAGS},
    off=Word("", _heads),
    even=Word("", _heads),
    drawn=Word("", _list(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.[1-9]")),  # layer, head, query, key, weight
)
