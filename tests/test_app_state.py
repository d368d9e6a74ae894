"""The view and its address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.address import View, Word, claim, describe, parse, text
from app.rooms.attention.words import STAGES

DEFAULTS = View(model="tiny")
index = st.none() | st.integers(0, 5000)
views = st.builds(
    View,
    prompt=st.text(),
    ids=st.none() | st.lists(st.integers(0, 100_000), min_size=1, max_size=5).map(tuple),
    model=st.text(),
    lang=st.sampled_from(["en", "zh"]),
    layer=st.integers(0, 100),
    head=st.integers(0, 100),
    query=index,
    key=index,
    stage=st.sampled_from(STAGES),
    temperature=st.floats(0, 2),
    top_k=st.integers(0, 100_000),
    top_p=st.floats(0.01, 1),
    seed=st.integers(0, 2**31 - 1),
)


@given(views)
def test_an_address_read_back_is_the_view_it_describes(view):
    """Pasting the address in another browser shows the same picture."""
    assert parse(describe(view, DEFAULTS), DEFAULTS) == view


@pytest.mark.parametrize(
    "params",
    [
        {"layer": "abc"},
        {"layer": "-1"},
        {"layer": "1e9"},
        {"lang": "xx"},
        {"temperature": "nan"},
        {"temperature": "9"},
        {"top_p": "0"},
        {"top_k": "-3"},
        {"stage": "soft"},
        {"ids": "1,x"},
        {"ids": ""},
        {"query": ""},
        {"seed": "9" * 30},
        {"unknown": "word"},
    ],
)
def test_values_that_make_no_sense_count_as_absent(params):
    assert parse(params, DEFAULTS) == DEFAULTS


def test_what_points_outside_the_model_or_prompt_goes_back_to_its_default():
    view = View(layer=999, head=3, query=7, key=2)
    assert view.within(layers=4, heads=6, tokens=5) == view.replace(layer=0, query=None)


def test_the_address_always_names_what_depends_on_the_browser_or_the_installation():
    """Default language and model differ from machine to machine."""
    assert set(describe(DEFAULTS, DEFAULTS)) == {"prompt", "model", "lang"}


def test_two_rooms_cannot_claim_one_word():
    """Guards against two rooms that write over each other's choice in the address."""
    with pytest.raises(ValueError, match="both claim the address word 'stage'"):
        claim("another", stage=Word("", text))
    with pytest.raises(ValueError, match="both claim the address word 'layer'"):
        claim("attention", layer=Word(0, int))


def test_a_view_is_never_changed_and_knows_its_words():
    view = View(layer=3)
    with pytest.raises(AttributeError, match="replace"):
        view.layer = 4
    with pytest.raises(AttributeError, match="never_claimed"):
        view.never_claimed  # noqa: B018
    with pytest.raises(TypeError, match="never_claimed"):
        View(never_claimed=1)
