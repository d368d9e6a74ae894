"""Cross-entropy of the next token, without ever holding all logits.

N rows, D width, V vocabulary.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = 512  # logits of this many rows are held at a time
CARD_ROWS = 8192  # on a graphics card, which starts few large products sooner than many small ones


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Loss and both gradients in one pass: of N V logits only ROWS V exist at once.

    4,096 rows of 8,192 logits and their gradients are half a gigabyte, and fresh memory costs
    more time than the arithmetic on it.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, unembedding: Tensor, targets: Tensor) -> Tensor:
        step = ROWS if hidden.device.type == "cpu" else CARD_ROWS
        total = torch.zeros((), dtype=torch.float64, device=hidden.device)  # read once: a card need not wait
        weight, hidden_half = unembedding.bfloat16(), hidden.bfloat16()  # (V, D), (N, D)
        grad_hidden = torch.empty_like(hidden_half)
        grad_unembedding = torch.zeros_like(unembedding, dtype=torch.float32)
        half = weight.new_empty(step, len(weight))  # (ROWS, V), used again for every chunk
        wide = torch.empty_like(half, dtype=torch.float32)
        for start in range(0, len(hidden), step):
            rows, own = hidden_half[start : start + step], targets[start : start + step, None]
            n = len(rows)
            logits = wide[:n].copy_(torch.mm(rows, weight.T, out=half[:n]))
            most = logits.amax(-1, keepdim=True)
            at_target = logits.gather(1, own)
            sums = logits.sub_(most).exp_().sum(-1, keepdim=True)
            total += (most + sums.log() - at_target).sum()
            # d loss / d logits = softmax - one at the target
            error = logits.div_(sums).scatter_add_(1, own, torch.full_like(sums, -1.0))
            error = half[:n].copy_(error)
            torch.mm(error, weight, out=grad_hidden[start : start + n])
            grad_unembedding += error.T @ rows
        ctx.save_for_backward(grad_hidden.float() / len(hidden), grad_unembedding / len(hidden))
        return (total / len(hidden)).float()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        grad_hidden, grad_unembedding = ctx.saved_tensors
        return grad_hidden * grad, grad_unembedding * grad, None


def cross_entropy(hidden: Tensor, unembedding: Tensor, targets: Tensor) -> Tensor:
    """Mean -log p(target) in nats of softmax(hidden unembedding^T).

    Args:
        hidden: (N, D), after the final norm.
        unembedding: (V, D).
        targets: (N,) int64.
    """
    return _ChunkedCrossEntropy.apply(hidden, unembedding, targets)
