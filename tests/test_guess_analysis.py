"""The points of the guessing game, and what a typed guess counts as."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.address import View, describe, parse
from app.rooms.guess import analysis, game
from app.rooms.guess.analysis import Candidate, bits, shares, spread, typed
from app.rooms.guess.texts import TEXTS
from app.rooms.guess.words import guesses, pack, riddle, unpack
from model import LanguageModel, distribution, load, run_trace

PIECES = ["day", " day", "night", " ", "\n", " the", "the", "  the", "⟨unused:9⟩"]


@pytest.fixture(scope="module")
def storyteller() -> LanguageModel:
    return load("storyteller")


# Points


@given(st.lists(st.one_of(st.none(), st.integers(0, 100)), min_size=1, max_size=6))
def test_shares_leave_something_for_every_other_token(stated):
    """A class that is sure and wrong would lose infinitely many bits, and the game with them."""
    parts = shares(stated)
    assert all(part >= 0 for part in parts) and sum(parts) <= analysis.MOST + 1e-9
    known = sum(share for share in stated if share is not None)
    for share, part in zip(stated, parts, strict=True):
        assert share is None or known > 99 or part == pytest.approx(share / 100)
    unstated = {part for share, part in zip(stated, parts, strict=True) if share is None}
    assert len(unstated) <= 1


def test_a_single_guess_without_a_number_gets_four_fifths():
    assert shares([None]) == pytest.approx([0.8 * 0.99])
    assert shares([50, None]) == pytest.approx([0.5, 0.8 * 0.49])
    assert shares([100, 100]) == pytest.approx([0.495, 0.495])


@given(st.lists(st.integers(0, 100), min_size=1, max_size=4))
def test_a_class_shares_out_exactly_one(stated):
    """Points are fair only among distributions: what a class gives away may be no more than 100 %."""
    words = analysis.words(PIECES)
    told = dict(enumerate(shares(stated)))
    made = spread(told, words.sizes)
    assert made.sum() == pytest.approx(1) and (made > 0).all()
    for word, share in told.items():
        assert made[word] == pytest.approx(share + (1 - sum(told.values())) * words.sizes[word] / len(PIECES))


@given(st.floats(0.5, 0.99), st.floats(0.0, 0.99))
def test_saying_what_one_believes_costs_least_on_average(believed, said):
    """The sentence under the points promises it: a score that rewards bluffing would be no measure."""

    def expected(share: float) -> float:
        told = spread({0: share}, np.array([1, 1]))
        return believed * bits(float(told[0])) + (1 - believed) * bits(float(told[1]))

    honest = 2 * believed - 1  # with half of the rest it makes up what is believed
    assert expected(honest) <= expected(said) + 1e-9


def test_tokens_that_differ_by_a_space_are_one_word():
    words = analysis.words(PIECES)
    assert words.of[0] == words.of[1] and words.of[5] == words.of[6]
    assert len({words.of[i] for i in (0, 2, 3, 4, 5, 7, 8)}) == 7
    assert words.gathered(np.arange(9.0))[words.of[0]] == 1.0 and words.sizes.sum() == len(PIECES)


def test_a_turn_compares_class_and_model():
    words = analysis.words(PIECES)
    p = np.array([0.1, 0.4, 0.2, 0.05, 0.05, 0.1, 0.05, 0.03, 0.02])
    right = analysis.turn(words, p, 7, 1, {int(words.of[0]): 0.5})
    assert (right.theirs, right.their_bits) == (pytest.approx(0.5), pytest.approx(1.0))
    assert right.ours == pytest.approx(0.5 + 0.5 * 2 / 9) and right.right and right.foreseen
    wrong = analysis.turn(words, p, 7, 2, {int(words.of[0]): 0.5, int(words.of[2]): 0.5})
    assert not wrong.right and not wrong.foreseen  # two candidates that lead alike are no right guess
    silent = analysis.turn(words, p, 7, 2, {})
    assert silent.our_bits == pytest.approx(np.log2(9)) and not silent.right


# Reading a guess


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("day", Candidate("day")),
        (" day 60 ", Candidate("day", 60)),
        ("day 60%", Candidate("day", 60)),
        ("7", Candidate("7")),
        ("7 40 %", Candidate("7", 40)),
        ("room 101", Candidate("room 101")),
        ("%", Candidate("%")),
        ("% 20", Candidate("%", 20)),
    ],
)
def test_a_number_behind_a_guess_is_its_share(text, read):
    assert typed(text) == read


def counts_as(lm: LanguageModel, before: str, guess: str) -> tuple[str, bool]:
    reading = analysis.read(lm.tokenizer, lm.tokenizer.encode(before), guess)
    return lm.tokenizer.shown(reading.token), reading.whole


def test_a_guess_gets_the_space_that_belongs_to_it(storyteller):
    assert counts_as(storyteller, "One", "day") == ("·day", True)
    assert counts_as(storyteller, "One day", ",") == (",", True)
    assert counts_as(storyteller, "明", "月") == ("月", True)
    assert counts_as(storyteller, "\n30 + 4 = ", "34") == ("3", False)
    token, whole = counts_as(storyteller, "She saw a", "hippopotamus")
    assert token.startswith("·h") and not whole


def test_a_guess_counts_for_every_token_of_the_built_in_texts(storyteller, tiny):
    """Typing exactly what comes must be right; a word in a text was missed when its space was not."""
    for lm in (storyteller, tiny):
        words = analysis.words([lm.tokenizer.piece(token) for token in range(lm.config.vocab_size)])
        for name in TEXTS:
            played = game.read(View(riddle=name), lm)
            assert len(played.asked) == analysis.TURNS
            for position in played.asked:
                if "⟨" in (piece := lm.tokenizer.piece(played.ids[position])):
                    continue  # a part of a character: typed as the character, in the next test
                read = analysis.read(lm.tokenizer, played.ids[:position], piece.strip()).token
                assert words.of[read] == words.of[played.ids[position]], (name, piece)


def test_blanks_and_the_later_parts_of_a_character_are_given(tiny):
    played = game.read(View(riddle="poem"), tiny)
    text = tiny.tokenizer.decode(played.ids)
    letters = [c for c in text[len(TEXTS["poem"][0]) :] if not c.isspace()][: analysis.TURNS]
    assert [tiny.tokenizer.token_bytes(played.ids[i]) for i in played.asked] == [c.encode()[:1] for c in letters]
    assert analysis.read(tiny.tokenizer, played.shown, letters[0]).token == played.ids[played.asked[0]]


# The state


def test_nothing_that_is_to_be_guessed_is_shown(storyteller):
    played = game.read(View(riddle="story"), storyteller)
    assert storyteller.tokenizer.decode(played.shown) == TEXTS["story"][0]
    for turn in range(3):
        words = played.words([(Candidate("x"),)] * turn, [])
        now = game.read(View(riddle="story", **words), storyteller)
        assert now.shown == played.ids[: played.asked[turn]] and not now.over
    done = game.read(View(riddle="story", **played.words([()] * 20, [])), storyteller)
    assert done.over and done.shown == played.ids[: played.asked[-1] + 1]


def test_a_game_survives_in_an_address(storyteller):
    fresh = game.read(View(), storyteller)
    said = ((Candidate("<b> & ·", 60), Candidate("花")), ())
    view = View(**fresh.words(said, (Candidate("~", None),)))
    back = game.read(parse(describe(view, View()), View()), storyteller)
    assert (back.said, back.now) == (said, (Candidate("~"),))


def test_guesses_about_other_tokens_are_not_counted(storyteller, tiny):
    fresh = game.read(View(), storyteller)
    there = game.read(View(**fresh.words([(Candidate("lived"),)], [])), tiny)
    assert there.other and there.said == ()


def test_a_text_of_ones_own_is_packed(storyteller):
    ids = storyteller.tokenizer.encode("The king had three sons, and the eldest was called John. " * 3)
    packed, beginning = game.own(storyteller, ids)
    played = game.read(View(riddle=packed), storyteller)
    assert "king" not in packed and storyteller.tokenizer.decode(played.shown).startswith(beginning)
    assert len(played.asked) == analysis.TURNS and list(played.ids) == ids[: len(played.ids)]


@pytest.mark.parametrize(
    "value", ["~", "~AAAA", "Story!", pack([1, 2]), pack(["v", [[["day", 101]]], []]), pack(["v", [[["", 1]]], []])]
)
def test_an_address_that_makes_no_sense_is_as_good_as_none(value):
    for read in (riddle, guesses):
        with pytest.raises((ValueError, TypeError)):
            read(value)
    assert parse({"riddle": value, "guesses": value}, View()) == View()


def test_a_packed_value_has_a_bound():
    """A kilobyte of an address could unpack to a gigabyte."""
    with pytest.raises(ValueError, match="too long"):
        unpack(pack("a" * 1_000_000))


# Why


def test_the_way_of_a_word_ends_where_the_model_does(storyteller):
    trace = run_trace(storyteller, "Once upon a time there was a little")
    words = analysis.words([storyteller.tokenizer.piece(token) for token in range(storyteller.config.vocab_size)])
    token = int(trace.logits[-2].argmax())
    found = analysis.way(trace, len(trace.ids) - 2, words, token)
    p = words.gathered(distribution(trace.logits[-2]))
    assert found.probabilities[-1] == pytest.approx(p[words.of[token]], abs=1e-5)
    assert found.best[-1] == token and len(found.ranks) == storyteller.config.n_layers + 1
