"""Gemma 1, 2 and 3 (text): norms stored as gain - 1, embeddings times sqrt(D), four norms a block from 2 on."""

from __future__ import annotations

import math
from dataclasses import replace

from torch import Tensor

from ....config import GQAConfig, ModelConfig, RopeConfig
from ..options import Options, unsupported
from .defaults import DEFAULTS
from .family import Family
from .recipes import Layout, llama_like
from .rope import read_rope
from .trunk import dense_network, full_rotation, heads, kinds_of_layers, trunk


def _gain(weight: Tensor) -> Tensor:
    return weight.float() + 1


def _gemma(options: Options) -> ModelConfig:
    n, biased = options.layers(), options.flag("attention_bias")
    options.must_be("use_bidirectional_attention", None, False)
    attention = GQAConfig(**heads(options), qkv_bias=biased, out_bias=biased)
    network = dense_network(options)  # the first releases wrote "gelu" and meant its tanh form
    return trunk(
        options,
        [attention] * n,
        [replace(network, activation="gelu_tanh" if network.activation == "gelu" else network.activation)] * n,
        [full_rotation(options)] * n,
        embed_scale=math.sqrt(options.count("hidden_size")),
    )


def _gemma23(options: Options, third: bool) -> ModelConfig:
    n, biased = options.layers(), options.flag("attention_bias")
    options.must_be("use_bidirectional_attention", None, False)
    attention = GQAConfig(
        **heads(options),
        qkv_bias=biased,
        out_bias=biased,
        qk_norm=third,
        scale=options.number("query_pre_attn_scalar") ** -0.5,
        score_cap=options.number_or_none("attn_logit_softcapping"),
    )
    every = options.count("sliding_window_pattern") if third else 2  # the last of so many layers sees everything
    windowed = kinds_of_layers(options, n, [(layer + 1) % every != 0 for layer in range(n)])
    window = options.count("sliding_window") if any(windowed) else None
    options.skip("sliding_window")
    if third:
        local, everywhere = _two_rotations(options)
    else:
        local = everywhere = full_rotation(options)
    return trunk(
        options,
        [replace(attention, sliding_window=window if each else None) for each in windowed],
        [dense_network(options, activation="hidden_activation")] * n,
        [local if each else everywhere for each in windowed],
        norm_placement="both",
        embed_scale=math.sqrt(options.count("hidden_size")),
        logit_cap=options.number_or_none("final_logit_softcapping"),
    )


def _two_rotations(options: Options) -> tuple[RopeConfig, RopeConfig]:
    """Gemma 3's rotations: of layers with a window, and of those that see everything, which alone are scaled."""
    nested = options.get("rope_parameters") or {}
    if not set(nested) <= {"full_attention", "sliding_attention"}:
        raise unsupported("rope_parameters", nested, "one object for each kind of layer is expected there")
    full, local = dict(nested.get("full_attention") or {}), dict(nested.get("sliding_attention") or {})
    full |= options.get("rope_scaling") or {}
    return (
        read_rope(options, local, theta=options.number("rope_local_base_freq")),
        read_rope(options, full, theta=options.number("rope_theta")),
    )


_RECIPE = llama_like(Layout(norm=_gain))

FAMILIES = {
    "gemma": Family(
        config=_gemma, recipe=_RECIPE, defaults=DEFAULTS["gemma"], ignored=frozenset({"hidden_activation"})
    ),
    "gemma2": Family(
        config=lambda options: _gemma23(options, False),
        recipe=_RECIPE,
        defaults=DEFAULTS["gemma2"],
        ignored=frozenset({"hidden_act", "sliding_window_size"}),
    ),
    "gemma3_text": Family(
        config=lambda options: _gemma23(options, True),
        recipe=_RECIPE,
        defaults=DEFAULTS["gemma3_text"],
        ignored=frozenset({"hidden_act"}),
    ),
}
