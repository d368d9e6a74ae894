"""A model as its own draft: guess a few tokens with rounded weights, then let one exact pass judge them all.

A token costs the time to read every weight once, and a pass over eight tokens little more than one over
one.  So a copy of the model with weights of one byte guesses some tokens, and the model itself reads all
guesses at once (speculative decoding: Leviathan et al. 2023, arXiv 2211.17192; with the same noise for
guess and choice instead of their rejection step, so that a seed gives the tokens that it gives without).
What is chosen, and every number that is shown, comes from the exact pass; a bad guess only costs time.

The draft reads and writes the exact model's cache; what it wrote there is dropped before the exact pass.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from .cache import Cache
from .transformer import Transformer, finish_logits

GUESSES = 7  # the most in one go
SURE = 0.05  # probability that all guesses are right, below which another is not worth its time
LEAST_WEIGHTS = 2**25  # fewer lie in the processor's cache, where float32 is as fast
LEAST_SHARE = 0.75  # of a token's weights that must be in plain matrices: experts in use grow with the guesses


class RoundedLinear(nn.Module):
    """x W^T + b with W as whole numbers of -127 to 127, one scale a row, and x in bfloat16."""

    def __init__(self, weight: Tensor, bias: Tensor | None):
        super().__init__()
        scale = (weight.abs().amax(1, keepdim=True) / 127).clamp(min=1e-30)
        self._rounded = (weight / scale).round().to(torch.int8)  # (out, in)
        self._scale, self._bias = scale[:, 0].bfloat16(), bias

    def forward(self, x: Tensor) -> Tensor:
        """(..., out) float32 for `x` (..., in)."""
        rows = x.flatten(0, -2).bfloat16()
        out = torch._weight_int8pack_mm(rows, self._rounded, self._scale).float().view(*x.shape[:-1], -1)
        return out if self._bias is None else out + self._bias


class Draft:
    """The rounded copy of a model.  Norms, embeddings and experts are the model's own, shared."""

    def __init__(self, model: Transformer):
        with torch.inference_mode():
            shared = {id(weight): weight for weight in (*model.parameters(), *model.buffers())}
            self._body = copy.deepcopy(model, shared)
            for name, linear in list(self._body.named_modules()):
                if isinstance(linear, nn.Linear) and _fits(linear.weight) and not _read_as_a_matrix(name):
                    self._body.set_submodule(name, RoundedLinear(linear.weight, linear.bias))
            self._head = RoundedLinear(model.unembedding, None)

    def guess(self, token: int, cache: Cache, choose: Callable[[np.ndarray], int], most: int) -> list[int]:
        """Up to `most` tokens after `token`, which follows what `cache` holds; the cache is left as it was."""
        held, guesses, sure = cache.length, [token], 1.0
        while len(guesses) <= most and sure > SURE:
            with torch.inference_mode():
                resid = self._body.ln_final(self._body.residual_stream(torch.tensor([guesses[-1:]]), cache))
                logits = finish_logits(self._head(resid), self._body.config)[0, -1]
            guesses.append(choose(logits.numpy()))
            sure *= float(logits.softmax(-1)[guesses[-1]])
        cache.keep(held)
        return guesses[1:]


def _fits(weight: Tensor) -> bool:
    """Whether torch's kernel takes a matrix of this shape: of others it reads beyond the end."""
    return weight.shape[0] % 32 == 0 and weight.shape[1] % 64 == 0


def _read_as_a_matrix(name: str) -> bool:
    # Latent attention takes kv_up apart; the head is beside the body.
    return name.endswith((".kv_up", ".router")) or name == "unembed"


def make_draft(model: Transformer) -> Draft | None:
    """The draft of `model`; None where none would help, or this machine has no products of bytes.

    It takes a byte for each weight in a plain matrix, a quarter of what these take in float32.
    """
    plain = [part.weight for name, part in model.named_modules() if isinstance(part, nn.Linear) and name != "unembed"]
    plain.append(model.unembedding)
    rounded = sum(weight.numel() for weight in plain)
    embedding = 0 if model.config.tied_embeddings else model.embed.weight.numel()  # of which one row is read
    every = sum(weight.numel() for weight in model.parameters()) - embedding
    helps = rounded >= LEAST_WEIGHTS and rounded >= LEAST_SHARE * every
    exact = all(weight.dtype == torch.float32 and weight.device.type == "cpu" for weight in plain)
    return (
        Draft(model) if helps and exact and _fits(model.unembedding) and hasattr(torch, "_weight_int8pack_mm") else None
    )
