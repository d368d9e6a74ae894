"""Merging in the open gives exactly the tokens that the library gives."""

from itertools import pairwise

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import decoders, models, pre_tokenizers

import model
from model.files.byte_pairs import BytePairs, kind_of
from model.files.catalog import load_tokenizer
from model.files.tokenizer import Tokenizer

NAMES = ("storyteller", "tiny")
PAIRS = {name: BytePairs(load_tokenizer(name)) for name in NAMES}
TOKENIZERS = {name: load_tokenizer(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@given(text=st.text(min_size=1) | st.from_regex(r"[a-zA-Z '0-9你好😀\n]{1,40}", fullmatch=True))
@settings(max_examples=60)
def test_merges_end_at_the_tokenizers_own_ids(name, text):
    pairs = PAIRS[name]
    pieces = pairs.pieces(text)
    assert [token for piece in pieces for token in piece.ids] == TOKENIZERS[name].encode(text)
    for piece in pieces:
        assert pairs.ids(piece) == piece.ids


def test_steps_follow_the_order_in_which_the_rules_were_learned():
    pairs = PAIRS["storyteller"]
    (piece,) = pairs.pieces("there")
    steps = pairs.merges(piece.text)
    symbols = pairs.start(piece.text)
    assert symbols == tuple("there")
    for step in steps:
        merged = symbols[step.place] + symbols[step.place + 1]
        assert pairs.ranks[symbols[step.place], symbols[step.place + 1]] == step.rank
        others = [pairs.ranks.get(pair, step.rank) for pair in pairwise(symbols)]
        assert step.rank == min(others), "a rule learned earlier was passed over"
        symbols = (*symbols[: step.place], merged, *symbols[step.place + 2 :])
        assert step.symbols == symbols
    assert [pairs.id_of(symbol) for symbol in symbols] == list(piece.ids)


def test_special_tokens_are_pieces_that_nothing_merges():
    pairs = PAIRS["storyteller"]
    pieces = pairs.pieces("a<|endoftext|><|endoftext|>b")
    assert [piece.added for piece in pieces] == [False, True, True, False]
    assert pieces[1].ids == (0,) and pairs.ids(pieces[1]) == (0,)


def test_digits_are_pieces_of_their_own():
    assert [piece.text for piece in PAIRS["storyteller"].pieces("in 1984")] == ["in", "Ġ", "1", "9", "8", "4"]


def test_a_tokenizer_is_read_without_the_weights(smollm2):
    assert load_tokenizer("smollm2").fingerprint == smollm2.tokenizer.fingerprint
    assert load_tokenizer("storyteller").fingerprint == model.load("storyteller").tokenizer.fingerprint
    pairs = BytePairs(smollm2.tokenizer)
    for text in ("The capital of France is 12 你好", "  x = [1,\n\t2]", "<|im_start|>user"):
        for piece in pairs.pieces(text):
            assert pairs.ids(piece) == piece.ids


def test_other_kinds_are_named_and_refused():
    backend = tokenizers.Tokenizer(models.BPE(vocab={"▁": 0, "a": 1, "▁a": 2}, merges=[("▁", "a")]))
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    other = Tokenizer(backend)
    assert kind_of(other) == "characters"
    with pytest.raises(ValueError, match="characters"):
        BytePairs(other)
