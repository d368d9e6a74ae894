"""Attention on matrices small enough to multiply by hand, by the model's own `attend`.

T tokens, D width, H heads, Dh head width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..attention import attend, causal_mask
from ..capture import HookPoint, Recorder, recording


@dataclass(frozen=True)
class Worked:
    """Every step of attention, float64."""

    q: np.ndarray  # (T, H Dh), as are k, v and z: head h has the columns from h Dh on
    k: np.ndarray
    v: np.ndarray
    dots: np.ndarray  # (H, T, T) every query times every key
    scaled: np.ndarray  # (H, T, T)
    masked: np.ndarray  # (H, T, T) minus infinity where a key comes later
    pattern: np.ndarray  # (H, T, T) softmax of each row
    z: np.ndarray  # the values, weighted by the pattern
    out: np.ndarray  # (T, D)


def work(
    x: np.ndarray, w_q: np.ndarray, w_k: np.ndarray, w_v: np.ndarray, w_o: np.ndarray, *, heads: int, scaling: bool
) -> Worked:
    """Causal attention from `x` to its output, step by step (Vaswani et al. 2017, arXiv 1706.03762, section 3.2).

    Each stage of the scores is what `attend` hands to its hook when it is asked for no more than that stage.

    Args:
        x: (T, D); w_q, w_k, w_v: (D, H Dh); w_o: (H Dh, D).
        heads: H.
        scaling: whether dot products are divided by the square root of Dh.
    """
    q, k, v = (torch.tensor(x @ w).unflatten(-1, (heads, -1))[None] for w in (w_q, w_k, w_v))  # (1, T, H, Dh)
    T, Dh = q.shape[1], q.shape[-1]
    everything, causal = torch.ones(1, T, T, dtype=torch.bool), causal_mask(T, T)
    scale = Dh**-0.5 if scaling else 1.0
    dots, _, _ = _attended(q, k, v, 1.0, everything)
    scaled, _, _ = _attended(q, k, v, scale, everything)
    masked, pattern, z = _attended(q, k, v, scale, causal)
    q, k, v, z = (tensor.flatten(-2) for tensor in (q, k, v, z))  # (1, T, H Dh)
    steps = {"q": q, "k": k, "v": v, "dots": dots, "scaled": scaled, "masked": masked, "pattern": pattern, "z": z}
    return Worked(**{name: step[0].numpy() for name, step in steps.items()}, out=z[0].numpy() @ w_o)


def _attended(q: Tensor, k: Tensor, v: Tensor, scale: float, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Scores and pattern (1, H, T, T), and z (1, T, H, Dh)."""
    scores, pattern = HookPoint(), HookPoint()
    scores.name, pattern.name = "scores", "pattern"
    with torch.inference_mode(), recording(Recorder(lambda name: True)) as seen:
        z = attend(q, k, v, scale, mask, scores, pattern)
    return seen.tensors["scores"], seen.tensors["pattern"], z
