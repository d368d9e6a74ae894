"""Two sides on joint axes: which tokens are pairs, and what is subtracted from what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rooms.compare.analysis import (
    Axis,
    align,
    align_spans,
    busiest,
    counted,
    difference,
    farthest,
    merged,
    spans,
    spread,
    window,
)
from app.rooms.compare.pictures import OF_NAME, lens
from app.rooms.compare.sides import Side, other_prompt
from app.rooms.compare.tables import compare
from app.rooms.compare.words import PICTURES
from model import distribution, load, run_trace
from model.interventions import NoMask

tokens = st.lists(st.integers(0, 5), max_size=30)
PROMPTS = "The cat sat on the mat", "The black dog sat on a mat"


def pairs(axis: Axis) -> list[tuple[int, int]]:
    return list(zip(axis.a.tolist(), axis.b.tolist(), strict=True))


def everything_once(axis: Axis, a: int, b: int) -> None:
    """Each side's places in order, none lost and none twice; no entry of nothing."""
    assert axis.a[axis.a >= 0].tolist() == list(range(a))
    assert axis.b[axis.b >= 0].tolist() == list(range(b))
    assert ((axis.a >= 0) | (axis.b >= 0)).all()


@given(a=tokens, b=tokens)
def test_an_alignment_loses_nothing_and_keeps_the_order(a, b):
    axis = align(a, b)
    everything_once(axis, len(a), len(b))
    for i, j, same in zip(axis.a, axis.b, axis.same, strict=True):
        assert same == (i >= 0 and j >= 0 and a[i] == b[j])


@given(a=tokens, b=tokens)
def test_swapping_the_sides_gives_the_same_pairs(a, b):
    """difflib alone does not: what was a pair would be hatched after the swap button."""
    there, back = align(a, b), align(b, a)
    assert {(i, j) for i, j in pairs(there) if min(i, j) >= 0} == {(j, i) for i, j in pairs(back) if min(i, j) >= 0}


@given(a=tokens)
def test_a_prompt_is_its_own_partner(a):
    axis = align(a, a)
    assert pairs(axis) == [(i, i) for i in range(len(a))] and axis.same.all()


@given(a=tokens.filter(len), before=tokens)
def test_what_is_only_put_in_front_is_alone(a, before):
    everything_once(align(a, before + a), len(a), len(before) + len(a))
    assert len(align(a, [9, *a])) == len(a) + 1


def test_as_many_other_tokens_are_pairs_and_more_or_fewer_are_alone():
    axis = align(["the", "cat", "sat"], ["the", "dog", "sat"])
    assert pairs(axis) == [(0, 0), (1, 1), (2, 2)] and axis.same.tolist() == [True, False, True]
    axis = align(["the", "cat", "sat"], ["the", "ele", "phant", "sat"])
    assert pairs(axis) == [(0, 0), (1, -1), (-1, 1), (-1, 2), (2, 3)]
    assert axis.partner(1) is None and axis.partner(2) == 3 and axis.entry(2) == 4


cuts = st.sets(st.integers(1, 39))


@given(a=cuts, b=cuts, added=st.integers(0, 2))
def test_one_text_cut_in_two_ways_meets_where_tokens_end(a, b, added):
    text = bytes(range(65, 105))

    def cut(places: set[int], start: int) -> list[bytes]:
        ends = [*sorted(places), 40]
        return [b"<s>"] * start + [text[i:j] for i, j in zip([0, *ends], ends, strict=False)]

    first, second = spans(cut(a, added), text, added), spans(cut(b, 0), text, 0)
    axis = align_spans(first, second)
    everything_once(axis, len(first.ends), len(second.ends))
    for i, j, same in zip(axis.a, axis.b, axis.same, strict=True):
        if i >= 0 and j >= 0:
            assert first.ends[i] == second.ends[j]
            assert same == (first.starts[i] == second.starts[j])
    assert pairs(axis)[-1] == (len(first.ends) - 1, len(second.ends) - 1)
    swapped = align_spans(second, first)
    assert [(j, i) for i, j in pairs(swapped)] == pairs(axis)


