"""From what the layers of a model have, one by one, to a `ModelConfig`; and what many families read alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from ....config import DenseConfig, GQAConfig, LayerConfig, MLAConfig, ModelConfig, MoEConfig, RopeConfig
from ..options import Options, unsupported
from .rope import read_rope, rope_data

Part = TypeVar("Part")


def trunk(
    options: Options,
    attention: Sequence[GQAConfig | MLAConfig],
    feed_forward: Sequence[DenseConfig | MoEConfig],
    rope: Sequence[RopeConfig | None],
    **more: Any,
) -> ModelConfig:
    """The model whose layer i has `attention[i]`, `feed_forward[i]` and `rope[i]` (None: no rotation).

    What the model is said to have in common is, of attention, the first that sees everything; of
    feed-forward, the first with experts.
    """
    common = _first(attention, lambda each: each.sliding_window is None)
    network = _first(feed_forward, lambda each: isinstance(each, MoEConfig))
    turns = [r for a, r in zip(attention, rope, strict=True) if a == common and r is not None]
    turn = turns[0] if turns else _first(rope, lambda each: each is not None) or RopeConfig()
    layers = tuple(
        LayerConfig(
            attention=None if a == common else a,
            feed_forward=None if f == network else f,
            rope=None if r in (turn, None) else r,
            rotates=r is not None,
        )
        for a, f, r in zip(attention, feed_forward, rope, strict=True)
    )
    given: dict[str, Any] = {
        "vocab_size": options.count("vocab_size"),
        "d_model": options.count("hidden_size"),
        "n_layers": len(layers),
        "context": options.count("max_position_embeddings"),
        "attention": common,
        "feed_forward": network,
        "rope": turn,
        "layers": () if all(layer == LayerConfig() for layer in layers) else layers,
        "tied_embeddings": options.flag("tie_word_embeddings"),
    }
    if "norm_eps" not in more:
        given["norm_eps"] = options.number("rms_norm_eps")
    return ModelConfig(**given, **more)


def _first(parts: Sequence[Part], good: Any) -> Part:
    return next((part for part in parts if good(part)), parts[0])


def heads(options: Options) -> dict[str, Any]:
    """Numbers of heads and their width."""
    d_model = options.count("hidden_size")
    n_heads = options.count("num_attention_heads")
    if n_heads < 1:
        raise unsupported("num_attention_heads", n_heads)
    kv = options.count_or_none("num_key_value_heads")
    dim = options.count_or_none("head_dim")
    return {
        "n_heads": n_heads,
        "n_kv_heads": n_heads if kv is None else kv,
        "head_dim": d_model // n_heads if dim is None else dim,
    }


def full_rotation(
    options: Options, pairing: Literal["halves", "interleaved"] = "halves", *, latent: bool = False
) -> RopeConfig:
    """The one rotation of a model whose heads rotate whole."""
    data = rope_data(options)
    options.must_be("partial_rotary_factor", 1, None)
    if data.get("partial_rotary_factor", 1) != 1:
        raise unsupported("partial_rotary_factor", data["partial_rotary_factor"])
    return read_rope(options, data, theta=options.number("rope_theta"), pairing=pairing, latent=latent)


def rotary_width(options: Options, data: dict[str, Any], head_dim: int, share: float) -> int | None:
    """How many entries of a head rotate; `share` where `data` has none of its own.  None: all."""
    rope = Options(data, where="rope ")
    width = int(head_dim * rope.number("partial_rotary_factor", share))
    if not 0 < width <= head_dim:
        raise unsupported("partial_rotary_factor", rope.get("partial_rotary_factor", share))
    return None if width == head_dim else width


def dense_network(options: Options, bias: bool = False, activation: str = "hidden_act") -> DenseConfig:
    """A gated network of `intermediate_size`."""
    return DenseConfig(hidden=options.count("intermediate_size"), activation=options.activation(activation), bias=bias)


def kinds_of_layers(options: Options, n_layers: int, default: Sequence[bool]) -> list[bool]:
    """Which layers have a window: from `layer_types`, or `default` where a file has none."""
    kinds = options.per_layer("layer_types", n_layers)
    if kinds is None:
        return list(default)
    for kind in kinds:
        if kind not in ("full_attention", "sliding_attention"):
            raise unsupported("layer_types", kind, "known are full_attention and sliding_attention")
    return [kind == "sliding_attention" for kind in kinds]
