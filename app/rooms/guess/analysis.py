"""A game of guessing tokens: what a guess counts as, and the points of a class and of the model.

Both say, before a token comes, how they share 100 % among all that could come.  What a token cost is its surprise,
-log2 of the share that it got: a proper score, best for whoever says what he believes (Good 1952, "Rational
Decisions"; for texts Shannon 1951, "Prediction and Entropy of Printed English").

V vocabulary, G words: tokens that differ only by a space in front are one word, since nobody guesses that space.
L layers, N tokens of a text.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from model import Trace
from model.files.tokenizer import Tokenizer

TURNS = 20  # tokens that are guessed
MOST = 0.99  # of a class's 100 % may lie on its candidates: what is left makes every surprise finite
UNSTATED = 0.8  # of what stated shares leave goes to the candidates without one
CLOSE = "([{“‘「『《"  # no space follows these


@dataclass(frozen=True)
class Candidate:
    """What a class typed, and how many percent it gave to it; None: it did not say."""

    text: str
    share: int | None = None


def typed(text: str) -> Candidate:
    """Read "day" or "day 60": a number behind a word is its share, a number alone is a guess."""
    words = text.replace("%", " %").split()
    if words[-1:] == ["%"] and len(words) > 1:
        words = words[:-1]
    if len(words) > 1 and words[-1].isdecimal() and int(words[-1]) <= 100:
        return Candidate(" ".join(words[:-1]), int(words[-1]))
    return Candidate(text.strip())


def shares(stated: Sequence[int | None]) -> list[float]:
    """Each candidate's part of 1: as stated, and together at most `MOST`; the others share `UNSTATED` of what is left.

    Args:
        stated: percent; None for a candidate without a number.
    """
    known = sum(share for share in stated if share is not None) / 100
    scale = MOST / known if known > MOST else 1.0
    each = UNSTATED * max(0.0, MOST - known) / max(1, list(stated).count(None))
    return [each if share is None else scale * share / 100 for share in stated]


@dataclass(frozen=True, eq=False)
class Words:
    """Which tokens are one word."""

    of: np.ndarray  # (V,) int, the word of each token
    sizes: np.ndarray  # (G,) int, tokens of each word

    def gathered(self, probabilities: np.ndarray) -> np.ndarray:
        """(G,) probabilities of words from those of tokens, (V,)."""
        return np.bincount(self.of, weights=probabilities, minlength=len(self.sizes))


def words(pieces: Sequence[str]) -> Words:
    """The words of a vocabulary of V pieces of text."""
    places: dict[str, int] = {}
    of = [places.setdefault(_word(piece), len(places)) for piece in pieces]
    return Words(np.array(of), np.bincount(of))


def _word(piece: str) -> str:
    return piece.removeprefix(" ") if piece.strip() else piece


def spread(given: Mapping[int, float], sizes: np.ndarray) -> np.ndarray:
    """(G,) the class's distribution: its candidates' shares, and the rest evenly on all tokens of the vocabulary.

    Args:
        given: word -> share, together at most 1.
        sizes: (G,) tokens of each word.
    """
    made = (1 - sum(given.values())) * sizes / sizes.sum()
    for word, share in given.items():
        made[word] += share
    return made


def bits(probability: float) -> float:
    """Surprise at something of that probability; 0 where it was certain."""
    return max(0.0, -float(np.log2(max(probability, np.finfo(float).tiny))))


# Tokens of a text


def beginning(tokenizer: Tokenizer, ids: Sequence[int], shown: str) -> int:
    """How many of `ids`, at least one, lie within the text `shown`, with which theirs begins."""
    fits = [n for n in range(1, len(ids)) if shown.startswith(tokenizer.decode(ids[:n]))]
    return max(fits, default=1)


def asked(tokenizer: Tokenizer, ids: Sequence[int], start: int) -> list[int]:
    """Positions from `start` on that are guessed, at most `TURNS`; blanks and later parts of a character are given."""
    found = []
    characters = codecs.getincrementaldecoder("utf-8")("replace")
    for position, token in enumerate(ids):
        own, begun = tokenizer.token_bytes(token), characters.getstate()[0]
        if position >= start and own.strip() and not begun:
            found.append(position)
        characters.decode(own)
    return found[:TURNS]


@dataclass(frozen=True)
class Reading:
    """What a typed guess counts as."""

    token: int
    whole: bool  # whether the guess is that token and nothing more


def read(tokenizer: Tokenizer, before: Sequence[int], guess: str) -> Reading:
    """The first token of `guess`, written behind the tokens `before`.

    A word gets the space that belongs in front of it; where only one of both ways is a single token, it is that.
    """
    text = tokenizer.decode(before)
    ways = [_tokens(tokenizer, before, text, form) for form in (" " + guess, guess)]
    spaced, glued = ways
    preferred, other = (spaced, glued) if _takes_space(text, guess) else (glued, spaced)
    chosen = other if len(preferred) > 1 and len(other) == 1 else preferred
    return Reading(chosen[0], len(chosen) == 1)


def _takes_space(text: str, guess: str) -> bool:
    joins = unicodedata.east_asian_width(guess[0]) in "WF" or not guess[0].isalnum()
    return bool(text) and not text[-1].isspace() and text[-1] not in CLOSE and not joins


def _tokens(tokenizer: Tokenizer, before: Sequence[int], text: str, form: str) -> list[int]:
    """The tokens of `form` behind `text`, without blanks in front."""
    together = tokenizer.encode(text + form)
    if together[: len(before)] == list(before) and len(together) > len(before):
        made = together[len(before) :]
    else:  # the last token before would grow: the guess goes on with it, so it stands for itself
        made = tokenizer.encode(form)[len(tokenizer.start_ids) :]
    while len(made) > 1 and not tokenizer.token_bytes(made[0]).strip():
        made = made[1:]
    return made


# Points


@dataclass(frozen=True)
class Turn:
    """One token, and what class and model had said before it came."""

    position: int
    token: int
    given: dict[int, float]  # word -> the class's share
    ours: float  # probability that the class gave to the word
    theirs: float  # and the model
    right: bool  # the class's largest share, its alone, was on the word
    foreseen: bool  # the model's largest

    @property
    def our_bits(self) -> float:
        """What the token cost the class."""
        return bits(self.ours)

    @property
    def their_bits(self) -> float:
        """What it cost the model."""
        return bits(self.theirs)


def turn(vocabulary: Words, probabilities: np.ndarray, position: int, token: int, given: Mapping[int, float]) -> Turn:
    """The points of one token.

    Args:
        probabilities: (V,) of the model, before the token came.
        given: word -> share of the class.
    """
    word = int(vocabulary.of[token])
    ours, theirs = spread(given, vocabulary.sizes), vocabulary.gathered(probabilities)
    best = max(given.values(), default=0.0)
    right = given.get(word, 0.0) == best > 0 and list(given.values()).count(best) == 1
    return Turn(
        position, token, dict(given), float(ours[word]), float(theirs[word]), right, int(theirs.argmax()) == word
    )


# Why


@dataclass(frozen=True)
class Way:
    """A word as the lens reads it from the stream, before the first layer and after each: L + 1 rows."""

    probabilities: np.ndarray  # (L + 1,)
    ranks: np.ndarray  # (L + 1,) int, 1 where it is the best word
    best: list[int]  # L + 1, token that is the best


def way(trace: Trace, position: int, vocabulary: Words, token: int) -> Way:
    """How `token`, which comes after `position`, rose (nostalgebraist 2020, the logit lens)."""
    first = trace.readout.logits(trace["blocks.0.hook_resid_pre"][position])
    logits = np.concatenate([first[None], trace.lens_at(position)]).astype(np.float64)  # (L + 1, V)
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    word = vocabulary.of[token]
    rows = np.stack([vocabulary.gathered(row) for row in shares])  # (L + 1, G)
    own = rows[:, word]
    return Way(own, (rows > own[:, None]).sum(axis=1) + 1, logits.argmax(axis=1).tolist())
