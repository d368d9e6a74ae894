"""The address words of this room."""

from app.kit.address import Word, claim, one_of, optional, whole

PARTS = ("growth", "effect", "heads")  # of the page

claim(
    "residual",
    stream=Word("growth", one_of(*PARTS)),
    target=Word(None, optional(whole())),  # id of the token whose logit is explained; None: the most probable
    against=Word(None, optional(whole())),  # and of the one it is compared with; None: the best other one
)