def test_a_space_that_a_tokenizer_puts_before_the_text_moves_nothing():
    """Llama's tokenizer reads " Once": every token would end a byte later than in another model."""
    assert spans([b" Once", b" upon"], b"Once upon", 0) == spans([b"Once", b" upon"], b"Once upon", 0)
    assert spans([b"once", b" upon"], b"Once upon", 0) is None


numbers = st.floats(-9, 9, width=32) | st.just(float("nan"))
tables = st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=2, max_size=2).map(
    lambda rows: np.array(rows, np.float32)
)


@given(a=tables, b=tables, known=st.lists(st.booleans(), min_size=6, max_size=6), zero=st.booleans())
def test_a_difference_is_antisymmetric_and_only_where_both_sides_are(a, b, known, zero):
    known = np.array(known).reshape(2, 3)
    there, back = difference(a, b, known, zero), difference(b, a, known, zero)
    np.testing.assert_array_equal(there, -back)
    assert np.isnan(there[~known]).all()
    both = np.isfinite(a) & np.isfinite(b) & known
    np.testing.assert_array_equal(there[both], (a - b)[both])
    one = (np.isfinite(a) ^ np.isfinite(b)) & known
    assert np.isfinite(there[one]).all() if zero else np.isnan(there[one]).all()
    assert np.isnan(there[np.isnan(a) & np.isnan(b)]).all()


def test_spreading_puts_every_number_at_its_place():
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    wide = spread(values, np.array([0, -1, 1]), np.array([-1, 0, 1, 2]))
    np.testing.assert_array_equal(wide[[0, 2]][:, 1:], values)
    assert np.isnan(wide[1]).all() and np.isnan(wide[:, 0]).all()


def test_rounding_is_no_difference():
    """Attention over more tokens adds in another order: a picture of 1e-7 in full colours would be a lie."""
    a = np.array([[1.0, 0.5]], np.float32)
    assert not farthest(a - a * np.float32(1 + 1e-6), a, a).beyond_rounding
    found = farthest(np.array([[0.1, -0.4]]), a, a)
    assert found.place == (0, 1) and found.apart == -0.4 and found.beyond_rounding
    assert farthest(np.full((1, 2), np.nan), a, a) is None


@given(entry=st.integers(0, 99), most=st.integers(1, 60))
def test_a_window_holds_the_chosen_token(entry, most):
    shown = window(entry, 100, most)
    assert shown.start <= entry < shown.stop <= 100 and shown.stop - shown.start == most


def test_units_and_merged_cells_are_the_largest():
    sides = np.array([[0.0, 3, -1, 0]]), np.array([[0.0, 0, 0, -9], [0, 0, 0, 0]])
    assert busiest(sides, 2).tolist() == [1, 3]
    small = merged(np.array([[1.0, np.nan, 5], [2, 3, np.nan], [0, 0, np.nan]]), np.array([0, 2]))
    np.testing.assert_array_equal(small, [[3, 5], [0, np.nan]])


@pytest.mark.parametrize("prompt", ["Once upon a time", "word", "x", "从前有一个国王", " two  spaces"])
def test_the_page_begins_with_another_prompt_that_can_be_read(prompt):
    assert other_prompt(prompt).strip() and other_prompt(prompt) != prompt


# Against the trace


@pytest.fixture(scope="module")
def sides() -> dict[str, tuple[Side, Side]]:
    """Two prompts on two kinds of models."""
    made = {}
    for name in ("storyteller", "storyteller-classic"):
        lm = load(name)
        a, b = (Side(lm, run_trace(lm, prompt), 1, 2) for prompt in PROMPTS)
        made[name] = (a, b)
    return made


