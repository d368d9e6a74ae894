"""Models small enough to learn while a class watches: two sizes, two kinds of attention, two of network.

Names are ``<size>-<attention>-<network>``, such as "small-mla-moe".  Built from the same parts as the
storytellers, with a small tokenizer of the text's own: a thousand tokens are learned sooner than eight thousand.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch

from ..config import DenseConfig, GQAConfig, MLAConfig, ModelConfig, MoEConfig
from ..transformer import Transformer
from .recipes import Schedule

VOCABULARY = 1024  # tokens of the tokenizer
CONTEXT = 256  # tokens a sequence
BATCH = 4  # sequences a step


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a model is, and how long and fast it learns."""

    width: int  # D
    layers: int
    heads: int
    steps: int
    rate: float  # the highest


# Measured on assets/texts/en-stories.txt.xz, watched, one core of an AMD EPYC: "small" takes 62 s with multi-head
# attention and a dense network, 109 s with latent attention and experts, and ends at 2.15 and 2.09 bits per byte of the
# held-out text; the 5-gram model has 1.96 there, xz -9 3.04.  "medium" takes five to ten minutes and beats the 5-gram
# model: 1.81 against 1.91 on the first megabyte.
SIZES = {
    "small": Size(width=64, layers=2, heads=2, steps=1400, rate=1e-2),
    "medium": Size(width=128, layers=3, heads=4, steps=2400, rate=6e-3),
}
ATTENTION = ("mha", "mla")
NETWORKS = ("dense", "moe")

_SAID = {
    "mha": "multi-head attention",
    "mla": "latent attention",
    "dense": "a dense SwiGLU network",
    "moe": "mixture of experts",
}


def _config(size: Size, attention: str, network: str) -> ModelConfig:
    D, H = size.width, size.heads
    head = D // H
    return ModelConfig(
        vocab_size=VOCABULARY,
        d_model=D,
        n_layers=size.layers,
        context=CONTEXT,
        attention=GQAConfig(n_heads=H, n_kv_heads=H, head_dim=head)
        if attention == "mha"
        else MLAConfig(
            n_heads=H, kv_lora_rank=D // 4, qk_nope_head_dim=head, qk_rope_head_dim=head // 2, v_head_dim=head
        ),
        # A token meets as much of the network either way: two chosen experts and the shared one, each of D.
        feed_forward=DenseConfig(hidden=3 * D)
        if network == "dense"
        else MoEConfig(
            n_routed_experts=8, num_experts_per_tok=2, moe_intermediate_size=D, n_shared_experts=1, selection_bias=True
        ),
    )


def name_of(size: str, attention: str, network: str) -> str:
    """The name of that one of `CONFIGS`."""
    return f"{size}-{attention}-{network}"


CONFIGS = {
    name_of(size, attention, network): _config(SIZES[size], attention, network)
    for size in SIZES
    for attention in ATTENTION
    for network in NETWORKS
}
DESCRIPTIONS = {
    name_of(size, attention, network): f"{size}: {_SAID[attention]}, {_SAID[network]}; trained while somebody watched"
    for size in SIZES
    for attention in ATTENTION
    for network in NETWORKS
}


def schedule(name: str) -> Schedule:
    """How that one of `CONFIGS` is trained where nobody says otherwise."""
    size = SIZES[name.split("-")[0]]
    tokens = size.steps * BATCH * CONTEXT
    return Schedule(tokens=tokens, batch=BATCH, length=CONTEXT, rate=size.rate, warm_up=50, lines=1, again=1)


@cache
def parameters(name: str) -> int:
    """Learned numbers of that one of `CONFIGS`, on a text that fills its vocabulary."""
    with torch.device("meta"):
        return sum(weight.numel() for weight in Transformer(CONFIGS[name]).parameters())
