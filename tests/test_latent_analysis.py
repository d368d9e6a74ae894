"""Latent attention's page without a browser: absorbed scores, bytes to the byte, ranks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.rooms.mla import analysis
from model import BadInput, CompressKeysValues, GQAConfig, run_trace
from model.cache import make_cache
from model.generate import generate, next_logits
from model.measure.memory import cache_bytes, elements_per_token, requests_that_fit
from model.measure.presets import PRESETS
from model.measure.twin import mha_config, untrained_twin
from tests.random_models import DENSE, LATENT, LEARNED, T, configs, random_ids, random_model

GB = 1000**3
TWINNED = replace(LATENT, attention=replace(LATENT.attention, qk_nope_head_dim=10, v_head_dim=10))


@settings(max_examples=25)
@given(configs(), st.integers(1, 20), st.integers(0, 4))
def test_the_bytes_of_the_page_are_those_of_the_tensors(config, prompt, more):
    """Whatever the architecture and the lengths: what the page prints is the sum of the tensors' own bytes."""
    lm = random_model(config)
    ids = random_ids(prompt + more)
    cache = make_cache(config)
    next_logits(lm, ids[:prompt], cache)
    assert analysis.prompt_cache_bytes(lm, None, ids[:prompt]).model == sum(tensor.nbytes for tensor in cache.tensors())
    for token in ids[prompt:]:
        next_logits(lm, [token], cache)
    held = sum(tensor.nbytes for tensor in cache.tensors())
    own = next(kind for kind in analysis.kinds(config) if kind.of_model)
    formula = cache_bytes(config, len(ids), dtype="fp32", rolling=False)
    assert held == own.elements * len(ids) * analysis.number_bytes(lm) == formula


@pytest.mark.parametrize("config", [TWINNED, LATENT, DENSE], ids=["latent", "latent without a twin", "grouped"])
def test_both_caches_grow_with_every_token_as_the_formulas_say(config):
    lm = random_model(config)
    twin = untrained_twin(lm)
    assert (twin is None) == (config is not TWINNED)
    ids = random_ids(7)
    grown = list(analysis.growth(generate(lm, ids, max_new_tokens=5, seed=1), twin, ids))
    assert len(grown) > 1
    for number, (_, held) in enumerate(grown):
        assert held.length == 7 + number
        assert held.model == cache_bytes(config, held.length, dtype="fp32")
        assert held.twin == (None if twin is None else cache_bytes(twin.config, held.length, dtype="fp32"))
    assert grown[0][1] == analysis.prompt_cache_bytes(lm, twin, ids)


def test_the_twin_is_the_mha_that_the_formula_means():
    """Its cache is that of the "MHA of its own shape" beside which the page draws it."""
    mha = next(kind for kind in analysis.kinds(TWINNED) if kind.name == "MHA")
    assert (
        elements_per_token(mha_config(TWINNED))
        == elements_per_token(untrained_twin(random_model(TWINNED)).config)
        == mha.elements
    )


@pytest.mark.parametrize(
    "config",
    [LATENT, replace(LATENT, attention=replace(LATENT.attention, q_lora_rank=None, v_head_dim=23))],
    ids=["narrow", "wide"],
)
def test_absorbed_and_expanded_attention_are_the_same_numbers(config):
    lm = random_model(config)
    trace = run_trace(lm, random_ids(T), capture="light")
    for layer in range(config.n_layers):
        found = analysis.absorbed(lm, trace, layer)
        R, Dr = config.attention.kv_lora_rank, config.attention.qk_rope_head_dim
        assert found.query.shape == (T, config.attention.n_heads, R + Dr) and found.key.shape == (T, R + Dr)
        mask = np.tri(T, dtype=bool)
        np.testing.assert_allclose(found.scores[:, mask], trace.scores(layer)[:, mask], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.z, trace[f"blocks.{layer}.attn.hook_z"], rtol=1e-4, atol=1e-4)
        assert found.score_gap == np.abs(found.scores[:, mask] - trace.scores(layer)[:, mask]).max() > 0
        assert (found.scores[:, ~mask] == -np.inf).all()


def test_only_latent_attention_can_be_absorbed():
    lm = random_model(DENSE)
    with pytest.raises(ValueError, match="GQA"):
        analysis.absorbed(lm, run_trace(lm, random_ids(3)), 0)


@pytest.mark.parametrize(
    ("name", "per_token"), [("deepseek-v3", 70_272), ("deepseek-v2", 69_120), ("deepseek-v2-lite", 31_104)]
)
def test_published_latent_caches_to_the_digit(name, per_token):
    """ "Insights into DeepSeek-V3", Table 1, and the same arithmetic for its elder sisters."""
    assert size(name)["MLA"].per_token == per_token


