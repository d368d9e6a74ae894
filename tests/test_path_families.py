"""The rooms of norms, feed-forward and residual stream on any architecture: what they compute is what the model did."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rooms.ffn import analysis as ffn
from app.rooms.norms import analysis as norms
from app.rooms.residual import analysis as residual
from model import run_trace
from model.config import DenseConfig
from tests.random_models import DENSE, LATENT, mixed_configs, random_ids, random_model

POSITION = 6
steady = settings(max_examples=25, derandomize=True)
seeds = st.integers(0, 1000)


def asked(config, seed):
    lm = random_model(config, seed)
    return lm, run_trace(lm, random_ids(9, seed), capture="light")


@steady
@given(mixed_configs(), seeds)
def test_norms_neurons_and_additions_are_the_model_s(config, seed):
    lm, trace = asked(config, seed)
    for which in norms.norms(config):
        found = norms.norm(lm, trace, which, 1, POSITION)
        assert found.scale_apart < 1e-4 and found.normalized_apart < 1e-3
    assert len(norms.lengths(lm, trace, POSITION)[0]) == config.n_layers * (len(norms.norms(config)) - 1) + 1
    for layer in range(config.n_layers):
        own = config.feed_forward_at(layer)
        networks: list[ffn.Which] = [None]
        if not isinstance(own, DenseConfig):
            chosen = [expert for expert, _ in ffn.chosen_experts(trace, layer, POSITION)]
            networks = [*chosen, *(["shared"] if own.shared else [])]
        for network in networks:
            made = ffn.network(lm, trace, layer, POSITION, network)
            size = 1 + np.abs(made.post).max()
            assert made.post_apart < 1e-3 * size and made.out_apart < 1e-2 * size
    assert residual.growth(trace, POSITION).apart < 1e-3


@steady
@given(mixed_configs(), seeds)
def test_effects_sum_to_the_difference_before_a_cap(config, seed):
    """A cap is undone by its inverse, which near the cap has only few digits: compared where it has them."""
    lm, trace = asked(config, seed)
    best, second = (int(token) for token in np.argsort(-trace.logits[POSITION])[:2])
    found = residual.effects(lm, trace, POSITION, best, second)
    if config.logit_cap is None:
        assert found.total == pytest.approx(found.real, abs=1e-3)
    else:
        stream = trace[f"blocks.{config.n_layers - 1}.hook_resid_post"][POSITION]
        push = trace.push(stream, POSITION)
        shift = sum(part.effect for part in found.parts if part.kind == "shift")
        assert found.total - shift == pytest.approx(float(push[best] - push[second]), abs=1e-3)
    attention = sum(part.effect for part in found.parts if part.kind == "attention")
    assert found.heads.sum() == pytest.approx(attention, abs=1e-3)


@pytest.mark.parametrize("biased", [False, True])
def test_experts_with_a_limit_and_biases(biased):
    """GPT-OSS's: the gate is clamped, 1 is added to the other factor, and experts have biases."""
    experts = replace(LATENT.feed_forward, bias=biased, swiglu_limit=1.5, swiglu_alpha=1.7)
    lm, trace = asked(replace(LATENT, feed_forward=experts), 3)
    expert = ffn.chosen_experts(trace, 1, POSITION)[0][0]
    made = ffn.network(lm, trace, 1, POSITION, expert)
    assert made.post_apart < 1e-4 and made.out_apart < 1e-4
    dense = replace(DENSE, feed_forward=replace(DENSE.feed_forward, swiglu_limit=0.5))
    made = ffn.network(*asked(dense, 3), 0, POSITION, None)
    assert made.post_apart < 1e-4 and made.out_apart < 1e-4