@pytest.mark.parametrize("name", ["storyteller", "storyteller-classic"])
def test_every_picture_is_the_traces_and_its_difference_is_of_pairs(sides, name):
    a, b = sides[name]
    axis = align(a.trace.ids, b.trace.ids)
    shown = 0
    for picture in OF_NAME.values():
        if not picture.has(a.trace, 1):
            continue
        shown += 1
        made = compare(a, b, picture, axis, len(a.trace.ids) - 1)
        assert made.apart is not None and made.a.shape == made.b.shape == made.apart.shape
        assert len(made.rows.a) == made.a.shape[1] and len(made.columns.a) == made.a.shape[2]
        if made.left_out is None and picture.name != "lens":
            # Every number of A's own table stands in the joint one.
            own = picture.table(a.trace, 1, 2)
            own = own[np.isfinite(own)].astype(np.float32)
            np.testing.assert_array_equal(np.sort(made.a[np.isfinite(made.a)]), np.sort(own))
    assert shown >= 18 and {*OF_NAME, "next"} == set(PICTURES)


def test_the_pattern_of_pairs_is_subtracted_by_tokens(sides):
    a, b = sides["storyteller"]
    made = compare(a, b, OF_NAME["softmax"], align(a.trace.ids, b.trace.ids), 0)
    row, column = a.trace.tokens.index("·sat"), a.trace.tokens.index("The")
    i, j = b.trace.tokens.index("·sat"), b.trace.tokens.index("The")
    entry = made.rows.axis.entry(row), made.rows.axis.entry(column)
    wanted = a.trace.pattern(1)[2, row, column] - b.trace.pattern(1)[2, i, j]
    assert made.apart[0][entry] == pytest.approx(float(wanted), abs=1e-7)
    lone = made.rows.axis.a < 0
    assert lone.any() and np.isnan(made.apart[0][lone]).all() and np.isfinite(made.b[0][lone]).any()


def test_what_comes_later_changes_nothing_before_it(sides):
    """The causal mask, seen: equal beginnings have equal streams, and the page says so."""
    a, _ = sides["storyteller"]
    longer = Side(a.lm, run_trace(a.lm, f"{PROMPTS[0]} and slept"), 1, 2)
    made = compare(a, longer, OF_NAME["stream"], align(a.trace.ids, longer.trace.ids), 0)
    assert not made.farthest.beyond_rounding and np.isfinite(made.apart).any()


def test_without_the_mask_new_weights_count_as_more_than_nothing(sides):
    a, _ = sides["storyteller"]
    changed = Side(a.lm, run_trace(a.lm, PROMPTS[0], interventions=[NoMask()]), 1, 2)
    count = len(a.trace.ids)
    made = compare(a, changed, OF_NAME["softmax"], counted(count, count), 0)
    np.testing.assert_allclose(made.apart[0, 0, 1:], -changed.trace.pattern(1)[2, 0, 1:], atol=1e-7)
    scores = compare(a, changed, OF_NAME["masked"], counted(count, count), 0)
    assert np.isnan(scores.apart[0, 0, 1:]).all()


def test_models_of_other_sizes_have_no_difference_but_the_pattern_has(sides, tiny):
    a, _ = sides["storyteller"]
    small = Side(tiny, run_trace(tiny, PROMPTS[0]), 1, 2)
    axis = align_spans(
        *(spans([s.lm.tokenizer.token_bytes(t) for t in s.trace.ids], PROMPTS[0].encode(), 0) for s in (a, small))
    )
    for name in ("embeddings", "entropy", "lengths", "heads"):
        assert compare(a, small, OF_NAME[name], axis, 0).apart is None
    made = compare(a, small, OF_NAME["softmax"], axis, 0)
    assert np.isfinite(made.apart).any()
    assert made.rows.axis.both.sum() == len(a.trace.ids)  # tiny reads bytes: every token of A ends at one of them


def test_the_lens_asks_both_sides_for_the_same_token(sides):
    a, b = sides["storyteller-classic"]
    made = compare(a, b, OF_NAME["lens"], align(a.trace.ids, b.trace.ids), 0)
    sat = a.trace.tokens.index("·sat"), b.trace.tokens.index("·sat")
    answer = int(a.trace.logits[sat[0]].argmax())
    entry = made.columns.axis.entry(sat[0])
    for layer in range(a.trace.config.n_layers):
        assert made.b[0, layer, entry] == pytest.approx(distribution(b.trace.lens_at(sat[1])[layer])[answer], rel=1e-4)
    assert np.isnan(lens(a.trace, (0,), (-1,))).all()
