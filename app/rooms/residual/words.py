"""The address words of this room."""

from app.kit.address import Word, claim, one_of, optional, text

PARTS = ("growth", "effect", "heads")  # of the page

claim(
    "residual",
    stream=Word("growth", one_of(*PARTS)),
    # By their texts as shown: another model has another number for the same token.
    target=Word(None, optional(text)),  # the token whose logit is explained; None: the most probable
    against=Word(None, optional(text)),  # the one it is compared with; None: the best other one
)
