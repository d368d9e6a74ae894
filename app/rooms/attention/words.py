"""The address words of this room."""

from app.kit.address import Word, claim, one_of

STAGES = ("all", "dot", "scaled", "masked", "softmax")

claim("attention", stage=Word("all", one_of(*STAGES)))
