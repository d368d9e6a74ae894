"""The address words of this room: what side B is, and which picture of the two is drawn.

Side A is the page's own prompt, model, layer and head; a change of the model has the words of app/kit/changes.
"""

from __future__ import annotations

from typing import Any

from app.kit.address import Word, claim, one_of, optional, text, whole

AGAINST = ("prompt", "model", "change", "head")  # what differs between the sides
PANELS = ("all", "a", "b", "difference")

# In the order of a token's way through the model.
PICTURES = (
    "embeddings",
    "dot",
    "scaled",
    "capped",
    "masked",
    "softmax",
    "heads",
    "entropy",
    "query",
    "key",
    "value",
    "result",
    "latent",
    "router",
    "experts",
    "load",
    "ffn",
    "stream",
    "lengths",
    "writes",
    "similarity",
    "lens",
    "surprise",
    "next",
)


def _some_text(value: Any) -> str | None:
    """Text, or None where there is none: an empty box asks for what the page begins with."""
    return text(value) or None


claim(
    "compare",
    versus=Word("prompt", one_of(*AGAINST)),
    b_prompt=Word(None, optional(_some_text)),  # None: one that the page makes of the first
    b_model=Word(None, optional(_some_text)),
    b_layer=Word(None, optional(whole())),  # None: as side A
    b_head=Word(None, optional(whole())),  # as b_layer; where heads are compared, the next one
    changed=Word("b", one_of("a", "b")),  # the side with the change
    picture=Word("softmax", one_of(*PICTURES)),
    panel=Word("all", one_of(*PANELS)),
)
