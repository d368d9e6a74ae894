"""Generating: the chain of predictions, repeatable draws, text that is never half a character."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import BadInput
from model.generate import TextStream, generate
from model.measure.memory import cache_bytes
from model.sampling import distribution, draw, narrowing, rank
from model.trace import run_trace
from tests.random_models import DENSE, LATENT, LEARNED, random_ids, random_model

MODELS = {"grouped": DENSE, "latent": LATENT, "learned": LEARNED}
steady = settings(deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_greedy_is_a_chain_of_best_predictions(config):
    """Step by step with a cache = the argmax of a whole trace at every length."""
    lm = random_model(config)
    ids = random_ids(7)
    for step in generate(lm, list(ids), max_new_tokens=12, temperature=0):
        logits = run_trace(lm, ids).logits[-1]
        np.testing.assert_allclose(step.logits, logits, atol=1e-4)
        assert (step.id, step.rank, step.probability) == (logits.argmax(), 1, 1.0)
        assert step.cache_nbytes == cache_bytes(config, len(ids), dtype="fp32")
        ids.append(step.id)
    assert len(ids) == 19


def test_a_seed_repeats_its_draws():
    lm = random_model(DENSE)
    told = [[step.id for step in generate(lm, "Once", max_new_tokens=20, seed=seed)] for seed in (1, 1, 2)]
    assert told[0] == told[1] != told[2]


def test_two_at_once_do_not_disturb_each_other():
    """Guards against state in the model: two generations interleaved say what each says alone."""
    lm = random_model(LATENT)
    alone = [[step.id for step in generate(lm, prompt, max_new_tokens=9, seed=3)] for prompt in ("abc", "xyz!")]
    both = zip(*(generate(lm, prompt, max_new_tokens=9, seed=3) for prompt in ("abc", "xyz!")), strict=True)
    assert [[step.id for step in steps] for steps in zip(*both, strict=True)] == alone


def test_stops_when_the_context_is_full():
    lm = random_model(DENSE)
    assert len(list(generate(lm, random_ids(68), max_new_tokens=50, temperature=0))) == DENSE.context - 68
    assert list(generate(lm, random_ids(DENSE.context), max_new_tokens=50)) == []


def test_stops_at_the_end_of_the_text():
    """An end token is not told as text."""
    lm = random_model(DENSE)
    ids = [step.id for step in generate(lm, "Once", max_new_tokens=20, seed=1)]
    ending = replace(lm, tokenizer=lm.tokenizer.ending_with((ids[7],)))
    assert [step.id for step in generate(ending, "Once", max_new_tokens=20, seed=1)] == ids[: ids.index(ids[7])]


def test_no_tokens_asked_for_none_made():
    assert list(generate(random_model(DENSE), "a", max_new_tokens=0)) == []


@pytest.mark.parametrize(
    ("prompt", "settings", "code"),
    [
        ("", {}, "empty_prompt"),
        ("a" * 72, {}, "too_long"),
        ("a", {"max_new_tokens": -1}, "bad_max_new_tokens"),
        ("a", {"seed": -1}, "bad_seed"),
        ("a", {"temperature": -0.1}, "bad_temperature"),
        ("a", {"temperature": float("nan")}, "bad_temperature"),
        ("a", {"top_k": -1}, "bad_top_k"),
        ("a", {"top_p": 0}, "bad_top_p"),
        ("a", {"top_p": 1.1}, "bad_top_p"),
    ],
)
def test_bad_input_is_refused_before_the_first_step(prompt, settings, code):
    with pytest.raises(BadInput) as refusal:
        generate(random_model(DENSE), prompt, **settings)
    assert refusal.value.code == code


@steady
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_text_comes_whole(text):
    """Byte by byte: all of the text arrives, nothing twice, and never a character in pieces."""
    stream = TextStream(random_model(DENSE))
    parts = [stream.push(byte) for byte in text.encode()]
    assert "".join(parts) == text
    assert "\ufffd" not in "".join(parts).replace("\ufffd" * text.count("\ufffd"), "")


def test_bytes_that_are_no_text_do_not_block_the_stream():
    """A model may say anything: what can never become a character is shown as U+FFFD, and the text goes on."""
    stream = TextStream(random_model(DENSE))
    assert "".join(stream.push(byte) for byte in b"a\xff\xe4b" + "你".encode()) == "a\ufffd\ufffdb你"


logits = st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=40).map(np.array)


@steady
@given(logits, st.floats(0.05, 3), st.none() | st.integers(0, 50), st.none() | st.floats(0.01, 1))
def test_distribution_keeps_the_best(values, temperature, top_k, top_p):
    """Sums to 1 over the whole vocabulary; whoever is kept is more probable than whoever is not."""
    kept = distribution(values, temperature, top_k, top_p)
    everyone = distribution(values, temperature)
    assert kept.shape == values.shape
    np.testing.assert_allclose(kept.sum(), 1)
    assert kept[everyone.argmax()] > 0
    if top_k:
        assert (kept > 0).sum() <= top_k
    if (kept == 0).any():
        assert everyone[kept > 0].min() >= everyone[kept == 0].max()
    np.testing.assert_allclose(kept[kept > 0], (everyone / everyone[kept > 0].sum())[kept > 0])


@steady
@given(logits, st.floats(0.05, 0.95))
def test_nucleus_is_the_smallest_that_reaches_p(values, top_p):
    kept, everyone = distribution(values, top_p=top_p), distribution(values)
    inside = everyone[kept > 0]
    assert inside.sum() >= top_p - 1e-9
    assert inside.sum() - inside.min() < top_p + 1e-9


def test_a_nucleus_that_reaches_p_exactly_takes_no_token_more():
    np.testing.assert_array_equal(distribution(np.zeros(4), top_p=0.5), [0.5, 0.5, 0.0, 0.0])


@steady
@given(logits, st.floats(0.05, 3), st.integers(0, 50), st.floats(0.05, 1), st.floats(0, 1))
def test_each_step_of_the_narrowing_cuts_from_what_the_one_before_left(values, temperature, top_k, top_p, min_p):
    """The page shows these steps: the last is the distribution, and none gives back what another cut."""
    steps = narrowing(values, temperature, top_k, top_p, min_p)
    np.testing.assert_array_equal(steps[-1], distribution(values, temperature, top_k, top_p, min_p))
    np.testing.assert_array_equal(steps[0], distribution(values, temperature))
    for before, after in pairwise(steps):
        assert not (after[before == 0] > 0).any() and after[before.argmax()] > 0
        np.testing.assert_allclose(after.sum(), 1)
    if min_p:
        assert (steps[-1] > 0).sum() == (steps[2] >= min_p * steps[2].max()).sum()


def test_min_p_is_relative_to_the_best():
    values = np.log([0.5, 0.26, 0.24])
    np.testing.assert_allclose(distribution(values, min_p=0.5), [0.5 / 0.76, 0.26 / 0.76, 0])
    np.testing.assert_allclose(distribution(values, min_p=1.0), [1, 0, 0])
    np.testing.assert_array_equal(distribution(values, min_p=0.0), distribution(values))
    for wrong in (-0.1, 1.5, float("nan")):
        with pytest.raises(BadInput, match="Min-p"):
            distribution(values, min_p=wrong)


def test_temperature_sharpens_and_flattens():
    values = np.array([1.0, 2.0, 4.0])
    np.testing.assert_allclose(distribution(values), np.exp(values) / np.exp(values).sum())
    np.testing.assert_allclose(distribution(values, 2.0), distribution(values / 2))
    np.testing.assert_array_equal(distribution(values, 0), [0, 0, 1])
    np.testing.assert_allclose(distribution(values, 1e6), [1 / 3] * 3, atol=1e-5)


def test_draws_follow_the_probabilities():
    probabilities = np.array([0.5, 0.0, 0.2, 0.3])
    rng = np.random.default_rng(0)
    counts = np.bincount([draw(probabilities, rng) for _ in range(4000)], minlength=4)
    assert counts[1] == 0
    np.testing.assert_allclose(counts / 4000, probabilities, atol=0.03)  # 4 standard deviations


def test_rank_counts_who_is_better():
    assert [rank(np.array([0.5, 2.0, 2.0, -1.0]), token) for token in range(4)] == [3, 1, 1, 4]
