"""Rotary positions: each pair of entries of a query or key turns by position times frequency.

The dot product of a query at position m with a key at position n then depends on m - n
only (Su et al. 2021, arXiv 2104.09864, section 3.2).

T tokens, Dr rotated width of a head, P = Dr / 2 pairs.  Nothing here is learned or stored:
tables are a few microseconds of arithmetic, so a model carries no buffer that could go stale.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from .config import LinearScaling, Llama3Scaling, LongScaling, ModelConfig, RopeConfig, YarnScaling


class Rotation(NamedTuple):
    """What `rotate` multiplies with: (T, 1, Dr) each, ready for every head."""

    cos: Tensor
    sin: Tensor  # negative for the first of a pair
    pairing: str


def frequencies(rope: RopeConfig, width: int, length: int = 1) -> Tensor:
    """Radians per position of each pair, (P,), float32: theta^(-2i / Dr), then any scaling.

    `length`, of the whole text in tokens, matters to LongRoPE only.
    """
    plain = 1.0 / rope.theta ** (torch.arange(0, width, 2, dtype=torch.float32) / width)  # (P,)
    scaling = rope.scaling
    if scaling is None:
        return plain
    if isinstance(scaling, LinearScaling):
        return plain / scaling.factor
    if isinstance(scaling, Llama3Scaling):
        return _llama3(plain, scaling)
    if isinstance(scaling, LongScaling):
        return plain / torch.tensor(scaling.long if length > scaling.original_context else scaling.short)
    return _yarn(plain, scaling, rope.theta, width)


def _llama3(plain: Tensor, scaling: Llama3Scaling) -> Tensor:
    # Waves longer than the original context are slowed by `factor`, short ones kept, a blend between.
    turns = scaling.original_context * plain / (2 * math.pi)  # (P,) turns within the original context
    keep = (turns - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor)
    keep = keep.clamp(0, 1)
    return keep * plain + (1 - keep) * plain / scaling.factor


def _yarn(plain: Tensor, scaling: YarnScaling, theta: float, width: int) -> Tensor:
    def pair_that_turns(times: float) -> float:  # inverse of turns = context / wavelength
        return width * math.log(scaling.original_context / (times * 2 * math.pi)) / (2 * math.log(theta))

    low, high = pair_that_turns(scaling.beta_fast), pair_that_turns(scaling.beta_slow)
    if scaling.truncate:
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, width - 1)
    if low == high:
        high += 0.001  # a ramp of zero width would divide by zero
    ramp = ((torch.arange(width // 2, dtype=torch.float32) - low) / (high - low)).clamp(0, 1)  # (P,)
    return ramp * plain / scaling.factor + (1 - ramp) * plain


def _yarn_mscale(factor: float, mscale: float) -> float:
    return 1.0 if factor <= 1 else 0.1 * mscale * math.log(factor) + 1.0


def amplitude(rope: RopeConfig) -> float:
    """Factor on cosine and sine: 1, or YaRN's and LongRoPE's correction of the scores' spread (YaRN, eq. 22)."""
    scaling = rope.scaling
    if isinstance(scaling, LongScaling):
        return scaling.attention_factor
    if not isinstance(scaling, YarnScaling):
        return 1.0
    if scaling.attention_factor is not None:
        return scaling.attention_factor
    if scaling.mscale and scaling.mscale_all_dim:
        return _yarn_mscale(scaling.factor, scaling.mscale) / _yarn_mscale(scaling.factor, scaling.mscale_all_dim)
    return _yarn_mscale(scaling.factor, 1.0)


def score_factor(rope: RopeConfig | None) -> float:
    """Factor on the attention scale: DeepSeek squares YaRN's mscale over all dimensions into it."""
    scaling = None if rope is None else rope.scaling
    if isinstance(scaling, YarnScaling) and scaling.mscale_all_dim:
        return _yarn_mscale(scaling.factor, scaling.mscale_all_dim) ** 2
    return 1.0


def rotation(rope: RopeConfig, width: int, positions: Tensor, dtype: torch.dtype) -> Rotation:
    """Angles for `positions` (T,), the last of a text, of a head whose rotated part has `width` entries."""
    length = int(positions[-1]) + 1 if isinstance(rope.scaling, LongScaling) else 1
    angles = positions.float()[:, None] * frequencies(rope, width, length).to(positions.device)  # (T, P)
    cos, sin = angles.cos() * amplitude(rope), angles.sin() * amplitude(rope)
    signs = (cos, cos), (-sin, sin)  # one for each entry of a pair
    if rope.pairing == "halves":
        tables = [torch.cat(pair, -1) for pair in signs]
    else:
        tables = [torch.stack(pair, -1).flatten(-2) for pair in signs]
    cos, sin = (table[:, None].to(dtype) for table in tables)  # (T, 1, Dr) each
    return Rotation(cos, sin, rope.pairing)


def rotate(x: Tensor, turn: Rotation) -> Tensor:
    """Turn the pairs of `x` (B, T, heads, Dr): (a, b) -> (a cos - b sin, b cos + a sin).

    What a head has beyond Dr entries stays as it is.
    """
    width = turn.cos.shape[-1]
    if width < x.shape[-1]:
        return torch.cat((rotate(x[..., :width], turn), x[..., width:]), -1)
    if turn.pairing == "halves":
        partner = x.roll(x.shape[-1] // 2, -1)  # (b, a) for every (a, b)
    else:
        partner = x.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
    return torch.addcmul(x * turn.cos, partner, turn.sin)


def switches(config: ModelConfig, before: int, after: int) -> bool:
    """Whether a text that grows from `before` to `after` tokens turns its keys by other angles from then on (LongRoPE).

    What a cache holds was turned by the old ones: all has to be read again.
    """
    scalings = {rope.scaling for rope in map(config.rope_at, range(config.n_layers)) if rope is not None}
    return any(isinstance(each, LongScaling) and before <= each.original_context < after for each in scalings)
