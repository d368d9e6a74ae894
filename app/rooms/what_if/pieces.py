"""The what-if page's components: every head as a switch, and a head's pattern before and after, to draw on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from app.kit.component import declare, pack

Head = tuple[int, int]  # layer, head

_switches = declare(__file__, "switches", front=("dom",))
_patterns = declare(__file__, "patterns", front=("dom", "colour", "arrays", "events"))


def switches(
    layers: int,
    heads: int,
    *,
    off: Iterable[Head],
    even: Iterable[Head],
    drawn: Iterable[Head],
    selected: Head,
    labels: dict[str, str],
    colours: dict,
    on_look: Callable[[Head], None],
    on_heads: Callable[[list[Head], list[Head]], None],
    key: str = "switches",
) -> None:
    """Layers by heads, each a button that looks at a head, switches it off or makes it uniform.

    Args:
        off, even, drawn: the heads that are changed, and how.
        on_heads: called with the heads that are off and those that are uniform, before the next run.
    """

    def pairs(values: Iterable) -> list[Head]:
        return [(int(layer), int(head)) for layer, head in values]

    _switches.draw(
        key,
        {
            "layers": layers,
            "heads": heads,
            "off": [list(head) for head in off],
            "even": [list(head) for head in even],
            "drawn": [list(head) for head in drawn],
            "selected": list(selected),
            "labels": labels,
            "colours": colours,
        },
        look=lambda head: on_look((int(head[0]), int(head[1]))),
        heads=lambda chosen: on_heads(pairs(chosen["off"]), pairs(chosen["even"])),
    )


def patterns(
    tokens: Sequence[str],
    before: np.ndarray,
    after: np.ndarray,
    allowed: tuple[np.ndarray, np.ndarray],
    *,
    first: int,
    selected: int,
    drawn: Iterable[tuple[int, int, int]],
    labels: dict[str, str],
    colours: dict,
    on_choose: Callable[[int], None],
    on_draw: Callable[[list[tuple[int, int, int]]], None],
    key: str = "patterns",
) -> None:
    """One head's weights before and after, side by side.

    Args:
        tokens: n, as shown to people, of the window that is drawn.
        before, after: (n, n) weights; row = query.
        allowed: (n, n) bool each, where a query may look, before and after.
        first: position of the window's first token.
        selected: position of the chosen token.
        drawn: (query, key, weight 1..9) of every cell drawn in this head, by positions.
        on_choose: called with the position of a clicked row.
        on_draw: called with all cells drawn in this head.

    Raises:
        ValueError: if the shapes do not fit.
    """
    shape = (len(tokens), len(tokens))
    if any(array.shape != shape for array in (before, after, *allowed)):
        raise ValueError(f"{len(tokens)} tokens do not fit weights of shapes {before.shape} and {after.shape}.")
    _patterns.draw(
        key,
        {
            "tokens": list(tokens),
            "before": pack(before.astype("<f4")),
            "after": pack(after.astype("<f4")),
            "allowed": [pack(np.packbits(mask)) for mask in allowed],
            "first": first,
            "selected": selected,
            "drawn": [list(cell) for cell in drawn],
            "labels": labels,
            "colours": colours,
        },
        choose=lambda position: on_choose(int(position)),
        draw=lambda cells: on_draw([(int(q), int(k), int(w)) for q, k, w in cells]),
    )
