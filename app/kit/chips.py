"""The prompt as a row of token chips: hover marks a token on the whole page, a click chooses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from app.kit.component import declare

_chips = declare(__file__, "chips", front=("dom", "events"))


def chips(
    tokens: Sequence[str],
    ids: Sequence[int],
    *,
    selected: int,
    label: str,
    words: Mapping[str, str] = MappingProxyType({}),
    parts: Sequence[int] = (),
    added: int = 0,
    linked: bool = True,
    on_choose: Callable[[int], None],
    key: str = "chips",
) -> None:
    """Draw the chips.

    Args:
        tokens: as shown to people.
        ids: the tokens' ids, shown on hover.
        selected: index of the chosen token; -1 for none.
        label: what the row is, for screen readers.
        words: "bytes", said of `parts`; "added"; "window" with {first}, {last} and {count}, where more rows are
            needed than fit.
        parts: indices of the tokens that are no whole characters.
        added: how many at the beginning the tokenizer has added, of which nobody typed any.
        linked: whether chip i is token i of the prompt, and is marked with it on the whole page.
        on_choose: called with the index of a clicked chip, before the next run.
    """

    _chips.draw(
        key,
        {
            "tokens": list(tokens),
            "ids": list(ids),
            "selected": selected,
            "label": label,
            "words": dict(words),
            "parts": list(parts),
            "added": added,
            "linked": linked,
        },
        choose=lambda value: on_choose(int(value)),
    )
