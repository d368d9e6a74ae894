"""Rotary pairs and learned tables: against the model's own scores and by their properties."""

from dataclasses import replace

import numpy as np
import pytest

from app.kit.theme import LIGHT
from app.rooms.positions import analysis
from app.rooms.positions.figures import alike
from model import RopeConfig, run_trace
from model.config import LayerConfig, YarnScaling
from tests.random_models import DENSE, LATENT, LEARNED, random_ids, random_model

MODELS = {
    "grouped": DENSE,
    "latent": LATENT,
    "interleaved": replace(DENSE, rope=RopeConfig(pairing="interleaved")),
    "yarn": replace(
        LATENT, rope=RopeConfig(scaling=YarnScaling(factor=4.0, original_context=16, mscale=1.0, mscale_all_dim=0.7))
    ),
    "first entries": replace(DENSE, attention=replace(DENSE.attention, rotary_dim=4)),
    "normed": replace(DENSE, attention=replace(DENSE.attention, qk_norm=True)),
}


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_the_curve_at_the_true_distance_is_the_models_score(config):
    """Guards against a wrong pairing, a wrong key head, a scale that YaRN changed, and a rotation the wrong way."""
    trace = run_trace(random_model(config), random_ids(13))
    for layer, head, query, key in ((0, 0, 12, 0), (1, config.attention.n_heads - 1, 9, 4), (1, 2, 7, 7)):
        made = analysis.pairs(trace, layer, head, query, key)
        score = trace.scores(layer)[head, query, key]
        assert made.distance == query - key
        assert made.score == pytest.approx(score, abs=1e-5)
        assert made.scores(np.array([query - key]))[0] == pytest.approx(score, abs=1e-4)


@pytest.mark.parametrize("config", MODELS.values(), ids=MODELS)
def test_only_the_distance_counts(config):
    """The same two tokens further on in the text, as the model itself would turn them, meet at the same score."""
    lm, ids = random_model(config), random_ids(1)
    trace = run_trace(lm, ids * 20)  # layer 0 sees the same token everywhere
    near, far = (analysis.pairs(trace, 0, 1, query, query - 5) for query in (6, 19))
    np.testing.assert_allclose(near.query, far.query, atol=1e-4)
    np.testing.assert_allclose(near.scores(np.arange(30)), far.scores(np.arange(30)), atol=1e-4)
    for distance in range(20):
        score = trace.scores(0)[1, 19, 19 - distance]
        assert near.scores(np.array([distance]))[0] == pytest.approx(score, abs=1e-3)


def test_entries_that_do_not_turn_add_the_same_at_every_distance():
    trace = run_trace(random_model(LATENT), random_ids(9))
    made = analysis.pairs(trace, 1, 2, 8, 3)
    Dn = LATENT.attention.qk_nope_head_dim
    q, k = trace["blocks.1.attn.hook_q"][8, 2, :Dn], trace["blocks.1.attn.hook_k"][3, 2, :Dn]
    assert made.content == pytest.approx(float(q @ k) * float(trace.scale(1)), abs=1e-5)
    assert analysis.pairs(run_trace(random_model(DENSE), random_ids(9)), 1, 2, 8, 3).content == 0


def test_a_layer_rotates_or_does_not():
    some = replace(DENSE, layers=(LayerConfig(), LayerConfig(rotates=False)))
    trace = run_trace(random_model(some), [1, 2])
    assert analysis.rotates(trace, 0) and not analysis.rotates(trace, 1)
    assert not analysis.rotates(run_trace(random_model(LEARNED), [1, 2]), 1)
    with pytest.raises(ValueError, match="Layer 1"):
        analysis.pairs(trace, 1, 0, 1, 0)


def test_the_table_is_what_the_model_adds_and_its_cosines_are_cosines():
    lm = random_model(LEARNED)
    np.testing.assert_array_equal(analysis.table(lm)[:7], run_trace(lm, random_ids(7))["hook_pos_embed"])
    cosines = analysis.similarities(lm)
    assert cosines.shape == (LEARNED.context, LEARNED.context)
    np.testing.assert_allclose(np.diag(cosines), 1, atol=1e-5)
    a, b = analysis.table(lm)[3], analysis.table(lm)[11]
    assert cosines[3, 11] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-5)


def test_thinned_rows_are_evenly_apart():
    assert analysis.thinned(71, 256).tolist() == list(range(71))
    assert set(np.diff(analysis.thinned(1000, 256))) == {4} and len(analysis.thinned(1000, 256)) <= 256


def test_the_figure_marks_the_position_and_the_prompt():
    made = alike(np.linspace(-1, 1, 20), 4, 6, LIGHT, x="position", y="cosine")
    assert [len(mark.x) for mark in made.marks] == [14, 13, 7, 1] and made.marks[3].x[0] == 4
    assert [mark.hover != "" for mark in made.marks] == [False, True, True, False]  # each position is found once
    with pytest.raises(ValueError, match="fit"):
        alike(np.zeros(5), 7, 2, LIGHT, x="", y="")
