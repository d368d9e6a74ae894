"""Beam search: totals that the model itself gives, greedy as its narrowest case, the best of all as its widest."""

import numpy as np
import pytest

from model.beam import beam_search
from model.errors import BadInput
from model.generate import generate
from model.trace import run_trace
from tests.random_models import DENSE, LATENT, LEARNED, random_ids, random_model

MODELS = {"grouped": DENSE, "latent": LATENT, "learned": LEARNED}


def log_probabilities(lm, prompt: list[int], ids: tuple[int, ...]) -> np.ndarray:
    """(len(ids),): of each token of a continuation, by one whole forward without a cache."""
    logits = run_trace(lm, [*prompt, *ids]).logits[len(prompt) - 1 : -1].astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    scored = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return scored[np.arange(len(ids)), list(ids)]


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_every_branch_has_the_log_probability_of_a_whole_forward(config):
    """Guards against a cache that goes on from another beam's row."""
    lm, prompt = random_model(config), random_ids(5)
    for step in beam_search(lm, prompt, width=4, steps=5):
        assert [branch.kept for branch in step] == [True] * 4 + [False] * 4
        assert [branch.total for branch in step] == sorted((branch.total for branch in step), reverse=True)
        for branch in step:
            expected = log_probabilities(lm, prompt, branch.ids)
            assert branch.total == pytest.approx(expected.sum(), abs=2e-3)
            assert branch.log_probability == pytest.approx(expected[-1], abs=1e-3)


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_width_one_is_greedy(config):
    lm, prompt = random_model(config), random_ids(5)
    *_, last = beam_search(lm, prompt, width=1, steps=7)
    assert last[0].ids == tuple(step.id for step in generate(lm, prompt, max_new_tokens=7, temperature=0))


def test_a_wide_beam_finds_the_best_pair():
    lm, prompt = random_model(DENSE), random_ids(4)
    *_, last = beam_search(lm, prompt, width=24, steps=2)
    likely = np.argsort(-run_trace(lm, prompt).logits[-1])[:24].tolist()  # no pair that begins further back wins here
    pairs = [(token, int(run_trace(lm, [*prompt, token]).logits[-1].argmax())) for token in likely]
    assert last[0].ids == max(pairs, key=lambda ids: log_probabilities(lm, prompt, ids).sum())


def test_a_text_that_ended_stays_with_its_total_and_is_not_read_on():
    lm, prompt = random_model(DENSE), random_ids(5)
    plain = list(beam_search(lm, prompt, width=3, steps=4))
    end = plain[1][0].id
    ending = type(lm)(lm.name, lm.transformer, lm.tokenizer.ending_with((end,)))
    steps = list(beam_search(ending, prompt, width=3, steps=4))
    ended = [branch for branch in steps[1] if branch.ended]
    assert ended and ended[0].ids == plain[1][0].ids
    later = [branch for branch in steps[2] if branch.ids == ended[0].ids]
    assert later and later[0].total == ended[0].total and later[0].ended
    assert all(end not in branch.ids[:-1] for step in steps for branch in step)


def test_stops_where_the_context_is_full_and_refuses_a_width_of_nothing():
    lm = random_model(DENSE)
    assert len(list(beam_search(lm, random_ids(69), width=2, steps=9))) == DENSE.context - 69
    with pytest.raises(BadInput, match="width"):
        beam_search(lm, [1], width=0, steps=1)
