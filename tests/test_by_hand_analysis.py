"""Attention by hand: the model's code against plain numpy, what an address carries, the work sheet, the picture."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.address import View, describe, parse
from app.rooms.by_hand import picture
from app.rooms.by_hand.analysis import gap, recomputed
from app.rooms.by_hand.examples import LETTERS, Example, changes, example
from app.rooms.by_hand.paper import number, steps
from app.rooms.by_hand.sheet import sheet
from app.rooms.by_hand.words import EXAMPLES


def second(shown: Example):
    return recomputed(shown.x, shown.q, shown.k, shown.v, shown.o, heads=shown.heads, scaling=shown.scaling)


def numbers_of(shown: Example) -> dict[str, list[list[float]]]:
    return {letter: getattr(shown, letter).tolist() for letter in LETTERS}


edits = st.lists(
    st.tuples(st.sampled_from(LETTERS), st.integers(0, 2), st.integers(0, 2), st.integers(-9900, 9900)), max_size=8
)


@given(name=st.sampled_from(EXAMPLES), made=edits)
def test_the_model_s_code_and_plain_numpy_agree_and_the_address_carries_every_edit(name, made):
    given_numbers = numbers_of(example(name))
    for letter, row, column, hundredths in made:
        given_numbers[letter][row][column] = hundredths / 100
    edit = changes(name, given_numbers)
    view = View(example=name, edit=edit)
    assert parse(describe(view, View()), View()).edit == edit
    shown = example(name, edit)
    assert numbers_of(shown) == given_numbers
    assert gap(shown.work(), second(shown)) < 1e-8


def test_numbers_that_nobody_multiplies_by_hand_are_brought_back():
    given_numbers = numbers_of(example("plain"))
    given_numbers["x"][0][0], given_numbers["x"][0][1], given_numbers["o"][2][2] = 1e9, 0.126, float("nan")
    assert changes("plain", given_numbers) == "x11_99~x12_0.13~o33_0"


@pytest.mark.parametrize("odd", ["x55_1", "x11_", "x11_1e5", "x11_1~", "q11_1.234", "<b>", "x11_100"])
def test_an_address_with_odd_numbers_shows_the_example(odd):
    assert parse({"edit": odd}, View()).edit == ""


def test_a_cell_that_this_example_does_not_have_is_left_out():
    np.testing.assert_array_equal(example("plain", "x44_7").x, example("plain").x)


# What the sentence of each preset says


def test_identity_leaves_tokens_as_they_are():
    shown = example("identity")
    worked = shown.work()
    for stage in (worked.q, worked.k, worked.v):
        np.testing.assert_array_equal(stage, shown.x)


def test_each_token_looks_at_the_one_before_and_fetches_its_content():
    shown = example("previous")
    worked = shown.work()
    assert worked.pattern[0].argmax(axis=1).tolist() == [0, 0, 1, 2]
    assert worked.pattern[0][[1, 2, 3], [0, 1, 2]].min() > 0.9
    np.testing.assert_allclose(worked.out[1:, 2], shown.x[:-1, 2], atol=0.4)


def test_scaling_calms_a_saturated_softmax():
    sharp, calm = example("saturated").work(), example("calm").work()
    np.testing.assert_array_equal(sharp.dots, calm.dots)
    assert sharp.pattern[0, 3].max() > 0.97 and calm.pattern[0, 3].max() < 0.86


def test_two_heads_look_at_different_things():
    pattern = example("heads").work().pattern
    assert pattern[0, 1:].argmax(axis=1).tolist() == [0, 1, 2]
    np.testing.assert_allclose(pattern[1, 3, [1, 3]], 0.47, atol=0.01)  # equal content
    assert pattern[1, 2, 0] == pattern[1, 2, 2]


# Paper


class Cells(HTMLParser):
    """The texts of a work sheet's cells: pages -> figures (name, texts)."""

    def __init__(self, text: str):
        super().__init__()
        self.pages: list[list[tuple[str, list[str]]]] = []
        self._within = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "section":
            self.pages.append([])
        if tag == "figure":
            self.pages[-1].append((dict(attrs)["data-name"], []))
        self._within = tag == "td"
        if self._within:
            self.pages[-1][-1][1].append("")

    def handle_endtag(self, tag):
        self._within = False

    def handle_data(self, data):
        if self._within:
            self.pages[-1][-1][1][-1] += data


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_work_sheet_has_empty_tables_and_then_the_solutions(name, lang):
    shown = example(name)
    worked = shown.work()
    empty, solved = Cells(sheet(shown, worked, lang)).pages
    assert [name for name, _ in empty] == [name for name, _ in solved]
    tables = list(steps(shown, worked))
    for (_, blank), (_, full), table in zip(empty[5:], solved[5:], tables, strict=True):
        assert set(blank) == {""} and len(blank) == table.values.size
        assert full == [number(float(value), table.name) for value in table.values.flat]
    assert all("" not in texts for _, texts in empty[:5])


def test_a_work_sheet_needs_nothing_from_elsewhere():
    text = sheet(example("plain"), example("plain").work(), "en")
    assert not re.search(r"https?:|src=|href=|<script|url\(", text)


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [(-0.001, "", "0"), (-1.5, "", "−1.5"), (float("-inf"), "", "−∞"), (0.5, "pattern", "0.500")],
)
def test_numbers_on_paper(value, name, text):
    assert number(value, name) == text


def test_the_picture_in_assets_is_what_the_code_draws():
    """``python -m app.rooms.by_hand.picture`` writes it anew."""
    assert picture.FILE.read_text(encoding="utf-8") == picture.picture(example("plain"))
