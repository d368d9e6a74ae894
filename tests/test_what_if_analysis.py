"""What if: what an address names is what the model does, and what is said of it is true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.address import View, describe, parse
from app.kit.changes import FLAGS, Changes, drawn_word, heads_word, read
from app.rooms.what_if.analysis import effect, window
from model import ModelConfig, distribution, run_trace
from model.interventions import AblateHead, FreezePattern, NoMask, NoPositions, NoScaling, UniformPattern
from tests.random_models import DENSE, LATENT, LEARNED, T, random_ids, random_model

IDS = random_ids(T)


def through_the_address(view: View, config: ModelConfig) -> Changes:
    return read(parse(describe(view, View()), View()), config)


heads = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 4)))
cells = st.dictionaries(st.tuples(st.integers(0, 300), st.integers(0, 300)), st.integers(1, 9), min_size=1, max_size=5)


@given(off=heads, even=heads, drawn=st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 4)), cells))
def test_an_address_carries_any_combination(off, even, drawn):
    view = View(unscaled=True, off=heads_word(off, LATENT), even=heads_word(even, LATENT))
    changes = read(view, LATENT)
    for head, weights in drawn.items():
        view = view.replace(drawn=drawn_word(changes, head, [(*place, weight) for place, weight in weights.items()]))
        changes = through_the_address(view, LATENT)
    assert changes.unscaled and not changes.unmasked and not changes.unplaced
    assert set(changes.off) == off and set(changes.even) == even
    assert {head: {(q, k): w for q, k, w in weights} for head, weights in changes.drawn} == drawn


def test_a_whole_layer_is_its_number_alone():
    assert heads_word([(1, head) for head in range(5)] + [(2, 3)], LATENT) == "1~2.3"


def test_erased_cells_leave_the_address():
    changes = read(View(drawn="0.1.5.2.3~1.0.4.4.9"), LATENT)
    assert drawn_word(changes, (0, 1), []) == "1.0.4.4.9"


@pytest.mark.parametrize("word", ["off", "even", "drawn", *FLAGS])
@pytest.mark.parametrize("odd", ["x", "1.2.3~", "~", "-1", "<b>", "1..2", "yes"])
def test_odd_words_change_nothing(word, odd):
    assert parse({word: odd}, View())[word] == View()[word]


@pytest.mark.parametrize("config", [DENSE, LATENT, LEARNED], ids=["grouped", "latent", "learned"])
def test_what_the_address_names_is_what_the_model_does(config):
    view = View(unmasked=True, unscaled=True, unplaced=True, off="1.2", even="0.0", drawn="0.1.5.2.3~0.1.5.9.1")
    made, refused = through_the_address(view, config).interventions(config)
    same = (NoMask(), NoScaling(), NoPositions(), UniformPattern(0, 0))
    same += (FreezePattern(0, 1, ((5, 2, 3.0), (5, 9, 1.0))), AblateHead(1, 2))
    assert made == same and not refused
    trace = run_trace(random_model(config), IDS, capture="light", interventions=made)
    np.testing.assert_allclose(trace.pattern(0)[0], 1 / T, atol=1e-6)
    assert trace.pattern(0)[1, 5, [2, 9]].tolist() == [0.75, 0.25]
    assert (trace["blocks.1.attn.hook_z"][:, 2] == 0).all()


def test_a_head_that_this_model_does_not_have_is_named_and_the_rest_is_done():
    """An address made on a larger model."""
    made, refused = read(View(off="7.1~0.1", drawn="0.88.1.1.1"), DENSE).interventions(DENSE)
    assert made == (AblateHead(0, 1),)
    assert {error.values["value"] for error in refused} == {7, 88}


def test_the_sentence_speaks_of_the_token_that_was_most_probable():
    before, after = np.array([2.0, 1.0, 0.0]), np.array([0.0, 1.0, 3.0])
    found = effect(before, after)
    assert (found.token, found.now) == (0, 2)
    assert (found.before, found.after) == (distribution(before)[0], distribution(after)[0])
    assert (found.now_before, found.now_after) == (distribution(before)[2], distribution(after)[2])


@given(position=st.integers(0, 399), count=st.integers(1, 400))
def test_the_window_shows_the_chosen_token_and_as_many_as_fit(position, count):
    position = min(position, count - 1)
    shown = window(position, count, 24)
    assert shown.start <= position < shown.stop <= count and shown.stop - shown.start == min(count, 24)
