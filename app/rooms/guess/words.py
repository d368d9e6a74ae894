"""The address words of this room: which text is guessed, and what was said so far.

Both are packed, so that the address shows no text that is still to be guessed.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any

from app.kit.address import Word, claim

PACKED = "~"  # begins a packed value
MOST_BYTES = 20_000  # of what an address may unpack to


def pack(value: Any) -> str:
    """Plain data as text that an address can carry and nobody reads at a glance."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return PACKED + base64.urlsafe_b64encode(zlib.compress(plain, 9)).decode().rstrip("=")


def unpack(text: str) -> Any:
    """What `pack` packed.

    Raises:
        ValueError: if the text is no such thing.
    """
    body = text.removeprefix(PACKED)
    try:
        stream = zlib.decompressobj()
        plain = stream.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), MOST_BYTES)
        if not stream.eof:
            raise ValueError("it is too long, or has no end")
        return json.loads(plain)
    except zlib.error as error:
        raise ValueError(f"{text[:40]!r} is not packed data: {error}") from error


def riddle(value: Any) -> str:
    """The name of a built-in text, or a packed text."""
    if not re.fullmatch("[a-z]+", str(value)) and not isinstance(unpack(str(value)), str):
        raise ValueError(f"{value!r} is neither a text's name nor a packed text")
    return str(value)


def guesses(value: Any) -> str:
    """Nothing, or packed: the vocabulary, the candidates of each token already shown, and those of the next one."""
    if value != "":
        vocabulary, said, now = unpack(str(value))
        if not isinstance(vocabulary, str):
            raise ValueError(f"{vocabulary!r} names no vocabulary")
        for text, share in (candidate for candidates in [*said, now] for candidate in candidates):
            if not (isinstance(text, str) and text.strip()) or not (
                share is None or (isinstance(share, int) and 0 <= share <= 100)
            ):
                raise ValueError(f"{text!r} with {share!r} is no candidate")
    return str(value)


claim("guess", riddle=Word("story", riddle), guesses=Word("", guesses))
