"""Families with routed experts: Mixtral, Qwen's, Granite's, GPT-OSS, GLM-4's.  DeepSeek's are in deepseek.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ....config import DenseConfig, GQAConfig, ModelConfig, MoEConfig
from ..assembly import Piece, Recipe
from ..options import Options, unsupported
from .defaults import DEFAULTS
from .family import Family
from .llama import granite_attention, granite_factors
from .recipes import Layout, llama_like, one_by_one
from .rope import read_rope, rope_data
from .trunk import full_rotation, heads, kinds_of_layers, rotary_width, trunk


def _mixtral(options: Options) -> ModelConfig:
    n = options.layers()
    attention = GQAConfig(**heads(options), sliding_window=options.count_or_none("sliding_window"))
    moe = MoEConfig(
        n_routed_experts=options.count("num_local_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("intermediate_size"),
        activation=options.activation(),
        scoring_func="softmax",
        norm_topk_prob=True,
    )
    return trunk(options, [attention] * n, [moe] * n, [full_rotation(options)] * n)


def _qwen_moe(options: Options, third: bool) -> ModelConfig:
    n = options.layers()
    biased = options.flag("attention_bias" if third else "qkv_bias")
    attention = GQAConfig(**heads(options), qkv_bias=biased, out_bias=biased and third, qk_norm=third)
    window = options.count_or_none("sliding_window") if options.flag("use_sliding_window") else None
    options.skip("sliding_window")
    if third:
        windowed = [True] * n
    else:  # layers that have a window alternate with others, up to the one named
        last = options.count("max_window_layers")
        windowed = kinds_of_layers(options, n, [(layer + 1) % 2 != 0 and layer < last for layer in range(n)])
    shared = 0 if third else options.count("shared_expert_intermediate_size")
    moe = MoEConfig(
        n_routed_experts=options.count("num_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("moe_intermediate_size"),
        n_shared_experts=1 if shared else 0,
        shared_intermediate_size=shared or None,
        shared_gate=bool(shared),
        activation=options.activation(),
        scoring_func="softmax",
        norm_topk_prob=options.flag("norm_topk_prob"),
        dense_intermediate_size=options.count("intermediate_size"),
    )
    dense, step = options.items("mlp_only_layers") or [], options.count("decoder_sparse_step")
    if step < 1:
        raise unsupported("decoder_sparse_step", step)
    sparse = [layer not in dense and (layer + 1) % step == 0 for layer in range(n)]
    return trunk(
        options,
        [replace(attention, sliding_window=window if each else None) for each in windowed],
        networks(moe, sparse),
        [full_rotation(options)] * n,
    )


def networks(moe: MoEConfig, sparse: list[bool]) -> list[DenseConfig | MoEConfig]:
    """Experts where `sparse` says so, elsewhere a dense network of the config's `dense_intermediate_size`."""
    leading = sparse.index(True) if True in sparse else 0
    if leading > 0 and all(sparse[leading:]):  # dense layers come first: DeepSeek's way to say it
        return [replace(moe, first_k_dense_replace=leading)] * len(sparse)
    dense = DenseConfig(hidden=moe.dense_intermediate_size or 1, activation=moe.activation)
    return [moe if each else dense for each in sparse]


