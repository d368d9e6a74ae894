"""The way to the choice and the lens: against the model's own draw and its own logits."""

from itertools import pairwise

import numpy as np
import pytest

import model
from app.rooms.output import analysis
from model import distribution, run_trace
from tests.random_models import DENSE, LATENT, LEARNED, random_ids, random_model

MODELS = {"grouped": DENSE, "latent": LATENT, "learned": LEARNED}


def test_the_way_ends_at_the_distribution_and_says_what_each_step_cut():
    logits = run_trace(random_model(DENSE), random_ids(7)).logits[-1]
    cuts = analysis.way(logits, 0.7, 100, 0.9, 0.05)
    np.testing.assert_array_equal(cuts[-1].probabilities, distribution(logits, 0.7, 100, 0.9, 0.05))
    assert [cut.name for cut in cuts] == ["temperature", "top_k", "top_p", "min_p"]
    assert cuts[0].left == 257 and cuts[1].left == 100
    assert [cut.cut for cut in cuts[1:]] == [before.left - after.left for before, after in pairwise(cuts)]
    for cut in cuts:
        assert cut.mass == pytest.approx(cuts[0].probabilities[cut.probabilities > 0].sum())
    assert cuts[2].mass >= 0.9 * cuts[1].mass


@pytest.mark.parametrize("top_k", [0, 3])
def test_the_die_on_the_page_is_the_one_that_the_model_throws(top_k):
    """Guards against a picture of a die that fell elsewhere than the token that was appended."""
    logits = run_trace(random_model(DENSE), random_ids(7)).logits[-1]
    probabilities = distribution(logits, 1.0, top_k)
    for seed in range(60):
        thrown = analysis.throw(probabilities, np.random.default_rng([seed, 7]).random())
        assert thrown.token == model.draw(probabilities, np.random.default_rng([seed, 7]))
        assert thrown.low <= thrown.number < thrown.high
        assert thrown.high - thrown.low == pytest.approx(probabilities[thrown.token])


def test_the_line_has_no_gap_and_keeps_the_token_that_was_hit():
    logits = run_trace(random_model(DENSE), random_ids(7)).logits[-1]
    probabilities = distribution(logits)
    rarest = int(probabilities.argmin())
    line = analysis.stretches(probabilities, rarest, least=0.01)
    assert [piece.low for piece in line] == [0.0, *(piece.high for piece in line[:-1])] and line[-1].high == 1.0
    assert sum(piece.count for piece in line) == 257
    named = {piece.token for piece in line} - {None}
    assert named == {rarest, *np.flatnonzero(probabilities >= 0.01).tolist()}


def test_surprise_is_in_bits():
    np.testing.assert_allclose(analysis.surprise(np.array([1.0, 0.5, 0.125])), [0, 1, 3])
    assert np.isfinite(analysis.surprise(np.array([0.0]))).all()


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_the_lens_reads_every_layer_as_the_model_reads_its_last(config):
    trace = run_trace(random_model(config), random_ids(11))
    found = analysis.lens(trace, 3, 9)
    whole = trace.lens[:, 3:9]  # (L, N, V)
    shares = np.exp(whole - whole.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    order = np.argsort(-whole, axis=-1, kind="stable")[..., :5]
    np.testing.assert_array_equal(found.ids[1:], order)
    np.testing.assert_allclose(found.probabilities[1:], np.take_along_axis(shares, order, -1), rtol=1e-4)
    answers = trace.logits[3:9].argmax(-1)
    assert (found.ranks[-1] == 1).all() and (found.ids[-1, :, 0] == answers).all()
    assert found.ranks.shape == (config.n_layers + 1, 6)
    for column, answer in enumerate(answers):
        assert found.ranks[1, column] == (whole[0, column] > whole[0, column, answer]).sum() + 1
        first = found.first[column]
        assert found.ranks[first, column] == 1 and (found.ranks[:first, column] > 1).all()


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_the_followed_tokens_are_those_that_led(config):
    trace = run_trace(random_model(config), random_ids(11))
    made, found = analysis.followed(trace, 4), analysis.lens(trace, 4, 5)
    assert set(made.ids) == set(found.ids[:, 0, 0].tolist())
    for row, leader in enumerate(found.ids[:, 0, 0].tolist()):
        assert made.probabilities[made.ids.index(leader), row] == pytest.approx(
            found.probabilities[row, 0, 0], rel=1e-4
        )


@pytest.mark.parametrize(("count", "position"), [(1, 0), (40, 39), (300, 0), (300, 150), (300, 299), (41, 40)])
def test_the_window_holds_the_chosen_position(count, position):
    start, stop = analysis.window(count, position, 40)
    assert 0 <= start <= position < stop <= count and stop - start == min(count, 40)


def test_thinned_ranks_keep_both_ends():
    assert analysis.thinned(3, 100).tolist() == [1, 2, 3]
    ranks = analysis.thinned(49_152, 200)
    assert ranks[0] == 1 and ranks[-1] == 49_152 and len(ranks) <= 200
