"""The address words of this room."""

from app.kit.address import Word, claim, one_of, optional, whole

# Before and after attention, before and after the feed-forward part, before the logits: a model has some of them.
NORMS = ("first", "first_after", "second", "second_after", "final")

claim(
    "norms",
    norm=Word("first", one_of(*NORMS)),
    entry=Word(None, optional(whole())),  # of the vector, whose arithmetic is written out; None: the largest
)
