"""The address words of this room."""

from app.kit.address import Word, claim, one_of

PARTS = ("rows", "position", "nearest")

claim("embeddings", part=Word("rows", one_of(*PARTS)))