def size(name, **changes):
    config = PRESETS[name].config
    shape = replace(analysis.shape_of(config), **changes)
    return {
        each.name: each for each in analysis.sizes(config, shape, context=1000, batch=3, dtype="bf16", memory=640 * GB)
    }


def test_published_grouped_caches_to_the_digit():
    assert size("llama-3.1-405b")["GQA"].per_token == 516_096
    assert size("qwen2.5-72b")["GQA"].per_token == 327_680
    assert size("deepseek-v3")["MHA"].per_token == 3_997_696


def test_a_presets_own_shape_counts_its_own_weights_and_requests():
    """The row that is the model itself agrees with asking about the model."""
    for name, kind in (("deepseek-v3", "MLA"), ("llama-3.1-8b", "GQA"), ("llama-2-7b", "MHA")):
        row = size(name)[kind]
        assert row.fit == requests_that_fit(PRESETS[name].config, 640 * GB, 1000)
        assert row.total == 3000 * row.per_token


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_has_a_shape_that_can_be_built(preset):
    shape = analysis.shape_of(preset.config)
    assert shape.heads % shape.groups == 0
    made = analysis.in_shape(preset.config, shape)
    assert {name: config.attention.kind for name, config in made.items()}["MLA"] == "MLA"
    assert elements_per_token(made[preset.config.attention.kind]) == elements_per_token(preset.config)


def test_heads_that_cannot_be_grouped_are_refused():
    config = PRESETS["deepseek-v3"].config
    with pytest.raises(BadInput):
        analysis.in_shape(config, replace(analysis.shape_of(config), groups=7))


def test_kinds_are_named_once_and_the_largest_comes_first():
    for config in (LATENT, DENSE, LEARNED, replace(DENSE, attention=GQAConfig(n_heads=1, n_kv_heads=1, head_dim=6))):
        found = analysis.kinds(config)
        assert [kind.of_model for kind in found].count(True) == 1
        assert len({kind.name for kind in found}) == len(found)
        assert [kind.elements for kind in found] == sorted((kind.elements for kind in found), reverse=True)


@pytest.mark.parametrize("config", [DENSE, LEARNED], ids=["rotary", "learned"])
@pytest.mark.parametrize("rank", [1, 4, 11])
def test_keys_and_values_become_the_best_of_their_rank(config, rank):
    """Eckart and Young: no other matrix of that rank is nearer.

    Other layers' own keys stay until the change reaches them.
    """
    lm, ids = random_model(config), random_ids(T)
    before = run_trace(lm, ids, capture="light")
    after = run_trace(lm, ids, capture="light", interventions=(CompressKeysValues(0, rank),))
    spectrum = analysis.spectrum(before, 0)
    for letter, lost in zip("kv", spectrum.lost(rank), strict=True):
        old, new = (trace[f"blocks.0.attn.hook_{letter}"].reshape(T, -1) for trace in (before, after))
        assert np.linalg.matrix_rank(new, tol=1e-3) == rank
        assert np.linalg.norm(old - new) / np.linalg.norm(old) == pytest.approx(lost, rel=1e-3)
    assert not np.allclose(before.logits, after.logits)


@pytest.mark.parametrize("config", [DENSE, LEARNED], ids=["rotary", "learned"])
def test_at_full_rank_nothing_is_lost(config):
    lm, ids = random_model(config), random_ids(T)
    rank = analysis.full_rank(config, T)
    changed = run_trace(lm, ids, interventions=(CompressKeysValues(None, rank),))
    np.testing.assert_array_equal(changed.logits, run_trace(lm, ids).logits)
    assert analysis.spectrum(changed, 0).lost(rank) == pytest.approx((0, 0), abs=1e-5)


def test_what_cannot_be_compressed_is_refused():
    lm, ids = random_model(DENSE), random_ids(3)
    for wrong in (CompressKeysValues(9, 1), CompressKeysValues(0, 0)):
        with pytest.raises(BadInput) as caught:
            run_trace(lm, ids, interventions=(wrong,))
        assert caught.value.code == "bad_intervention"
    latent = random_model(LATENT)
    with pytest.raises(BadInput) as caught:
        run_trace(latent, ids, interventions=(CompressKeysValues(None, 2),))
    assert caught.value.code == "already_latent"
    with pytest.raises(ValueError, match="Latent"):
        analysis.spectrum(run_trace(latent, ids), 0)


def test_compressed_bytes_count_keys_and_values_of_the_layers_compressed():
    full, less = analysis.compressed_bytes(DENSE, tokens=10, rank=3, layers=1, number=4)
    assert full == cache_bytes(DENSE, 10, dtype="fp32")
    assert less == full / 2 + 2 * 3 * 10 * 4
    assert analysis.compressed_bytes(DENSE, tokens=10, rank=3, layers=2, number=4)[1] == 2 * 2 * 3 * 10 * 4
