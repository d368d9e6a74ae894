"""The text so far with a gap to type guesses into, and what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from app.kit.component import declare

_cloze = declare(__file__, "cloze", front=("dom",))


@dataclass(frozen=True)
class Said:
    """A candidate as it is drawn."""

    token: str  # what it counts as, as shown to people
    note: str  # what is to be said about that; may be empty
    share: float  # 0..1
    printed: str


def cloze(
    text: str,
    said: Sequence[Said],
    rest: Said,
    labels: Mapping[str, str],
    *,
    colours: Mapping[str, str],
    answered: int,
    over: bool,
    on_say: Callable[[str], None],
    on_drop: Callable[[int], None],
    on_reveal: Callable[[], None],
    key: str = "cloze",
) -> None:
    """Draw it.

    Args:
        text: the end of what is shown so far.
        said: the candidates for the next token.
        rest: what lies on all other tokens.
        labels: "gap", "reveal", "skip", "drop" (with {token}), "hint", "first", "said", plain text.
        answered: counts what was asked for here, so that each answer is another one.
        over: nothing is left to guess.
        on_say: called with a typed guess, before the next run; likewise `on_drop` with a candidate's index.
        on_reveal: called when the token is to be shown.
    """
    data = {
        "text": text,
        "said": [asdict(candidate) for candidate in said],
        "rest": asdict(rest),
        "labels": dict(labels),
        "colours": dict(colours),
        "answered": answered,
        "over": over,
    }
    _cloze.draw(
        key,
        data,
        say=lambda value: on_say(str(value)),
        drop=lambda value: on_drop(int(value)),
        reveal=lambda _: on_reveal(),
    )
