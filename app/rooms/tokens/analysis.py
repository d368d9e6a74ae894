"""A prompt as characters, bytes and tokens, and what a tokenizer does with digits, blanks and Chinese.

Knows nothing about merging: that is model/files/byte_pairs.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model.files.byte_pairs import BytePairs


@dataclass(frozen=True)
class Part:
    """The bytes of one character that lie in one token."""

    character: str  # "" for bytes that are no character
    first: int  # of its bytes, 0 the first
    data: bytes
    size: int  # bytes of the whole character

    @property
    def whole(self) -> bool:
        """Whether the token holds all of the character."""
        return len(self.data) == self.size and bool(self.character)


def characters(data: bytes) -> list[tuple[str, int]]:
    """The characters of `data` in order, each with its number of bytes in UTF-8; ("", 1) for a byte that is in none."""
    text = data.decode(errors="surrogateescape")
    return [("", 1) if "\udc80" <= c <= "\udcff" else (c, len(c.encode())) for c in text]


def spelled(tokens: Sequence[bytes]) -> list[list[Part]]:
    """For each token the parts of characters that it holds.

    Args:
        tokens: the bytes of each token of a text, in order.
    """
    parts: list[list[Part]] = [[] for _ in tokens]
    owner = [token for token, data in enumerate(tokens) for _ in data]  # of each byte
    data, start = b"".join(tokens), 0
    for character, size in characters(data):
        place = start
        while place < start + size:
            token, end = owner[place], place
            while end < start + size and owner[end] == token:
                end += 1
            parts[token].append(Part(character, place - start, data[place:end], size))
            place = end
        start += size
    return parts


def digits(pairs: BytePairs) -> str:
    """How numbers are cut before merging: "each" digit alone, "groups" of some, or "free"; "none" without merges."""
    if not pairs.ranks:
        return "none"
    longest = max(len(piece.text) for piece in pairs.pieces("1234567"))
    return "each" if longest == 1 else "free" if longest == 7 else "groups"


def blanks(pairs: BytePairs) -> str:
    """Whether a blank goes "with" the word after it or stays "apart"; "none" without merges."""
    if not pairs.ranks:
        return "none"
    return "with" if any(len(piece.text) > 1 and piece.text[0] == "Ġ" for piece in pairs.pieces("a b")) else "apart"


def others(pairs: BytePairs, text: str) -> str:
    """Whether "all" characters of a non-Latin `text`, "some" or only "bytes" became tokens; "none" without merges."""
    if not pairs.ranks:
        return "none"
    tokens = sum(len(piece.ids) for piece in pairs.pieces(text))
    return "all" if tokens <= len(text) else "some" if tokens < len(text.encode()) else "bytes"
