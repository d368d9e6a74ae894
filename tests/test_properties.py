"""What must hold for every model there can be: hypothesis makes the configs."""

from dataclasses import replace

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.attention import causal_mask
from model.cache import make_cache
from model.config import GQAConfig, MLAConfig, ModelConfig
from model.files.tokenizer import Tokenizer
from model.language_model import LanguageModel
from model.measure.memory import cache_bytes
from model.rope import rotation
from model.trace import run_trace
from tests.random_models import (
    configs,
    dense_networks,
    expert_networks,
    grouped_attentions,
    latent_attentions,
    random_ids,
    random_model,
    random_transformer,
)

torch.set_num_threads(1)

# The same examples every time: a test that fails now and then teaches people to look away.
steady = settings(deadline=None, max_examples=60, derandomize=True, database=None)
seeds = st.integers(0, 1000)


@st.composite
def chunks(draw, most=24):
    """A few positive lengths, the first a prompt's, the others what is read later."""
    return draw(st.lists(st.integers(1, 8), min_size=1, max_size=6).filter(lambda lengths: sum(lengths) <= most))


@steady
@given(configs(), chunks(), seeds)
def test_reading_in_pieces_equals_reading_at_once(config, lengths, seed):
    """Guards against a cache that forgets, repeats or misplaces a token, in any split of the prompt."""
    transformer = random_transformer(config, seed).eval()
    tokens = torch.tensor([random_ids(sum(lengths), seed)])
    cache = make_cache(config)
    with torch.inference_mode():
        whole = transformer(tokens)
        pieces = torch.cat([transformer(piece, cache) for piece in tokens.split(lengths, dim=1)], dim=1)
    torch.testing.assert_close(pieces, whole, atol=1e-4, rtol=1e-4)
    assert cache.length == sum(lengths)
    assert (
        cache.nbytes
        == sum(tensor.nbytes for tensor in cache.tensors())
        == cache_bytes(config, cache.length, dtype="fp32", rolling=False)
    )


@steady
@given(
    configs(attentions=latent_attentions(), feed_forwards=dense_networks()), st.integers(1, 9), st.integers(0, 9), seeds
)
def test_absorbed_equals_expanded(config, queries, past, seed):
    """Latent attention computes one thing in two ways (DeepSeek-V2 report, appendix C)."""
    attention, keys = random_transformer(config, seed).blocks[0].attn, past + queries
    x = torch.randn(1, keys, config.d_model, generator=torch.Generator().manual_seed(seed))
    turn = rotation(config.rope, config.attention.rope_dim, torch.arange(keys), torch.float32)
    with torch.inference_mode():
        q_nope, q_pe = (part[:, past:] for part in attention.query(x, turn))
        inputs = q_nope, q_pe, *attention.compress(x, turn), causal_mask(queries, keys)
        torch.testing.assert_close(attention.absorbed(*inputs), attention.expanded(*inputs), atol=1e-5, rtol=1e-5)


@steady
@given(configs(attentions=grouped_attentions()), st.integers(1, 3), seeds)
def test_fewer_key_heads_are_more_that_agree(config, times, seed):
    """MQA = GQA = MHA once every query head finds a copy of its own key head: the kinds differ in nothing else."""
    narrow: GQAConfig = config.attention
    heads = narrow.n_kv_heads * times * 2
    few = replace(config, attention=replace(narrow, n_heads=heads))
    many = replace(config, attention=replace(narrow, n_heads=heads, n_kv_heads=narrow.n_kv_heads * times))
    all_own = replace(config, attention=replace(narrow, n_heads=heads, n_kv_heads=heads))
    shared = random_transformer(few, seed)
    tokens = torch.tensor([random_ids(11, seed)])
    with torch.inference_mode():
        expected = shared(tokens)
        for wide in (many, all_own):
            torch.testing.assert_close(
                copy_key_heads(shared.state_dict(), few, wide)(tokens), expected, atol=1e-4, rtol=1e-4
            )


