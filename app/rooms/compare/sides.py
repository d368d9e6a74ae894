"""The two sides: what A and B are, how their tokens belong together, and what changes places when they are swapped."""

from __future__ import annotations

from dataclasses import dataclass

from app.kit import pickers, runtime, session
from app.kit.address import PROMPT, View
from app.kit.changes import Changes, read
from app.kit.frame import Room
from app.rooms.compare.analysis import Axis, align, align_spans, counted, spans
from model import BadInput, LanguageModel, Trace

OTHER_PROMPT = "There was once a king who had two"  # beside the prompt that the app begins with


@dataclass(frozen=True)
class Side:
    """A model on a prompt, and the layer and head that are looked at."""

    lm: LanguageModel
    trace: Trace
    layer: int
    head: int


def other_prompt(prompt: str) -> str:
    """What B begins with: the prompt without its first word (of one word: its second half), or twice one character."""
    if prompt == PROMPT:
        return OTHER_PROMPT
    words = prompt.split(maxsplit=1)
    if len(words) > 1:
        return words[1]
    return prompt[len(prompt) // 2 :] if len(prompt) > 1 else prompt * 2


def b_prompt(view: View) -> str:
    """Side B's prompt, where prompts are compared."""
    return other_prompt(view.prompt) if view.b_prompt is None else view.b_prompt


def b_model(view: View) -> str:
    """Side B's model, where models are compared: the first of the list that is not A's, unless one was chosen."""
    return view.b_model or next((name for name in pickers.models(lambda entry: True) if name != view.model), view.model)


def sides(room: Room) -> tuple[Side, Side, list[BadInput]]:
    """A, B, and why some of a change has no place in this model.

    Raises:
        BadInput: where B's prompt or model cannot be used.
    """
    view, lm = room.view, room.lm
    a = Side(lm, room.trace, view.layer, view.head)
    if view.versus == "prompt":
        return a, Side(lm, runtime.trace(lm, b_prompt(view)), view.layer, view.head), []
    if view.versus == "change":
        made, refused = changes(room).interventions(lm.config)
        changed = Side(lm, runtime.trace(lm, list(room.trace.ids), made) if made else room.trace, view.layer, view.head)
        return (changed, a, refused) if view.changed == "a" else (a, changed, refused)
    if view.versus == "head":
        return a, Side(lm, room.trace, *_place(view, lm, next_head=True)), []
    other = runtime.language_model(b_model(view), view.weights)
    alike = other.tokenizer.fingerprint == lm.tokenizer.fingerprint
    trace = runtime.trace(other, list(room.trace.ids) if alike else room.trace.prompt)
    return a, Side(other, trace, *_place(view, other)), []


def changes(room: Room) -> Changes:
    """The change that the address names."""
    return read(room.view, room.lm.config)


def _place(view: View, lm: LanguageModel, next_head: bool = False) -> tuple[int, int]:
    """B's layer and head: those that were chosen, else A's (or the head beside it), as far as the model has them."""
    layers, heads = lm.config.n_layers, lm.config.attention.n_heads
    layer = view.layer if view.b_layer is None else view.b_layer
    head = (view.head + next_head) % heads if view.b_head is None else view.b_head
    return min(layer, layers - 1), min(head, heads - 1)


def joint(room: Room, a: Side, b: Side) -> Axis:
    """Which token of A belongs to which of B."""
    first, second = a.trace.ids, b.trace.ids
    same = counted(len(first), len(second)) if room.view.versus in ("change", "head") else None
    if same is not None:
        return same
    if a.lm.tokenizer.fingerprint == b.lm.tokenizer.fingerprint:
        return align(first, second)
    spelled = [[side.lm.tokenizer.token_bytes(token) for token in side.trace.ids] for side in (a, b)]
    text = room.trace.prompt.encode(errors="replace")
    cut = [spans(tokens, text, _added(side)) for tokens, side in zip(spelled, (a, b), strict=True)]
    if cut[0] is None or cut[1] is None:
        return align(*spelled)
    return align_spans(cut[0], cut[1])


def _added(side: Side) -> int:
    start = side.lm.tokenizer.start_ids
    return len(start) if side.trace.ids[: len(start)] == start else 0


def swap(view: View, a: Side, b: Side) -> None:
    """Let A be B and B be A. For callbacks."""
    if view.versus == "prompt":
        prompt = b_prompt(view)
        session.change_prompt(prompt)
        session.change(b_prompt=view.prompt)
    elif view.versus == "change":
        session.change(changed="a" if view.changed == "b" else "b")
    else:
        places = {"layer": b.layer, "head": b.head, "b_layer": a.layer, "b_head": a.head}
        models = {"model": b_model(view), "b_model": view.model} if view.versus == "model" else {}
        session.change(**places, **models)
