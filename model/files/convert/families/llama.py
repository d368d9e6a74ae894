"""Llama and the families that change little in it: Mistral, Qwen 2 and 3, SmolLM3, Phi-3, Granite."""

from __future__ import annotations

from dataclasses import replace

from ....config import GQAConfig, ModelConfig
from ..options import Options
from .defaults import DEFAULTS
from .family import Family
from .recipes import Layout, llama_like
from .rope import read_rope, rope_data
from .trunk import dense_network, full_rotation, heads, kinds_of_layers, rotary_width, trunk


def _llama(options: Options) -> ModelConfig:
    n, biased = options.layers(), options.flag("attention_bias")
    attention = GQAConfig(**heads(options), qkv_bias=biased, out_bias=biased)
    return trunk(
        options, [attention] * n, [dense_network(options, options.flag("mlp_bias"))] * n, [full_rotation(options)] * n
    )


def _mistral(options: Options) -> ModelConfig:
    n = options.layers()
    attention = GQAConfig(**heads(options), sliding_window=options.count_or_none("sliding_window"))
    kinds = options.items("layer_types") or ["sliding_attention" if attention.sliding_window else "full_attention"]
    options.must_be("layer_types", None, [kinds[0]] * n)
    return trunk(options, [attention] * n, [dense_network(options)] * n, [full_rotation(options)] * n)


def _qwen(options: Options, third: bool) -> ModelConfig:
    n, biased = options.layers(), third and options.flag("attention_bias")
    attention = GQAConfig(**heads(options), qkv_bias=biased or not third, out_bias=biased, qk_norm=third)
    window = options.count_or_none("sliding_window") if options.flag("use_sliding_window") else None
    first = options.count("max_window_layers")
    options.skip("sliding_window")
    windowed = kinds_of_layers(options, n, [window is not None and layer >= first for layer in range(n)])
    layers = [replace(attention, sliding_window=window if windowed[layer] else None) for layer in range(n)]
    return trunk(options, layers, [dense_network(options)] * n, [full_rotation(options)] * n)


def _smollm3(options: Options) -> ModelConfig:
    n, biased = options.layers(), options.flag("attention_bias")
    attention = GQAConfig(**heads(options), qkv_bias=biased, out_bias=biased)
    interval = options.count("no_rope_layer_interval")
    rotates = options.per_layer("no_rope_layers", n)  # 1 where a layer rotates, despite its name
    if rotates is None:
        rotates = [(layer + 1) % interval != 0 for layer in range(n)]
    window = options.count_or_none("sliding_window") if options.flag("use_sliding_window") else None
    options.skip("sliding_window")
    windowed = kinds_of_layers(options, n, [window is not None and not rotates[layer] for layer in range(n)])
    layers = [replace(attention, sliding_window=window if windowed[layer] else None) for layer in range(n)]
    rope = full_rotation(options)
    network = dense_network(options, options.flag("mlp_bias"))
    return trunk(options, layers, [network] * n, [rope if turn else None for turn in rotates])


def _phi3(options: Options) -> ModelConfig:
    n, sizes, data = options.layers(), heads(options), rope_data(options)
    attention = GQAConfig(
        **sizes,
        sliding_window=options.count_or_none("sliding_window"),
        rotary_dim=rotary_width(options, data, sizes["head_dim"], options.number("partial_rotary_factor")),
    )
    rope = read_rope(options, data, theta=options.number("rope_theta"), yarn_is_long=True)
    return trunk(options, [attention] * n, [dense_network(options)] * n, [rope] * n)


def granite_factors(options: Options) -> dict[str, float]:
    """Granite's factors on the stream, by our names; the one on attention is not among them."""
    return {
        "embed_scale": options.number("embedding_multiplier"),
        "residual_scale": options.number("residual_multiplier"),
        "logit_scale": 1 / options.number("logits_scaling"),
    }


def granite_attention(options: Options) -> GQAConfig:
    """Granite's attention: Llama's with a factor of its own on the dot products."""
    biased = options.flag("attention_bias")
    scale = options.number("attention_multiplier")
    return GQAConfig(**heads(options), qkv_bias=biased, out_bias=biased, scale=scale)


def _granite(options: Options) -> ModelConfig:
    n, network = options.layers(), dense_network(options, options.flag("mlp_bias"))
    return trunk(
        options,
        [granite_attention(options)] * n,
        [network] * n,
        [full_rotation(options)] * n,
        **granite_factors(options),
    )


_AS_LLAMA = llama_like()

FAMILIES = {
    "llama": Family(config=_llama, recipe=_AS_LLAMA, defaults=DEFAULTS["llama"]),
    "mistral": Family(config=_mistral, recipe=_AS_LLAMA, defaults=DEFAULTS["mistral"]),
    "qwen2": Family(config=lambda options: _qwen(options, False), recipe=_AS_LLAMA, defaults=DEFAULTS["qwen2"]),
    "qwen3": Family(
        config=lambda options: _qwen(options, True),
        recipe=_AS_LLAMA,
        defaults=DEFAULTS["qwen3"],
        ignored=frozenset({"use_qk_norm"}),
    ),
    "smollm3": Family(
        config=_smollm3, recipe=_AS_LLAMA, defaults=DEFAULTS["smollm3"], ignored=frozenset({"max_window_layers"})
    ),
    "phi3": Family(
        config=_phi3,
        recipe=llama_like(Layout(qkv=("qkv_proj",), gate_up=("gate_up_proj",))),
        defaults=DEFAULTS["phi3"],
        ignored=frozenset({"full_attn_mod", "interpolate_factor"}),
    ),
    "granite": Family(config=_granite, recipe=_AS_LLAMA, defaults=DEFAULTS["granite"]),
}
