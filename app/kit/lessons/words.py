"""The address words of a lesson that runs: they stand in every room's address, and keep its place."""

import re
from typing import Any

from app.kit.address import Word, claim, flag, whole

DRAFT = "draft"  # the name of the lesson that is being written in this session
MOST_STATIONS = 40


def name(value: Any) -> str:
    """A lesson's name: small letters, digits and dashes; empty where none runs."""
    if not re.fullmatch(r"[a-z0-9-]{0,60}", str(value)):
        raise ValueError(f"{value!r} is no name of a lesson")
    return str(value)


def prediction(value: Any) -> str:
    """What was predicted: the number of a choice, from 0 on, or the number itself; empty before."""
    if not re.fullmatch(r"(-?\d{1,15}(\.\d{1,6})?)?", str(value)):
        raise ValueError(f"{value!r} is no prediction")
    return str(value)


claim(
    "lessons",
    lesson=Word("", name),
    station=Word(0, whole(0, MOST_STATIONS)),  # from 1 on; 0: the draft is being written
    predicted=Word("", prediction),
    away=Word(False, flag),  # left for a while: the panel is folded, the place is kept
)
OF_A_LESSON = ("lesson", "station", "predicted", "away")
