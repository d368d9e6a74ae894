"""The address words of this room."""

from app.kit.address import Word, claim, numbers, one_of, optional

ASPECTS = ("stages", "sum", "together", "text")  # parts of the page
STAGES = ("all", "dot", "scaled", "capped", "masked", "softmax")

claim(
    "attention",
    aspect=Word("stages", one_of(*ASPECTS)),
    stage=Word("all", one_of(*STAGES)),
    shade=Word(None, optional(one_of("linear", "root"))),  # colours of weights; None: by the prompt's length
    mean=Word((), numbers),  # heads whose mean the text view shows; none: the one head
)
