"""Layers that differ: what one layer has of its own is computed, traced and counted for that layer alone."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.attention import causal_mask
from model.cache import make_cache
from model.config import DenseConfig, GQAConfig, LayerConfig, LongScaling, ModelConfig, RopeConfig
from model.errors import BadInput
from model.generate import generate
from model.measure.memory import cache_bytes, count_parameters
from model.rope import frequencies
from model.trace import STAGES, run_trace
from model.transformer import Transformer
from tests.random_models import DENSE, mixed_configs, random_ids, random_model, random_transformer

steady = settings(deadline=None, max_examples=40, derandomize=True, database=None)
seeds = st.integers(0, 1000)


@steady
@given(mixed_configs(), st.lists(st.integers(1, 8), min_size=1, max_size=4), seeds)
def test_reading_in_pieces_equals_reading_at_once(config, lengths, seed):
    """Guards against one layer's window, angles or sinks reaching another when tokens come from the cache."""
    transformer = random_transformer(config, seed).eval()
    tokens = torch.tensor([random_ids(sum(lengths), seed)])
    cache = make_cache(config)
    with torch.inference_mode():
        whole = transformer(tokens)
        pieces = torch.cat([transformer(piece, cache) for piece in tokens.split(lengths, dim=1)], dim=1)
    torch.testing.assert_close(pieces, whole, atol=1e-4, rtol=1e-4)
    assert cache.nbytes == cache_bytes(config, cache.length, dtype="fp32", rolling=False)


@steady
@given(mixed_configs(), st.integers(1, 17), seeds)
def test_what_is_derived_is_what_was_computed(config, length, seed):
    """Guards every stage of attention on a light trace, and the sink's share of each row."""
    lm, ids = random_model(config, seed), random_ids(length, seed)
    full, light = run_trace(lm, ids), run_trace(lm, ids, capture="light")
    np.testing.assert_allclose(light.logits, full.logits, atol=1e-4, rtol=1e-4)
    for name in set(full) - set(light):
        np.testing.assert_allclose(light[name], full[name], atol=1e-4, rtol=1e-4, err_msg=name)
    for layer in range(config.n_layers):
        attention, pattern = config.attention_at(layer), full.pattern(layer)
        np.testing.assert_array_equal(full.mask(layer), causal_mask(length, length, attention.sliding_window)[0])
        np.testing.assert_allclose(pattern.sum(-1) + light.sink_pattern(layer), 1, atol=1e-5)
        assert attention.sinks == bool((light.sink_pattern(layer) > 0).all())
        assert light.stages(layer) == (STAGES if attention.score_cap is None else (*STAGES[:2], "capped", *STAGES[2:]))
        if attention.score_cap is not None:
            assert np.abs(light.stage(layer, "capped")).max() <= attention.score_cap


@steady
@given(mixed_configs(), seeds)
def test_the_stream_is_still_a_sum(config, seed):
    """Whatever norm, factor or order a model has: pre + attention = mid, mid + feed-forward = post."""
    lm = random_model(config, seed)
    trace = run_trace(lm, random_ids(9, seed))
    stream = trace["hook_embed"] + trace.get("hook_pos_embed", 0)
    for layer in range(config.n_layers):
        for part, after in (("attn", "mid"), ("mlp", "post")):
            stream = stream + trace[f"blocks.{layer}.hook_{part}_out"]
            np.testing.assert_array_equal(trace[f"blocks.{layer}.hook_resid_{after}"], stream)
    np.testing.assert_allclose(trace.lens[-1], trace.logits, atol=1e-4, rtol=1e-4)
    if config.logit_cap is not None:
        assert np.abs(trace.logits).max() <= config.logit_cap


@steady
@given(mixed_configs())
def test_parameters_are_counted_layer_by_layer(config):
    with torch.device("meta"):
        built = sum(weight.numel() for weight in Transformer(config).parameters())
    assert count_parameters(config).total == built


@steady
@given(mixed_configs())
def test_a_config_survives_json(config):
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_checkpoints_of_before_are_read():
    """Guards the headers of the models that are shipped: fields that are newer than they have defaults."""
    data = DENSE.to_dict()
    for name in ("layers", "norm_placement", "parallel", "embed_scale", "residual_scale", "logit_scale", "logit_cap"):
        del data[name]
    for name in ("qk_norm_over", "rotary_dim", "scale", "score_cap", "sinks"):
        del data["attention"][name]
    assert ModelConfig.from_dict(data) == DENSE


def with_layers(*layers: LayerConfig, **options) -> ModelConfig:
    return ModelConfig(**{**vars(DENSE), "layers": layers, "n_layers": len(layers), **options})


def test_each_layer_is_asked_for_itself():
    windowed = GQAConfig(**{**vars(DENSE.attention), "sliding_window": 5})
    config = with_layers(
        LayerConfig(attention=windowed, rope=RopeConfig(theta=50.0)),
        LayerConfig(rotates=False, feed_forward=DenseConfig(hidden=11)),
    )
    assert [config.attention_at(i).sliding_window for i in (0, 1)] == [5, None]
    assert [config.feed_forward_at(i).hidden for i in (0, 1)] == [37, 11]
    assert config.rope_at(0).theta == 50.0 and config.rope_at(1) is None
    trace = run_trace(random_model(config), random_ids(9))
    assert "blocks.0.attn.hook_rot_q" in trace and "blocks.1.attn.hook_rot_q" not in trace
    assert cache_bytes(config, 9) == cache_bytes(config, 9, rolling=False) * (5 + 9) // (9 + 9)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": (LayerConfig(),)}, "layers must describe all 2 layers"),
        ({"norm_placement": "inside"}, "norm_placement 'inside'"),
        ({"logit_cap": 0.0}, "logit_cap must be positive"),
        (
            {"rope": RopeConfig(scaling=LongScaling(short=(1.0,), long=(1.0,), original_context=9))},
            "each of the 3 pairs",
        ),
    ],
)
def test_bad_configs_are_refused(options, words):
    with pytest.raises(BadInput, match=words):
        ModelConfig(**{**vars(DENSE), **options})


def test_longrope_turns_by_the_length_of_the_text():
    """Short divisors up to the original context, long ones beyond; generation that passes there reads all again."""
    scaling = LongScaling(short=(1.0, 2.0, 3.0), long=(4.0, 9.0, 7.0), original_context=20)
    config = ModelConfig(**{**vars(DENSE), "rope": RopeConfig(scaling=scaling)})
    plain = frequencies(RopeConfig(), 6)
    assert torch.equal(frequencies(config.rope, 6, 20), plain / torch.tensor(scaling.short))
    assert torch.equal(frequencies(config.rope, 6, 21), plain / torch.tensor(scaling.long))
    lm, ids = random_model(config), random_ids(17)
    lm = replace(lm, tokenizer=lm.tokenizer.ending_with(()))  # it goes on whatever comes
    for step in generate(lm, ids, max_new_tokens=9, temperature=0.0):
        np.testing.assert_allclose(step.logits, run_trace(lm, ids).logits[-1], atol=1e-4, rtol=1e-4)
        ids = [*ids, step.id]
    assert len(ids) > 22
