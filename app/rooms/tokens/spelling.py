"""The pictures of this room: tokens over their bytes, the steps of merging, and rows of tokens to compare."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.kit.component import declare

_spelling = declare(__file__, "spelling", front=("dom", "events"))
_ladder = declare(__file__, "ladder", front=("dom",))
_comparison = declare(__file__, "comparison", front=("dom",))


def spelling(
    tokens: Sequence[dict[str, Any]],
    *,
    selected: int,
    labels: dict[str, str],
    on_choose: Callable[[int], None],
    key: str = "spelling",
) -> None:
    """Draw each token under its characters and bytes.

    Args:
        tokens: "token" as shown, "id", "special", and "parts" as lists of character, bytes in hexadecimal,
            place of the first among the character's bytes, the character's size, whether the token holds all of it.
        selected: index of the chosen token.
        on_choose: called with the index of a token that was clicked.
    """
    data = {"tokens": list(tokens), "selected": selected, "labels": labels}
    _spelling.draw(key, data, choose=lambda position: on_choose(int(position)))


def ladder(rows: Sequence[dict[str, Any]], *, labels: dict[str, str], key: str = "ladder") -> None:
    """Draw the steps from bytes to tokens, one below the other.

    Args:
        rows: "symbols" as pairs of text and id; "rank" of the rule and "place" of its result, None in the first row.
    """
    _ladder.draw(key, {"rows": list(rows), "labels": labels})


def comparison(rows: Sequence[dict[str, Any]], *, key: str = "comparison") -> None:
    """Draw one text as several tokenizers split it.

    Args:
        rows: "models" and "count" as texts, "own" for the loaded model's, "tokens" as pairs of text and id.
    """
    _comparison.draw(key, {"rows": list(rows)})
