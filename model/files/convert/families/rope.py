"""Rotary positions as a config.json describes them, in the words of transformers 5 and of before."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from ....config import LinearScaling, Llama3Scaling, LongScaling, RopeConfig, YarnScaling
from ..harmless import ROPE_NOTES
from ..options import Options, unsupported

# What any kind of rotation may be described with: the others leave a kind's result alone.
_ALL_KINDS = {
    "rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "original_max_position_embeddings",
    "low_freq_factor", "high_freq_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim", "attention_factor",
    "truncate", "short_factor", "long_factor",
}  # fmt: skip


def rope_data(options: Options, default: dict[str, Any] | None = None) -> dict[str, Any]:
    """The object that describes the rotation: `rope_scaling` (before transformers 5) wins over `rope_parameters`."""
    old, new = options.get("rope_scaling"), options.get("rope_parameters")
    if not isinstance(old, dict | None) or not isinstance(new, dict | None):
        raise unsupported("rope_scaling", old or new)
    return dict(old or new or default or {})


def read_rope(
    options: Options,
    data: Mapping[str, Any],
    *,
    theta: float,
    pairing: Literal["halves", "interleaved"] = "halves",
    latent: bool = False,
    yarn_is_long: bool = False,
) -> RopeConfig:
    """Rotary positions from `data`, the whole text's or those of one kind of layer.

    Args:
        theta: where `data` has none of its own.
        latent: DeepSeek's kind of attention, whose scale knows YaRN's mscale over all dimensions.
        yarn_is_long: early Phi-3 configs called LongRoPE so.
    """
    rope = Options(data, ignored=ROPE_NOTES, where="rope ")
    theta = rope.number("rope_theta", theta)
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "su" or (kind == "yarn" and yarn_is_long):
        kind = "longrope"
    context = options.count("max_position_embeddings")
    options.skip("original_max_position_embeddings")  # says nothing unless something is scaled
    scaling: LinearScaling | Llama3Scaling | YarnScaling | LongScaling | None
    if kind == "default":
        scaling = None
    elif kind == "linear":
        scaling = LinearScaling(factor=rope.number("factor"))
    elif kind == "llama3":
        numbers = {name: rope.number(name) for name in ("factor", "low_freq_factor", "high_freq_factor")}
        scaling = Llama3Scaling(**numbers, original_context=_original(options, rope, context))
    elif kind == "yarn":
        scaling = _yarn(rope, _original(options, rope, context), context, latent)
    elif kind == "longrope":
        scaling = _longrope(rope, _original(options, rope, context), context)
    else:
        raise unsupported("rope type", kind, "known are default, linear, llama3, yarn and longrope")
    rope.skip(*_ALL_KINDS)
    rope.refuse_unknown()
    return RopeConfig(theta=theta, pairing=pairing, scaling=scaling)


def _original(options: Options, rope: Options, context: int) -> int:
    if options.get("original_max_position_embeddings") is not None:  # beside the object, it wins
        return options.count("original_max_position_embeddings")
    return rope.count("original_max_position_embeddings", context)


def _yarn(rope: Options, original: int, context: int, latent: bool) -> YarnScaling:
    numbers = {name: rope.number_or_none(name) for name in ("mscale", "mscale_all_dim", "attention_factor")}
    if numbers["mscale_all_dim"] and not latent:
        raise unsupported("rope mscale_all_dim", numbers["mscale_all_dim"], "it is known for DeepSeek only")
    factor = rope.number_or_none("factor")
    return YarnScaling(
        factor=context / max(original, 1) if factor is None else factor,
        original_context=original,
        beta_fast=rope.number_or_none("beta_fast") or 32.0,
        beta_slow=rope.number_or_none("beta_slow") or 1.0,
        truncate=rope.flag("truncate", True),
        **numbers,
    )


def _longrope(rope: Options, original: int, context: int) -> LongScaling:
    factor, said = rope.number_or_none("factor"), rope.number_or_none("attention_factor")
    factor = context / max(original, 1) if factor is None else factor
    spread = 1.0 if factor <= 1 else math.sqrt(1 + math.log(factor) / math.log(original))
    return LongScaling(
        short=_divisors(rope, "short_factor"),
        long=_divisors(rope, "long_factor"),
        original_context=original,
        attention_factor=spread if said is None else said,
    )


def _divisors(rope: Options, name: str) -> tuple[float, ...]:
    values = rope.items(name)
    if not values or not all(isinstance(value, (int, float)) and value > 0 for value in values):
        raise unsupported(f"rope {name} of longrope", values, "a list of positive numbers is expected there")
    return tuple(float(value) for value in values)
