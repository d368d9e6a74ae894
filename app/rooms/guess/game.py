"""The state of a game, as the address words keep it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.kit.address import View
from app.rooms.guess import analysis
from app.rooms.guess.analysis import Candidate
from app.rooms.guess.texts import TEXTS
from app.rooms.guess.words import PACKED, pack, unpack
from model import LanguageModel

OWN_BEGINNING = 8  # tokens of a text of one's own that are shown at first, or a third of it
LEAST_OWN = 3  # tokens of such a text


@dataclass(frozen=True)
class Game:
    """A text, token by token, and what was said about it."""

    name: str  # of the text, or the packed text
    ids: tuple[int, ...]  # the whole text's
    start: int  # tokens shown at the beginning
    asked: tuple[int, ...]  # positions that are guessed
    vocabulary: str  # which tokens the guesses are about
    said: tuple[tuple[Candidate, ...], ...] = ()  # for each token already guessed and shown
    now: tuple[Candidate, ...] = ()  # for the next one
    other: bool = False  # the address has guesses about another vocabulary

    @property
    def over(self) -> bool:
        """Whether every token was guessed."""
        return len(self.said) == len(self.asked)

    @property
    def shown(self) -> tuple[int, ...]:
        """Ids that may be seen: up to the next one that is to be guessed."""
        if not self.over:
            return self.ids[: self.asked[len(self.said)]]
        return self.ids[: self.asked[-1] + 1] if self.asked else self.ids

    def words(self, said: Sequence[Sequence[Candidate]], now: Sequence[Candidate]) -> dict[str, str]:
        """The address words of this game with other guesses."""

        def plain(candidates: Sequence[Candidate]) -> list:
            return [[candidate.text, candidate.share] for candidate in candidates]

        return {"guesses": pack([self.vocabulary, [plain(candidates) for candidates in said], plain(now)])}


def read(view: View, lm: LanguageModel) -> Game:
    """The game that the address describes, on the tokens of `lm`."""
    tokenizer = lm.tokenizer
    name = view.riddle if view.riddle in TEXTS or view.riddle.startswith(PACKED) else next(iter(TEXTS))
    if name in TEXTS:
        shown, rest = TEXTS[name]
        ids = tokenizer.encode(shown + rest)
        start = analysis.beginning(tokenizer, ids, shown)
    else:
        ids = tokenizer.encode(unpack(name))
        start = own_beginning(len(ids))
    asked = analysis.asked(tokenizer, ids, start)
    fresh = Game(name, tuple(ids), start, tuple(asked), tokenizer.fingerprint[:8])
    if not view.guesses:
        return fresh
    vocabulary, said, now = unpack(view.guesses)
    if vocabulary != fresh.vocabulary or len(said) > len(asked):
        return Game(name, fresh.ids, start, fresh.asked, fresh.vocabulary, other=True)
    every = [tuple(Candidate(*candidate) for candidate in candidates) for candidates in [*said, now]]
    return Game(name, fresh.ids, start, fresh.asked, fresh.vocabulary, tuple(every[:-1]), every[-1])


def own_beginning(count: int) -> int:
    """How many of `count` tokens of a text of one's own are shown at first."""
    return max(1, min(OWN_BEGINNING, count // 3))


def own(lm: LanguageModel, ids: Sequence[int]) -> tuple[str, str]:
    """A text of one's own, packed, as far as it is guessed; and its beginning."""
    start = own_beginning(len(ids))
    asked = analysis.asked(lm.tokenizer, ids, start)
    last = asked[-1] + 1 if asked else len(ids)
    return pack(lm.tokenizer.decode(ids[:last])), lm.tokenizer.decode(ids[:start])
