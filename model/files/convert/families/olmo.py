"""OLMo 2 and 3, whose norms stand after the sublayers, and OLMoE; all norm q and k over all heads together."""

from __future__ import annotations

from dataclasses import replace

from ....config import GQAConfig, ModelConfig, MoEConfig, RopeConfig
from ..options import Options, unsupported
from .defaults import DEFAULTS
from .family import Family
from .recipes import llama_like
from .rope import read_rope
from .trunk import dense_network, full_rotation, heads, kinds_of_layers, trunk


def _attention(options: Options) -> GQAConfig:
    biased = options.flag("attention_bias")
    return GQAConfig(**heads(options), qkv_bias=biased, out_bias=biased, qk_norm=True, qk_norm_over="projection")


def _olmo2(options: Options) -> ModelConfig:
    n = options.layers()
    return trunk(
        options,
        [_attention(options)] * n,
        [dense_network(options)] * n,
        [full_rotation(options)] * n,
        norm_placement="after",
    )


def _olmo3(options: Options) -> ModelConfig:
    n, attention = options.layers(), _attention(options)
    windowed = kinds_of_layers(options, n, [(layer + 1) % 4 != 0 for layer in range(n)])
    window = options.count("sliding_window") if any(windowed) else None
    options.skip("sliding_window")
    local, everywhere = _two_rotations(options)
    return trunk(
        options,
        [replace(attention, sliding_window=window if each else None) for each in windowed],
        [dense_network(options)] * n,
        [local if each else everywhere for each in windowed],
        norm_placement="after",
    )


def _two_rotations(options: Options) -> tuple[RopeConfig, RopeConfig]:
    """Of layers with a window, and of the others: a scaling, and a base beside it, belong to the others alone."""
    nested = options.get("rope_parameters") or {}
    if not set(nested) <= {"full_attention", "sliding_attention"}:
        raise unsupported("rope_parameters", nested, "one object for each kind of layer is expected there")
    full, local = dict(nested.get("full_attention") or {}), dict(nested.get("sliding_attention") or {})
    full |= options.get("rope_scaling") or {}
    own = DEFAULTS["olmo3"]["rope_theta"]
    theta = options.number("rope_theta")
    # transformers 5 hands `rope_theta` to the first of the two that needs it.
    return read_rope(options, local, theta=theta if "rope_theta" in full else own), read_rope(
        options, full, theta=theta
    )


def _olmoe(options: Options) -> ModelConfig:
    n = options.layers()
    options.must_be("clip_qkv", None)
    moe = MoEConfig(
        n_routed_experts=options.count("num_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("intermediate_size"),
        activation=options.activation(),
        scoring_func="softmax",
        norm_topk_prob=options.flag("norm_topk_prob"),
    )
    return trunk(options, [_attention(options)] * n, [moe] * n, [full_rotation(options)] * n)


_RECIPE = llama_like()

FAMILIES = {
    "olmo2": Family(config=_olmo2, recipe=_RECIPE, defaults=DEFAULTS["olmo2"]),
    "olmo3": Family(config=_olmo3, recipe=_RECIPE, defaults=DEFAULTS["olmo3"]),
    "olmoe": Family(
        config=_olmoe,
        recipe=_RECIPE,
        defaults=DEFAULTS["olmoe"],
        aliases={"num_local_experts": "num_experts"},
    ),
}