def _granite_moe(options: Options) -> ModelConfig:
    n = options.layers()
    shared = options.get("shared_intermediate_size") or 0
    moe = MoEConfig(
        n_routed_experts=options.count("num_local_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("intermediate_size"),
        n_shared_experts=1 if shared else 0,
        shared_intermediate_size=options.count("shared_intermediate_size") if shared else None,
        activation=options.activation(),
        scoring_func="softmax",
        norm_topk_prob=True,
    )
    factors = granite_factors(options)
    return trunk(options, [granite_attention(options)] * n, [moe] * n, [full_rotation(options)] * n, **factors)


def _granite_experts(moe: MoEConfig) -> Recipe:
    home = "block_sparse_moe."
    recipe = {
        "mlp.router.weight": [Piece(f"{home}router.layer.weight")],
        "mlp.gate_up": [Piece(f"{home}input_linear.weight")],
        "mlp.down": [Piece(f"{home}output_linear.weight")],
    }
    if moe.n_shared_experts:
        recipe["mlp.shared.gate_up.weight"] = [Piece("shared_mlp.input_linear.weight")]
        recipe["mlp.shared.down.weight"] = [Piece("shared_mlp.output_linear.weight")]
    return recipe


_GPT_OSS_ROPE: dict[str, Any] = {
    "rope_type": "yarn",
    "factor": 32.0,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "truncate": False,
    "original_max_position_embeddings": 4096,
}


def _gpt_oss(options: Options) -> ModelConfig:
    n, biased = options.layers(), options.flag("attention_bias")
    attention = GQAConfig(**heads(options), qkv_bias=biased, out_bias=biased, sinks=True)
    windowed = kinds_of_layers(options, n, [(layer + 1) % 2 != 0 for layer in range(n)])
    window = options.count("sliding_window") if any(windowed) else None
    options.skip("sliding_window")
    moe = MoEConfig(
        n_routed_experts=options.count("num_local_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("intermediate_size"),
        bias=True,
        router_bias=True,
        swiglu_limit=options.number("swiglu_limit"),
        swiglu_alpha=options.number("swiglu_alpha"),
        scoring_func="softmax",
        norm_topk_prob=True,
    )
    data = rope_data(options, _GPT_OSS_ROPE)
    rope = read_rope(options, data, theta=options.number("rope_theta"))
    layers = [replace(attention, sliding_window=window if each else None) for each in windowed]
    return trunk(options, layers, [moe] * n, [rope] * n)


def _gate_then_up(rows: Tensor) -> Tensor:
    """GPT-OSS interleaves gate and up: (E, 2 F, ...) of turns becomes all gates, then all ups."""
    return torch.cat((rows[:, ::2], rows[:, 1::2]), dim=1)


def _gpt_oss_experts(moe: MoEConfig) -> Recipe:
    home = "mlp.experts."
    return {
        "mlp.router.weight": [Piece("mlp.router.weight")],
        "mlp.router.bias": [Piece("mlp.router.bias")],
        "mlp.gate_up": [Piece(f"{home}gate_up_proj", lambda x: _gate_then_up(x.transpose(1, 2)))],  # saved as (in, out)
        "mlp.gate_up_bias": [Piece(f"{home}gate_up_proj_bias", _gate_then_up)],
        "mlp.down": [Piece(f"{home}down_proj", lambda x: x.transpose(1, 2))],
        "mlp.down_bias": [Piece(f"{home}down_proj_bias")],
    }


def sigmoid_experts(options: Options) -> MoEConfig:
    """DeepSeek-V3's routing: sigmoid scores, a bias for the choice, groups."""
    options.must_be("topk_method", "noaux_tc", default="noaux_tc")
    options.must_be("scoring_func", "sigmoid", default="sigmoid")
    options.must_be("moe_layer_freq", 1, default=1)
    return MoEConfig(
        n_routed_experts=options.count("n_routed_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("moe_intermediate_size"),
        n_shared_experts=options.count_or_none("n_shared_experts") or 0,
        activation=options.activation(),
        scoring_func="sigmoid",
        selection_bias=True,
        n_group=options.count("n_group"),
        topk_group=options.count("topk_group"),
        group_score="top2_sum",
        norm_topk_prob=options.flag("norm_topk_prob"),
        routed_scaling_factor=options.number("routed_scaling_factor"),
        dense_intermediate_size=options.count("intermediate_size"),
    )


def _glm4_moe(options: Options) -> ModelConfig:
    n, sizes, data = options.layers(), heads(options), rope_data(options)
    attention = GQAConfig(
        **sizes,
        qkv_bias=options.flag("attention_bias"),
        qk_norm=options.flag("use_qk_norm"),
        rotary_dim=rotary_width(options, data, sizes["head_dim"], options.number("partial_rotary_factor")),
    )
    moe = replace(sigmoid_experts(options), first_k_dense_replace=min(n, options.count("first_k_dense_replace")))
    return trunk(
        options, [attention] * n, [moe] * n, [read_rope(options, data, theta=options.number("rope_theta"))] * n
    )


_GRANITE = llama_like(Layout(experts=_granite_experts))
_LOCAL, _ROUTED = {"num_experts": "num_local_experts"}, {"num_local_experts": "n_routed_experts"}

FAMILIES = {
    "mixtral": Family(
        config=_mixtral,
        recipe=llama_like(Layout(experts=one_by_one("block_sparse_moe.", "gate", "w1", "w3", "w2"))),
        defaults=DEFAULTS["mixtral"],
        aliases=_LOCAL,
    ),
    "qwen2_moe": Family(
        config=lambda options: _qwen_moe(options, False),
        recipe=llama_like(Layout(shared="mlp.shared_expert.")),
        defaults=DEFAULTS["qwen2_moe"],
    ),
    "qwen3_moe": Family(
        config=lambda options: _qwen_moe(options, True),
        recipe=llama_like(),
        defaults=DEFAULTS["qwen3_moe"],
        aliases={"num_local_experts": "num_experts"},
        ignored=frozenset({"use_qk_norm", "qkv_bias", "max_window_layers", "shared_expert_intermediate_size"}),
    ),
    "granitemoe": Family(config=_granite_moe, recipe=_GRANITE, defaults=DEFAULTS["granitemoe"]),
    "granitemoeshared": Family(config=_granite_moe, recipe=_GRANITE, defaults=DEFAULTS["granitemoeshared"]),
    "gpt_oss": Family(
        config=_gpt_oss,
        recipe=llama_like(Layout(experts=_gpt_oss_experts)),
        defaults=DEFAULTS["gpt_oss"],
        aliases=_LOCAL,
        ignored=frozenset({"experts_per_token", "initial_context_length", "hidden_act"}),
    ),
    "glm4_moe": Family(
        config=_glm4_moe,
        recipe=llama_like(),
        defaults=DEFAULTS["glm4_moe"],
        aliases=_ROUTED,
        further_layers=True,
    ),
}
