"""The address words of this room."""

import re
from typing import Any

from app.kit.address import Word, claim, numbers, one_of

EXAMPLES = ("plain", "identity", "previous", "saturated", "calm", "heads")
HIDDEN = ("none", "q", "k", "v", "dots", "scaled", "pattern", "z", "out")  # the matrix that the reader fills in

_CHANGE = r"[xqkvo][1-4][1-4]_-?\d{1,2}(\.\d{1,2})?"
_CHANGES = re.compile(rf"({_CHANGE}(~{_CHANGE})*)?")


def changes(value: Any) -> str:
    """Changed numbers: "x12_2.5~q31_-1" for row 1, column 2 of X and row 3, column 1 of W_Q."""
    if not _CHANGES.fullmatch(str(value)):
        raise ValueError(f"{value!r} names no changed numbers")
    return str(value)


claim(
    "by_hand",
    example=Word("plain", one_of(*EXAMPLES)),
    edit=Word("", changes),  # what differs from the example's numbers
    hidden=Word("none", one_of(*HIDDEN)),
    cell=Word((3, 1, 0), numbers),  # query, key and column whose arithmetic is written out
)
