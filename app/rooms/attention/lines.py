"""The prompt as text, with lines from the token that looks to those it looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from app.kit.component import declare, pack

_lines = declare(__file__, "lines", front=("dom", "arrays", "events", "numbers"))


def lines(
    tokens: Sequence[str],
    pattern: np.ndarray,
    pictures: int,
    *,
    expected: str,
    chosen: int | None,
    heads: Sequence[int],
    labels: dict[str, str],
    colours: dict,
    on_choose: Callable[[int], None],
    on_heads: Callable[[tuple[int, ...]], None],
    on_append: Callable[[], None],
    key: str = "lines",
) -> None:
    """Draw the text.

    Args:
        tokens: T, as shown to people.
        pattern: (T, T) float32 weights, of one head or the mean of several.
        pictures: H, heads of the layer.
        expected: the most probable next token, which stands at the end.
        chosen: position of the token whose lines are drawn while the mouse is elsewhere; None for the next token.
        heads: whose mean `pattern` is.
        labels: sentences by name; see app/text/en/attention.toml, "text.*".
        on_choose: called with the position of a token that was clicked.
        on_heads: called with the heads that are on, after one was switched.
        on_append: called when the next token was clicked.
    """
    data = {
        "tokens": list(tokens),
        "pattern": pack(pattern[np.tril_indices(len(tokens))].astype(np.float32)),
        "count": pictures,
        "expected": expected,
        "chosen": chosen,
        "heads": list(heads),
        "labels": labels,
        "colours": colours,
    }
    _lines.draw(
        key,
        data,
        choose=lambda value: on_choose(int(value)),
        heads=lambda value: on_heads(tuple(int(head) for head in value["heads"])),
        append=lambda _: on_append(),
    )
