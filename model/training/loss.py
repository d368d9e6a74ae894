"""Cross-entropy of the next token, without ever holding all logits.

N rows, D width, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor

ROWS = 512  # logits of this many rows are held at a time


class _ChunkedCrossEntropy(torch.autograd.Function):
    """Loss and both gradients in one pass: of N V logits only ROWS V exist at once.

    4,096 rows of 8,192 logits and their gradients are half a gigabyte, and fresh memory costs
    more time than the arithmetic on it.
    """

    @staticmethod
    def forward(ctx, hidden: Tensor, unembedding: Tensor, targets: Tensor) -> Tensor:
        total = 0.0
        grad_hidden = torch.empty_like(hidden, dtype=torch.float32)
        grad_unembedding = torch.zeros_like(unembedding, dtype=torch.float32)
        weight = unembedding.bfloat16()  # (V, D)
        for start in range(0, len(hidden), ROWS):
            rows, own = hidden[start : start + ROWS].bfloat16(), targets[start : start + ROWS, None]
            logits = (rows @ weight.T).float()  # (ROWS, V)
            log_sum = logits.logsumexp(-1, keepdim=True)
            total += (log_sum - logits.gather(1, own)).sum().item()
            # d loss / d logits = softmax - one at the target
            error = logits.sub_(log_sum).exp_()
            error = error.scatter_add_(1, own, torch.full_like(log_sum, -1.0)).bfloat16()
            grad_hidden[start : start + ROWS] = error @ weight
            grad_unembedding += error.T @ rows
        ctx.save_for_backward(grad_hidden / len(hidden), grad_unembedding / len(hidden))
        return hidden.new_tensor(total / len(hidden), dtype=torch.float32)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, None]:
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
