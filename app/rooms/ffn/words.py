"""The address words of this room."""

import re
from typing import Any

from app.kit.address import Word, claim, optional, whole

FIRST_CHOICE = "choice0"


def network(value: Any) -> str:
    """Which network of a layer with experts: "choice<n>" of the token, from 0 on, "expert<n>" or "shared"."""
    if not re.fullmatch(r"(choice|expert)\d{1,6}|shared", str(value)):
        raise ValueError(f"{value!r} names no network of a layer")
    return str(value)


claim(
    "ffn",
    network=Word(FIRST_CHOICE, network),
    neuron=Word(None, optional(whole())),  # switched off; None: none is
)
