"""What the attention page shows of a head is the trace's, and its thumbnails hide no strong weight."""

from dataclasses import replace

import numpy as np
import pytest

from app.kit.head_jobs import thumbnails
from app.rooms.attention.analysis import head_stages, score_parts, together, weighted_sum
from model import load, run_trace
from tests.random_models import DENSE, random_ids, random_model


@pytest.mark.parametrize("head", [0, 2, 3, 5])
def test_stages_and_operands_belong_to_one_head(tiny, head):
    """Guards against a query head paired with the wrong shared key head: 6 heads, 2 key heads."""
    trace = run_trace(tiny, "to be or not", capture="light")
    shown = head_stages(trace, 1, head, trace.pattern(1))
    assert shown.key_head == head // 3
    np.testing.assert_allclose(shown.query @ shown.key.T, shown.dot, atol=1e-6)
    np.testing.assert_allclose(np.where(shown.mask, shown.dot * shown.scale, -np.inf), shown.scores, atol=1e-6)
    np.testing.assert_allclose(shown.pattern.sum(-1), 1, atol=1e-6)
    np.testing.assert_allclose(shown.pattern @ shown.value, shown.result, atol=1e-6)


def test_thumbnails_keep_the_largest_weight_of_what_they_merge():
    pattern = np.zeros((2, 101, 101), np.float32)
    pattern[0, 70, 3] = 1.0
    pattern[1] = np.eye(101)
    small = thumbnails(pattern, 13)
    assert small.shape == (2, 13, 13) and small.dtype == np.uint8
    assert small[0].max() == 255 and (small[0] > 0).sum() == 1
    assert (np.diag(small[1]) == 255).all()
    assert (thumbnails(pattern[:, :7, :7], 13)[1] == np.eye(7) * 255).all()


@pytest.mark.parametrize("name", ["tiny", "storyteller", "storyteller-classic"])
def test_the_weighted_sum_is_z_and_the_largest_contribution_comes_first(name):
    trace = run_trace(load(name), "to be or not to be", capture="light")
    stages = head_stages(trace, 1, 3, trace.pattern(1))
    found = weighted_sum(stages, 3)
    assert sorted(found.keys.tolist()) == [0, 1, 2, 3] and found.difference < 1e-5
    np.testing.assert_allclose(found.sums[-1], trace["blocks.1.attn.hook_z"][3, 3], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.terms, axis=-1), found.contributions, rtol=1e-4)
    assert (np.diff(found.contributions) <= 0).all()


@pytest.mark.parametrize("name", ["tiny", "storyteller", "storyteller-classic"])
def test_the_heads_of_a_layer_add_up_to_what_attention_adds(name):
    """Biases included, and through the lens too: the pushes of all parts are that of the whole."""
    lm = load(name)
    trace = run_trace(lm, "to be or not", capture="light")
    token = int(trace.logits[2].argmax())
    found = together(lm, trace, 1, 2, token)
    assert found.difference < 1e-4
    assert (found.bias is not None) == (name == "storyteller-classic")
    whole = trace.push(trace["blocks.1.hook_attn_out"][2], 2)
    assert found.pushes.sum() + found.bias_push == pytest.approx(whole[token] - whole.mean(), abs=1e-4)
    shares = found.shares.sum() + (0 if found.bias is None else found.bias @ found.total / (found.total @ found.total))
    assert shares == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("placement", ["after", "both"])
@pytest.mark.parametrize("norm", ["rms", "layer"])
def test_norms_after_attention_caps_and_sinks_are_part_of_the_sums(placement, norm):
    """Guards against parts that add up only in the layers that most models have (Gemma 2, OLMo 2, GPT-OSS)."""
    config = replace(
        DENSE,
        attention=replace(DENSE.attention, score_cap=1.5, sinks=True),
        norm_placement=placement,
        norm=norm,
        residual_scale=0.4,
    )
    lm = random_model(config)
    trace = run_trace(lm, random_ids(7), capture="light")
    assert together(lm, trace, 1, 5, 3).difference < 1e-4
    stages = head_stages(trace, 1, 7, trace.pattern(1))
    powers = np.exp(stages.scores)
    expected = powers / (powers.sum(-1, keepdims=True) + np.exp(stages.sink))
    np.testing.assert_allclose(stages.pattern, expected, atol=1e-5)
    assert weighted_sum(stages, 5).difference < 1e-5


def test_the_parts_of_a_latent_score_add_up():
    trace = run_trace(load("storyteller"), "to be or not", capture="light")
    stages = head_stages(trace, 2, 5, trace.pattern(2))
    found = score_parts(trace, 2, stages, 3)
    assert found.difference < 1e-4 and found.keys.tolist() == [0, 1, 2, 3]
    rotated = trace["blocks.2.attn.hook_rot_k"][:, 0] @ trace["blocks.2.attn.hook_rot_q"][3, 5]
    np.testing.assert_allclose(found.rotated, rotated, atol=1e-4)
    np.testing.assert_allclose(found.latents, trace["blocks.2.attn.hook_kv_latent"][:4])
