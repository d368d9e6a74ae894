"""Models with random weights for tests: every weight matters, and no two dimensions are equal."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import strategies as st

from model.config import DenseConfig, GQAConfig, LayerConfig, MLAConfig, ModelConfig, MoEConfig, RopeConfig
from model.files.tokenizer import Tokenizer
from model.language_model import LanguageModel
from model.transformer import Transformer

# T tokens and the dimensions below are primes, or products where the architecture wants them.
T = 31
DENSE = ModelConfig(
    vocab_size=257,
    d_model=29,
    n_layers=2,
    context=71,
    attention=GQAConfig(n_heads=15, n_kv_heads=5, head_dim=6),
    feed_forward=DenseConfig(hidden=37),
)
LATENT = ModelConfig(
    vocab_size=257,
    d_model=29,
    n_layers=3,
    context=71,
    attention=MLAConfig(
        n_heads=5, q_lora_rank=19, kv_lora_rank=13, qk_nope_head_dim=9, qk_rope_head_dim=8, v_head_dim=11
    ),
    feed_forward=MoEConfig(
        n_routed_experts=14,
        num_experts_per_tok=4,
        moe_intermediate_size=23,
        n_shared_experts=1,
        shared_intermediate_size=43,
        selection_bias=True,
        n_group=7,
        topk_group=3,
        routed_scaling_factor=2.5,
        first_k_dense_replace=1,
        dense_intermediate_size=37,
    ),
    rope=RopeConfig(pairing="interleaved"),
    tied_embeddings=False,
)
LEARNED = ModelConfig(
    vocab_size=257,
    d_model=29,
    n_layers=2,
    context=71,
    attention=GQAConfig(n_heads=3, n_kv_heads=3, head_dim=11, qkv_bias=True, out_bias=True),
    feed_forward=DenseConfig(hidden=37, activation="gelu_tanh", gated=False, bias=True),
    norm="layer",
    positions="learned",
)


def random_transformer(config: ModelConfig, seed: int = 0) -> Transformer:
    """A transformer whose weights are all far from zero, biases and norms included."""
    generator = torch.Generator().manual_seed(seed)
    made = Transformer(config)
    with torch.no_grad():
        for name, weight in [*made.named_parameters(), *made.named_buffers()]:
            if weight.dim() > 1:
                weight.normal_(0.0, 1.5 * weight.shape[-1] ** -0.5, generator=generator)
            else:
                weight.normal_(1.0 if name.endswith("weight") else 0.0, 0.3, generator=generator)
    return made


def random_model(config: ModelConfig, seed: int = 0) -> LanguageModel:
    """`random_transformer` as a model that reads bytes."""
    return LanguageModel(f"random {seed}", random_transformer(config, seed), Tokenizer.of_bytes(), trained=False)


def random_ids(count: int, seed: int = 0) -> list[int]:
    """`count` byte tokens."""
    return torch.randint(0, 256, (count,), generator=torch.Generator().manual_seed(seed)).tolist()


SIZES = st.integers(1, 5)


@st.composite
def grouped_attentions(draw):
    """Any grouped-query attention, its two ends included."""
    kv_heads = draw(st.integers(1, 3))
    return GQAConfig(
        n_heads=kv_heads * draw(st.integers(1, 3)),
        n_kv_heads=kv_heads,
        head_dim=2 * draw(SIZES),
        qkv_bias=draw(st.booleans()),
        out_bias=draw(st.booleans()),
        qk_norm=draw(st.booleans()),
        sliding_window=draw(st.none() | st.integers(1, 9)),
    )


@st.composite
def latent_attentions(draw):
    """Any multi-head latent attention, values narrower and wider than keys."""
    return MLAConfig(
        n_heads=draw(SIZES),
        q_lora_rank=draw(st.none() | SIZES),
        kv_lora_rank=draw(SIZES),
        qk_nope_head_dim=draw(SIZES),
        qk_rope_head_dim=2 * draw(SIZES),
        v_head_dim=draw(st.integers(1, 17)),
    )


@st.composite
def dense_networks(draw):
    """Any dense feed-forward network."""
    return DenseConfig(
        hidden=draw(st.integers(1, 11)),
        activation=draw(st.sampled_from(("relu", "gelu", "gelu_tanh", "silu"))),
        gated=draw(st.booleans()),
        bias=draw(st.booleans()),
    )


@st.composite
def expert_networks(draw):
    """Any mixture of experts, in the manner of V3 and of V2."""
    n_group, size = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    topk_group = draw(st.integers(1, n_group))
    third = draw(st.booleans())
    shared = draw(st.integers(0, 2))
    return MoEConfig(
        n_routed_experts=n_group * size,
        num_experts_per_tok=draw(st.integers(1, topk_group * size)),
        moe_intermediate_size=draw(SIZES),
        n_shared_experts=shared,
        shared_gate=shared > 0 and draw(st.booleans()),
        scoring_func="sigmoid" if third else "softmax",
        selection_bias=third,
        n_group=n_group,
        topk_group=topk_group,
        group_score="top2_sum" if third else "max",
        norm_topk_prob=draw(st.booleans()),
        routed_scaling_factor=draw(st.sampled_from((1.0, 2.5))),
        first_k_dense_replace=draw(st.integers(0, 1)),
        dense_intermediate_size=7,
    )


ATTENTIONS = grouped_attentions() | latent_attentions()
FEED_FORWARDS = dense_networks() | expert_networks()


@st.composite
def configs(draw, attentions=ATTENTIONS, feed_forwards=FEED_FORWARDS):
    """Any model of two layers."""
    attention = draw(attentions)
    return ModelConfig(
        vocab_size=257,
        d_model=draw(st.integers(8, 24)),
        n_layers=2,
        context=40,
        attention=attention,
        feed_forward=draw(feed_forwards),
        norm=draw(st.sampled_from(("rms", "layer"))),
        positions="rope" if isinstance(attention, MLAConfig) else draw(st.sampled_from(("rope", "learned"))),
        rope=RopeConfig(pairing=draw(st.sampled_from(("halves", "interleaved")))),
        tied_embeddings=draw(st.booleans()),
    )


@st.composite
def mixed_configs(draw):
    """Any model whose layers differ, with everything that a trunk may have."""
    config = draw(configs())
    rope = config.positions == "rope"
    layers = []
    for _ in range(config.n_layers):
        attention = config.attention
        if isinstance(attention, GQAConfig):
            attention = replace(
                attention,
                sliding_window=draw(st.none() | st.integers(1, 9)),
                qk_norm_over=draw(st.sampled_from(("head", "projection"))),
                rotary_dim=draw(st.sampled_from((None, 2))),
                scale=draw(st.sampled_from((None, 0.3))),
                score_cap=draw(st.sampled_from((None, 1.5))),
                sinks=draw(st.booleans()),
            )
        layers.append(
            LayerConfig(
                attention=attention,
                feed_forward=draw(st.none() | dense_networks()),
                rope=draw(st.sampled_from((None, RopeConfig(theta=50.0)))) if rope else None,
                rotates=not rope or isinstance(attention, MLAConfig) or draw(st.booleans()),
            )
        )
    return replace(
        config,
        layers=tuple(layers),
        norm_placement=draw(st.sampled_from(("before", "after", "both"))),
        parallel=draw(st.booleans()),
        embed_scale=draw(st.sampled_from((1.0, 3.5))),
        residual_scale=draw(st.sampled_from((1.0, 0.4))),
        logit_scale=draw(st.sampled_from((1.0, 0.25))),
        logit_cap=draw(st.sampled_from((None, 2.0))),
    )
