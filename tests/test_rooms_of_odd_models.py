"""The arithmetic of the rooms on models whose layers differ: norms after sublayers, factors, caps, clamped experts."""

from dataclasses import replace

import numpy as np
import pytest

from app.rooms.attention.analysis import head_stages
from app.rooms.ffn import analysis as ffn
from app.rooms.norms import analysis as norms
from app.rooms.positions import analysis as positions
from app.rooms.residual import analysis as residual
from model.config import LayerConfig, MoEConfig
from model.trace import run_trace
from tests.random_models import DENSE, LEARNED, random_ids, random_model

CLAMPED = MoEConfig(
    n_routed_experts=5, num_experts_per_tok=2, moe_intermediate_size=7, bias=True, router_bias=True, swiglu_limit=0.7,
    swiglu_alpha=1.7, scoring_func="softmax",
)  # fmt: skip
MODELS = {
    "four norms, caps": replace(
        DENSE,
        norm_placement="both",
        embed_scale=5.0,
        logit_cap=2.0,
        layers=(LayerConfig(attention=replace(DENSE.attention, score_cap=2.0, sliding_window=3)), LayerConfig()),
    ),
    "norms after": replace(DENSE, norm_placement="after"),
    "parallel, part rotates": replace(
        LEARNED, parallel=True, positions="rope", attention=replace(LEARNED.attention, rotary_dim=4)
    ),
    "factors": replace(DENSE, residual_scale=0.3, logit_scale=0.2),
    "clamped experts": replace(
        DENSE, feed_forward=CLAMPED, residual_scale=0.5, attention=replace(DENSE.attention, sinks=True)
    ),
}
POSITION = 5


@pytest.fixture(params=MODELS.values(), ids=MODELS)
def made(request):
    lm = random_model(request.param)
    return lm, run_trace(lm, random_ids(9))


def test_every_norm_is_computed_again_as_the_model_did(made):
    lm, trace = made
    for which in norms.norms(lm.config):
        found = norms.norm(lm, trace, which, 1, POSITION)
        assert found.scale_apart < 1e-5 and found.normalized_apart < 1e-5
    before, after = norms.lengths(lm, trace, POSITION)
    assert len(before) == len(after) == 1 + lm.config.n_layers * (len(norms.norms(lm.config)) - 1)


def test_neurons_write_what_the_layer_adds(made):
    """Guards a norm or a factor on the way to the stream, and GPT-OSS's clamp: sums of neurons are the layer's own."""
    lm, trace = made
    chosen = ffn.chosen_experts(trace, 1, POSITION) or [(None, 1.0)]
    for expert, _ in chosen:
        found = ffn.network(lm, trace, 1, POSITION, expert)
        assert found.post_apart < 1e-5 and found.out_apart < 1e-4
    if chosen[0][0] is None:
        bias = getattr(lm.transformer.blocks[1].mlp.down, "bias", None)
        written = found.down @ found.post + (0 if bias is None else bias.numpy() * lm.config.residual_scale)
        np.testing.assert_allclose(written, trace["blocks.1.hook_mlp_out"][POSITION], atol=1e-4)


def test_direct_effects_sum_to_the_difference_of_logits(made):
    lm, trace = made
    found = residual.effects(lm, trace, POSITION, 3, 8)
    assert found.total == pytest.approx(found.real, abs=2e-3)
    for layer in range(lm.config.n_layers):  # heads are what attention adds, but for its bias
        attention = next(part for part in found.parts if (part.kind, part.layer) == ("attention", layer))
        assert found.heads[layer].sum() == pytest.approx(attention.effect, abs=1e-4)


def test_pairs_add_up_to_the_score_before_mask_and_cap(made):
    _, trace = made
    found = positions.pairs(trace, 1, 1, POSITION, 4)
    assert found.score == pytest.approx(float(trace.stage(1, "scaled")[1, POSITION, 4]), abs=1e-4)
    turned = found.scale * np.real(found.query * np.conj(found.key) * np.exp(1j * found.rates * found.distance)).sum()
    assert found.content + turned == pytest.approx(found.score, abs=1e-4)


def test_stages_of_a_head_are_the_traces_own(made):
    """Guards a cap or a sink that the attention page would leave out of its arithmetic."""
    _, trace = made
    for layer in range(2):
        shown = head_stages(trace, layer, 1, trace.pattern(layer))
        np.testing.assert_allclose(shown.scores, trace.scores(layer)[1], atol=1e-5)
        rest = 0.0 if shown.sink is None else np.exp(shown.sink)
        weights = np.exp(shown.scores) / (np.exp(shown.scores).sum(-1, keepdims=True) + rest)
        np.testing.assert_allclose(weights, shown.pattern, atol=1e-5)
