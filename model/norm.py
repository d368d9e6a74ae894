"""Normalisation: LayerNorm and RMSNorm, written out so that scale and result can be seen.

B batch, T tokens, D width.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from .capture import HookPoint


class RMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight (Zhang & Sennrich 2019, arXiv 1910.07467, eq. 4)."""

    def __init__(self, width: int, eps: float):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))
        self.hook_scale = HookPoint()  # (B, T, 1) root of the mean square
        self.hook_normalized = HookPoint()  # (B, T, D) before the gain, as in TransformerLens

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis of `x` (..., D); statistics in float32 whatever the dtype."""
        wide = x.float()
        scale = self.hook_scale((wide.pow(2).mean(-1, keepdim=True) + self.eps).sqrt())
        return (self.hook_normalized(wide / scale) * self.weight).to(x.dtype)


class LayerNorm(nn.Module):
    """(x - mean) / sqrt(var + eps) * weight + bias (Ba et al. 2016, arXiv 1607.06450, eq. 3)."""

    def __init__(self, width: int, eps: float):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.hook_scale = HookPoint()  # (B, T, 1) standard deviation
        self.hook_normalized = HookPoint()  # (B, T, D) before gain and bias, as in TransformerLens

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis of `x` (..., D); statistics in float32 whatever the dtype."""
        wide = x.float()
        centred = wide - wide.mean(-1, keepdim=True)
        scale = self.hook_scale((centred.pow(2).mean(-1, keepdim=True) + self.eps).sqrt())
        return (self.hook_normalized(centred / scale) * self.weight + self.bias).to(x.dtype)


def make_norm(kind: Literal["rms", "layer"], width: int, eps: float) -> RMSNorm | LayerNorm:
    """The norm that `ModelConfig.norm` names."""
    return RMSNorm(width, eps) if kind == "rms" else LayerNorm(width, eps)
