"""A norm's steps: what the model computed, and what the two kinds promise."""

import numpy as np
import pytest

from app.kit.theme import LIGHT
from app.rooms.norms import analysis
from app.rooms.norms.figures import lengths
from model import run_trace
from tests.random_models import DENSE, LATENT, LEARNED, T, random_ids, random_model

CONFIGS = {"grouped": DENSE, "latent, experts": LATENT, "classic": LEARNED}
every_model = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


@every_model
@pytest.mark.parametrize("which", ["first", "second", "final"])
def test_the_steps_are_the_model_s(config, which):
    lm = random_model(config)
    trace = run_trace(lm, random_ids(T))
    found = analysis.norm(lm, trace, which, 1, 7)
    assert found.own.kind == config.norm and found.other.kind != config.norm
    assert found.scale_apart < 1e-6 and found.normalized_apart < 1e-5
    assert (found.own.shift is not None) == (config.norm == "layer")
    assert found.other.gain is None, "the kind that the model doesn't have has learned nothing"


def test_what_comes_out_is_what_the_next_part_reads():
    """Guards against a gain or a shift of another norm: attention's queries are made of the result."""
    lm = random_model(LEARNED)
    trace = run_trace(lm, random_ids(T))
    after = analysis.norm(lm, trace, "first", 1, 5).own.after
    qkv = lm.transformer.blocks[1].attn.qkv
    queries = (qkv.weight.numpy() @ after + qkv.bias.numpy())[: trace["blocks.1.attn.hook_q"][5].size]
    np.testing.assert_allclose(queries, trace["blocks.1.attn.hook_q"][5].ravel(), atol=1e-4)
    final = analysis.norm(lm, trace, "final", 0, 5).own.after
    np.testing.assert_allclose(lm.transformer.unembedding.numpy() @ final, trace.logits[5], atol=1e-3)


def test_each_kind_keeps_its_promise():
    """LayerNorm: mean 0, variance 1, whatever is added to all. RMSNorm: mean square 1, the same direction."""
    vector = np.random.default_rng(1).normal(3.0, 2.0, 61).astype(np.float32)
    layer, rms = (analysis.steps(vector, kind, 1e-9) for kind in ("layer", "rms"))
    assert abs(layer.normalized.mean()) < 1e-6 and layer.normalized.var() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(analysis.steps(vector + 5, "layer", 1e-9).normalized, layer.normalized, atol=1e-5)
    assert np.square(rms.normalized).mean() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(
        rms.normalized / np.linalg.norm(rms.normalized), vector / np.linalg.norm(vector), atol=1e-6
    )


@every_model
def test_lengths_at_every_norm(config):
    lm = random_model(config)
    trace = run_trace(lm, random_ids(T))
    before, after = analysis.lengths(lm, trace, 3)
    assert len(before) == len(after) == 2 * config.n_layers + 1
    assert before[2] == pytest.approx(np.linalg.norm(trace["blocks.1.hook_resid_pre"][3]))
    assert after[-1] == pytest.approx(np.linalg.norm(analysis.norm(lm, trace, "final", 0, 3).own.after), rel=1e-5)


def test_the_figure_draws_both_lines_and_marks_the_norm_shown():
    before, after = np.array([1.0, 10.0, 100.0]), np.array([5.0, 5.0, 6.0])
    made = lengths(["<b>", "b", "c"], before, after, ("before", "after"), LIGHT, y="length", chosen=1)
    rule, first, second = made.marks
    np.testing.assert_array_equal(first.y, before)
    np.testing.assert_array_equal(second.y, after)
    assert rule.at == made.x.marked == 1 and made.x.labels[0] == "<b>" and made.y.log
    with pytest.raises(ValueError, match="2 norms"):
        lengths(["a", "b"], before, after, ("before", "after"), LIGHT, y="length", chosen=0)
