"""x W^T + b, the product that takes nearly all of a model's time.

On a processor, float32 goes through oneDNN, which PyTorch carries for its compiler: the same sums in another
order, and no copy of the weights.  PyTorch's own choice is MKL, whose products of one row (a token being
generated) and of long prompts took 1.1 to 2.3 times as long (`python -m tests.bench`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_ONE_DNN = torch.ops.mkldnn._linear_pointwise.default if torch.backends.mkldnn.is_available() else None


def affine(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x W^T + b, (..., out), for `x` (..., in), `weight` (out, in) and `bias` (out,)."""
    if _ONE_DNN is None or not _suits_one_dnn(x, weight):
        return F.linear(x, weight, bias)
    return _ONE_DNN(x, weight, bias, "none", [], "")


def _suits_one_dnn(x: Tensor, weight: Tensor) -> bool:
    if torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad):
        return False  # it knows no gradient
    return x.dtype == weight.dtype == torch.float32 and x.device.type == "cpu" and not torch.is_autocast_enabled("cpu")


class Linear(nn.Linear):
    """`nn.Linear` by way of `affine`."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., out) for `x` (..., in)."""
        return affine(x, self.weight, self.bias)
