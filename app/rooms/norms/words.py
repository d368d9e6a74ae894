"""The address words of this room."""

from app.kit.address import Word, claim, one_of, optional, whole

NORMS = ("first", "second", "final")  # before attention, before the feed-forward part, before the logits

claim(
    "norms",
    norm=Word("first", one_of(*NORMS)),
    entry=Word(None, optional(whole())),  # of the vector, whose arithmetic is written out; None: the largest
)
