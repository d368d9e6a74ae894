"""What is changed about the model's attention, as the address carries it and as the model understands it.

The what-if page makes such changes; whatever else shows a changed model reads them from the same words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.kit.address import View, Word, claim, flag
from app.kit.frame import Room
from model import BadInput, ModelConfig
from model.interventions import (
    AblateHead,
    FreezePattern,
    Intervention,
    NoMask,
    NoPositions,
    NoScaling,
    UniformPattern,
)

Head = tuple[int, int]  # layer, head
FLAGS = ("unmasked", "unscaled", "unplaced")  # no mask, no scaling, no positions


def _list(item: str) -> Callable[[Any], str]:
    """A reader of items with "~" between them."""
    pattern = re.compile(rf"({item}(~{item})*)?")

    def read(value: Any) -> str:
        if not pattern.fullmatch(str(value)):
            raise ValueError(f"{value!r} is no list of {item}")
        return str(value)

    return read


_NUMBER = r"\d{1,4}"
_head_list = _list(rf"{_NUMBER}(\.{_NUMBER})?")  # "2.3~4": head 3 of layer 2, and all of layer 4

claim(
    "changes",
    **{name: Word(False, flag) for name in FLAGS},
    off=Word("", _head_list),
    even=Word("", _head_list),
    drawn=Word("", _list(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.{_NUMBER}\.[1-9]")),  # layer, head, query, key, weight
)
NONE: dict[str, Any] = dict.fromkeys(FLAGS, False) | {"off": "", "even": "", "drawn": ""}  # words of a model as it is


@dataclass(frozen=True)
class Changes:
    """A combination of changes; sets are sorted, so that equal ones make equal traces."""

    unmasked: bool = False
    unscaled: bool = False
    unplaced: bool = False
    off: tuple[Head, ...] = ()
    even: tuple[Head, ...] = ()
    drawn: tuple[tuple[Head, tuple[tuple[int, int, int], ...]], ...] = ()  # head, ((query, key, weight 1..9), ...)

    def interventions(self, config: ModelConfig) -> tuple[tuple[Intervention, ...], list[BadInput]]:
        """What the model does differently, and why some of it has no place in a model of this kind."""
        wanted: list[Intervention] = [
            *([NoMask()] if self.unmasked else []),
            *([NoScaling()] if self.unscaled else []),
            *([NoPositions()] if self.unplaced else []),
            *(UniformPattern(*head) for head in self.even),
            *(
                FreezePattern(*head, tuple((query, key, float(weight)) for query, key, weight in cells))
                for head, cells in self.drawn
            ),
            *(AblateHead(*head) for head in self.off),
        ]
        possible, refused = [], []
        for intervention in wanted:
            try:
                intervention.edits(config)
                possible.append(intervention)
            except BadInput as error:
                refused.append(error)
        return tuple(possible), refused


def read(view: View, config: ModelConfig) -> Changes:
    """The changes that the address names."""
    drawn: dict[Head, list[tuple[int, int, int]]] = {}
    for item in filter(None, view.drawn.split("~")):
        layer, head, query, key, weight = map(int, item.split("."))
        drawn.setdefault((layer, head), []).append((query, key, weight))
    return Changes(
        view.unmasked,
        view.unscaled,
        view.unplaced,
        _heads(view.off, config),
        _heads(view.even, config),
        tuple((head, tuple(sorted(cells))) for head, cells in sorted(drawn.items())),
    )


def _heads(text: str, config: ModelConfig) -> tuple[Head, ...]:
    found: set[Head] = set()
    for item in filter(None, text.split("~")):
        layer, *head = map(int, item.split("."))
        found |= {(layer, head[0])} if head else {(layer, each) for each in range(config.attention.n_heads)}
    return tuple(sorted(found))


def heads_word(heads: Iterable[Head], config: ModelConfig) -> str:
    """The address word of these heads; a whole layer is its number alone."""
    by_layer: dict[int, set[int]] = {}
    for layer, head in heads:
        by_layer.setdefault(layer, set()).add(head)
    items = []
    for layer, own in sorted(by_layer.items()):
        whole = own >= set(range(config.attention.n_heads))
        items += [str(layer)] if whole else [f"{layer}.{head}" for head in sorted(own)]
    return "~".join(items)


def drawn_word(changes: Changes, head: Head, cells: Iterable[tuple[int, int, int]]) -> str:
    """The address word of what is drawn once `head` has these cells."""
    drawn = dict(changes.drawn) | {head: tuple(sorted(cells))}
    return "~".join(
        ".".join(map(str, (*place, *cell))) for place, own in sorted(drawn.items()) for cell in own if cell[2] > 0
    )


def in_words(room: Room, changes: Changes) -> str:
    """The changes as a part of a sentence: "without the mask and with 2 heads off"; empty where there are none."""
    parts = [room.translate(f"common.change.with.{name}") for name in FLAGS if getattr(changes, name)]
    for name, count in (("off", len(changes.off)), ("even", len(changes.even)), ("drawn", len(changes.drawn))):
        if count:
            key = f"common.change.with.{name}.one" if count == 1 else f"common.change.with.{name}"
            parts.append(room.translate(key, count=count))
    if len(parts) < 2:
        return "".join(parts)
    return room.translate("common.change.comma").join(parts[:-1]) + room.translate("common.change.and") + parts[-1]