def copy_key_heads(weights: dict[str, torch.Tensor], few: ModelConfig, many: ModelConfig):
    """A transformer of config `many` where each key and value head of `few` stands several times."""
    made = random_transformer(many).eval()
    H, K, times = few.attention.n_heads, few.attention.n_kv_heads, many.attention.n_kv_heads // few.attention.n_kv_heads
    widened = {}
    for name, weight in weights.items():
        if ".qkv." in name:
            q, k, v = weight.unflatten(0, (H + 2 * K, -1)).split((H, K, K))
            weight = torch.cat((q, k.repeat_interleave(times, 0), v.repeat_interleave(times, 0))).flatten(0, 1)
        widened[name] = weight
    made.load_state_dict(widened)
    return made


@steady
@given(configs(), st.integers(1, 20), seeds)
def test_a_row_of_the_pattern_is_a_share_of_what_may_be_seen(config, length, seed):
    """Rows sum to 1; nothing above the diagonal, nothing outside the window."""
    trace = run_trace(random_model(config, seed), random_ids(length, seed))
    allowed = np.tri(length, dtype=bool)
    if config.attention.sliding_window:
        allowed &= ~np.tri(length, k=-config.attention.sliding_window, dtype=bool)
    for layer in range(config.n_layers):
        pattern = trace[f"blocks.{layer}.attn.hook_pattern"]
        np.testing.assert_allclose(pattern.sum(-1), 1, atol=1e-5)
        assert (pattern >= 0).all()
        assert (pattern[:, ~allowed] == 0).all()


@steady
@given(configs(feed_forwards=expert_networks()), seeds, st.randoms(use_true_random=False))
def test_renumbering_experts_changes_only_their_numbers(config, seed, random):
    """Guards against rows that come back from their expert in the wrong order, or with another's weight."""
    experts = config.feed_forward
    groups = [
        list(range(start, start + experts.n_routed_experts // experts.n_group))
        for start in range(0, experts.n_routed_experts, experts.n_routed_experts // experts.n_group)
    ]
    random.shuffle(groups)
    for group in groups:
        random.shuffle(group)
    old_of_new = np.array([expert for group in groups for expert in group])
    lm = random_model(config, seed)
    renumbered = {
        name: weight[old_of_new]
        if name.endswith(("router.weight", "selection_bias", "mlp.gate_up", "mlp.down"))
        else weight
        for name, weight in lm.transformer.state_dict().items()
    }
    other = random_transformer(config)
    other.load_state_dict(renumbered)
    ids = random_ids(13, seed)
    trace, again = run_trace(lm, ids), run_trace(LanguageModel("renumbered", other, Tokenizer.of_bytes()), ids)
    np.testing.assert_allclose(again.logits, trace.logits, atol=1e-4, rtol=1e-4)
    for layer in range(experts.first_k_dense_replace, config.n_layers):
        name = f"blocks.{layer}.mlp."
        np.testing.assert_array_equal(
            old_of_new[again[name + "hook_expert_indices"]], trace[name + "hook_expert_indices"]
        )
        np.testing.assert_allclose(
            again[name + "hook_expert_weights"], trace[name + "hook_expert_weights"], atol=1e-4, rtol=1e-4
        )
        np.testing.assert_allclose(
            again[name + "hook_expert_out"], trace[name + "hook_expert_out"], atol=1e-4, rtol=1e-4
        )


@steady
@given(configs(), seeds)
def test_later_tokens_change_nothing_before(config, seed):
    """Causality end to end: the logits of a prefix are those of the whole, cut off."""
    lm, ids = random_model(config, seed), random_ids(12, seed)
    whole, prefix = run_trace(lm, ids).logits, run_trace(lm, ids[:7]).logits
    np.testing.assert_allclose(whole[:7], prefix, atol=1e-4, rtol=1e-4)


@steady
@given(configs(attentions=latent_attentions()), st.integers(1, 20))
def test_latent_cache_holds_the_latent_and_one_key_part(config, length):
    """R + Dr numbers per token and layer (DeepSeek-V2 report, Table 1), and nothing that is a view of more."""
    attention: MLAConfig = config.attention
    cache = make_cache(config)
    with torch.inference_mode():
        random_transformer(config)(torch.tensor([random_ids(length)]), cache)
    assert {tuple(tensor.shape) for tensor in cache.tensors()} == {
        (1, length, attention.kv_lora_rank),
        (1, length, attention.qk_rope_head_dim),
    }
    assert cache.nbytes == 4 * length * config.n_layers * (attention.kv_lora_rank + attention.qk_rope_head_dim)
