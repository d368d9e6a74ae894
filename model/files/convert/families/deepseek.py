"""Families with latent attention: DeepSeek-V2 and V3 (and Kimi K2, which is V3's code), GLM-4 MoE Lite, MiniCPM3."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from ....config import MLAConfig, ModelConfig, MoEConfig
from ..options import Options, unsupported
from .defaults import DEFAULTS
from .experts import networks, sigmoid_experts
from .family import Family
from .recipes import llama_like
from .trunk import dense_network, full_rotation, trunk

_LATENT_EPS = 1e-6  # of the latents' norms, whatever rms_norm_eps says of the others


def _attention(options: Options) -> MLAConfig:
    n_heads = options.count("num_attention_heads")
    options.must_be("num_key_value_heads", n_heads, None)
    options.must_be("attention_bias", False, None)
    options.skip("head_dim", "qk_head_dim")  # follow from the sizes below
    value = options.count_or_none("v_head_dim")
    eps = options.number("rms_norm_eps")
    return MLAConfig(
        n_heads=n_heads,
        kv_lora_rank=options.count("kv_lora_rank"),
        qk_nope_head_dim=options.count("qk_nope_head_dim"),
        qk_rope_head_dim=options.count("qk_rope_head_dim"),
        v_head_dim=options.count("hidden_size") // max(n_heads, 1) if value is None else value,
        q_lora_rank=options.count_or_none("q_lora_rank"),
        latent_norm_eps=None if eps == _LATENT_EPS else _LATENT_EPS,
    )


def _pairing(options: Options) -> Literal["halves", "interleaved"]:
    return "interleaved" if options.flag("rope_interleave", True) else "halves"


def _deepseek_v2(options: Options) -> ModelConfig:
    n = options.layers()
    options.must_be("moe_layer_freq", 1, default=1)
    options.must_be("mlp_bias", False, None)
    options.must_be("topk_method", "greedy", "group_limited_greedy")
    options.must_be("scoring_func", "softmax", default="softmax")
    options.must_be("norm_topk_prob", False, None)
    grouped = options.get("topk_method") == "group_limited_greedy"
    groups = (options.count("n_group"), options.count("topk_group")) if grouped else (1, 1)
    options.skip("n_group", "topk_group")
    moe = MoEConfig(
        n_routed_experts=options.count("n_routed_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("moe_intermediate_size"),
        n_shared_experts=options.count_or_none("n_shared_experts") or 0,
        activation=options.activation(),
        scoring_func="softmax",
        n_group=groups[0],
        topk_group=groups[1],
        group_score="max",
        norm_topk_prob=False,
        routed_scaling_factor=options.number("routed_scaling_factor"),
        first_k_dense_replace=options.count("first_k_dense_replace"),
        dense_intermediate_size=options.count("intermediate_size"),
    )
    rope = full_rotation(options, "interleaved", latent=True)
    return trunk(options, [_attention(options)] * n, [moe] * n, [rope] * n)


def _deepseek_v3(options: Options) -> ModelConfig:
    n = options.layers()
    options.must_be("mlp_bias", False, None)
    moe = replace(sigmoid_experts(options), first_k_dense_replace=options.count("first_k_dense_replace"))
    rope = full_rotation(options, _pairing(options), latent=True)
    return trunk(options, [_attention(options)] * n, [moe] * n, [rope] * n)


def _glm4_moe_lite(options: Options) -> ModelConfig:
    n = options.layers()
    kinds = options.per_layer("mlp_layer_types", n) or ["dense"] + ["sparse"] * (n - 1)
    if not set(kinds) <= {"dense", "sparse"}:
        raise unsupported("mlp_layer_types", kinds, "known are dense and sparse")
    sparse = [kind == "sparse" for kind in kinds]
    if options.has("first_k_dense_replace"):
        options.must_be("first_k_dense_replace", n - sum(sparse))
    rope = full_rotation(options, _pairing(options), latent=True)
    return trunk(options, [_attention(options)] * n, networks(sigmoid_experts(options), sparse), [rope] * n)


def _minicpm3(options: Options) -> ModelConfig:
    n, d_model = options.layers(), options.count("hidden_size")
    depth, base = options.number_or_none("scale_depth"), options.count_or_none("dim_model_base")
    options.must_be("mlp_bias", False, None)
    return trunk(
        options,
        [_attention(options)] * n,
        [dense_network(options)] * n,
        [full_rotation(options, latent=True)] * n,
        embed_scale=options.number("scale_emb"),
        residual_scale=1.0 if depth is None else depth / math.sqrt(n),
        logit_scale=1.0 if base is None else base / d_model,
    )


_RECIPE = llama_like()
_V3 = Family(
    config=_deepseek_v3,
    recipe=_RECIPE,
    defaults=DEFAULTS["deepseek_v3"],
    aliases={"num_local_experts": "n_routed_experts"},
    further_layers=True,
)

FAMILIES = {
    "deepseek_v2": Family(
        config=_deepseek_v2,
        recipe=_RECIPE,
        defaults=DEFAULTS["deepseek_v2"],
        aliases={"num_experts": "n_routed_experts"},
    ),
    "deepseek_v3": _V3,
    "kimi_k2": _V3,
    "glm4_moe_lite": Family(
        config=_glm4_moe_lite,
        recipe=_RECIPE,
        defaults=DEFAULTS["glm4_moe_lite"],
        aliases={"num_local_experts": "n_routed_experts"},
        further_layers=True,
    ),
    "minicpm3": Family(config=_minicpm3, recipe=_RECIPE, defaults=DEFAULTS["minicpm3"]),
}
