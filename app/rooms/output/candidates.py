"""The candidates for the next token as bars; each row is a button that appends its token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from app.kit.component import declare

_candidates = declare(__file__, "candidates", front=("dom", "token_rows"))


@dataclass(frozen=True)
class Candidate:
    """One row."""

    id: int
    token: str  # as shown to people
    rank: int  # 1 the most probable
    own: float  # the model's probability, 0..1
    own_text: str
    drawn: float  # the probability it is drawn with
    drawn_text: str
    real: bool = False  # the token that really comes next in the prompt
    gap: bool = False  # ranks are left out before this row


def candidates(
    rows: Sequence[Candidate],
    labels: dict[str, str],
    *,
    adjusted: bool,
    colours: dict[str, str],
    on_choose: Callable[[int], None],
    key: str = "candidates",
) -> None:
    """Draw the rows.

    Args:
        labels: "rank", "token", "own", "drawn", "real", "append" (with {token}) and "group".
        adjusted: whether `drawn` differs from `own` and gets a bar of its own.
        colours: "own", "drawn", "real" and "grid".
        on_choose: called with the token id of a clicked row, before the next run.
    """

    data = {"rows": [asdict(row) for row in rows], "labels": labels, "adjusted": adjusted, "colours": colours}
    _candidates.draw(key, data, choose=lambda value: on_choose(int(value)))
