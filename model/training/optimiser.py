"""Muon for matrices, AdamW for the rest.

Muon (Jordan et al. 2024) replaces a matrix's averaged gradient by the nearest matrix whose
singular values are all about 1: every direction learns at the same pace.  Scaled as in
"Muon is scalable for LLM training" (Liu et al. 2025, arXiv 2502.16982, section 2.2), so
that one learning rate fits both optimisers.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """U V^T of the singular value decomposition, approximately: (..., m, n), each matrix on its own.

    A quintic Newton-Schulz iteration in bfloat16; singular values end between 0.7 and 1.2,
    which trains as well as exactly 1.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix.bfloat16().view(-1, *matrix.shape[-2:])
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)  # singular values at most 1
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)  # a x + (b gram + c gram^2) x
    return (x.mT if tall else x).to(matrix.dtype).view(matrix.shape)


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised; for parameters of two or more axes, the last two a matrix."""

    def __init__(self, params: list[nn.Parameter], rate: float, weight_decay: float, momentum: float = 0.95):
        super().__init__(params, {"lr": rate, "weight_decay": weight_decay, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]  # no closure: the loop has computed the gradients
        """One update of every parameter that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                average = state.setdefault("momentum", torch.zeros_like(weight))
                average.lerp_(weight.grad, 1 - group["momentum"])
                direction = orthogonalise(weight.grad.lerp(average, group["momentum"]))  # Nesterov
                size = 0.2 * max(weight.shape[-2:]) ** 0.5  # an update as large as AdamW's, root mean square
                weight.mul_(1 - group["lr"] * group["weight_decay"]).add_(direction, alpha=-group["lr"] * size)


def make_optimisers(
    model: nn.Module, kind: Literal["muon", "adamw"], rate: float, weight_decay: float
) -> list[torch.optim.Optimizer]:
    """Muon (or AdamW) for the blocks' matrices; AdamW for embeddings, routers, norms and biases.

    Weights decay in the matrices alone.
    """
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, weight in model.named_parameters():
        is_matrix = name.startswith("blocks.") and weight.dim() >= 2 and "router" not in name
        (matrices if is_matrix else others).append(weight)
    adamw = partial(torch.optim.AdamW, lr=rate, betas=(0.9, 0.95))
    first = Muon(matrices, rate, weight_decay) if kind == "muon" else adamw(matrices, weight_decay=weight_decay)
    return [first, adamw(others, weight_decay=0.0)]
