"""The prompt and what the model writes after it, at one moment of its training."""

from __future__ import annotations

from app.kit.component import declare

_writes = declare(__file__, "writes", front=("dom",))


def writes(title: str, prompt: str, text: str, look: str, colours: dict, *, key: str = "writes") -> None:
    """Draw the prompt, as read, and its continuation between a title and what to look for."""
    _writes.draw(key, {"title": title, "prompt": prompt, "text": text, "look": look, "colours": colours})
