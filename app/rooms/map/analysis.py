"""What the map shows of a model, and of one prompt's way through it.

T tokens, D width, L layers, F hidden width, E experts, k chosen, V vocabulary, P rotating pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from model import DenseConfig, MLAConfig, MoEConfig, RopeConfig, Trace
from model.capture import HookPoint
from model.config import ModelConfig
from model.rope import frequencies
from model.transformer import Transformer

ADD = "add"  # the two places where a block adds to the residual stream: "add1", "add2"


def parts(block: Any) -> list[str]:
    """The parts of a `Block` in the order of a token's way: its modules by name, and "add1", "add2" for the sums.

    Read from the block itself, so norms that stand after a part or before it are drawn where they stand.
    In a `parallel` block both parts read the stream that enters, so there is one sum, "add2", at the end.
    """
    names = [name for name, child in block.named_children() if not isinstance(child, HookPoint)]
    second = names.index("ln2" if "ln2" in names else "mlp")
    return [*names[:second], *([] if block.parallel else [f"{ADD}1"]), *names[second:], f"{ADD}2"]


def parameters(transformer: Transformer) -> dict[str, int]:
    """Learned numbers of each box of the map: "embed", "blocks.3.attn" ..., each counted once."""
    counts: dict[str, int] = {}
    for name, weight in transformer.named_parameters():
        steps = name.split(".")
        box = ".".join(steps[: 3 if steps[0] == "blocks" else 1])
        counts[box] = counts.get(box, 0) + weight.numel()
    return counts


def shapes(config: ModelConfig, tokens: int, layer: int) -> dict[str, dict[str, int]]:
    """The shape of what leaves each box, by letter: ``{"T": 7, "D": 256}``; block parts for `layer`."""
    stream = {"T": tokens, "D": config.d_model}
    attention, network = config.attention_at(layer), config.feed_forward_at(layer)
    return {
        "tokens": {"T": tokens},
        "embed": stream,
        "positions": stream if config.positions == "learned" else {"T": tokens, "Dr": rotating(config)[1]},
        "blocks": {"L": config.n_layers} | stream,
        "norm": stream,
        "attn": {"H": attention.n_heads, "T": tokens, "S": tokens},
        "mlp": {"T": tokens, "F": network.hidden}
        if isinstance(network, DenseConfig)
        else {"T": tokens, "k": network.num_experts_per_tok, "E": network.n_routed_experts},
        ADD: stream,
        "ln_final": stream,
        "output": {"T": tokens, "V": config.vocab_size},
        "softmax": {"T": tokens, "V": config.vocab_size},
    }


@dataclass(frozen=True)
class Kinds:
    """What distinguishes this model's parts, as names that the field uses."""

    attention: str  # "MLA", "GQA" ...
    heads: int
    key_heads: int | None  # None: latents instead of key/value heads
    feed_forward: str  # of the layer asked about: "SwiGLU", "GELU", "MoE" ...
    experts: tuple[int, int, int] | None  # routed, chosen, shared
    norm: str  # "RMSNorm" or "LayerNorm"
    positions: str  # "rope" or "learned"
    tied: bool


def kinds(config: ModelConfig, layer: int) -> Kinds:
    """The kinds of parts in `layer` of a model."""
    attention, network = config.attention_at(layer), config.feed_forward_at(layer)
    experts = None
    if isinstance(network, MoEConfig):
        experts = (network.n_routed_experts, network.num_experts_per_tok, network.n_shared_experts)
    return Kinds(
        attention=attention.kind,
        heads=attention.n_heads,
        key_heads=None if isinstance(attention, MLAConfig) else attention.n_kv_heads,
        feed_forward=network.kind,
        experts=experts,
        norm={"rms": "RMSNorm", "layer": "LayerNorm"}[config.norm],
        positions=config.positions,
        tied=config.tied_embeddings,
    )


def shrink(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """(r, c), r = min(R, rows), c = min(C, columns): a matrix (R, C) made small.

    A small cell has the number of the largest size among those it stands for: nothing weighty gets lost.
    """
    for axis, limit in ((0, rows), (1, columns)):
        size = values.shape[axis]
        if size > limit:
            starts = np.arange(limit) * size // limit
            low, high = (reduce.reduceat(values, starts, axis=axis) for reduce in (np.minimum, np.maximum))
            values = np.where(high >= -low, high, low)
    return values


def window(total: int, rows: int, position: int) -> int:
    """Index of the first of at most `rows` of `total` rows, with `position` among them, in the middle if it can be."""
    return max(0, min(position - rows // 2, total - rows))


def strip(values: np.ndarray, places: int) -> np.ndarray:
    """(n,), n = min(N, places): a vector (N,) made small as by `shrink`."""
    return shrink(values[None], 1, places)[0]


def rotating(config: ModelConfig) -> tuple[RopeConfig, int]:
    """How queries and keys rotate in the first layer that rotates them, and the rotated width, Dr.

    Raises:
        ValueError: for a model without rotary positions.
    """
    for layer in range(config.n_layers):
        rope = config.rope_at(layer)
        if rope is not None:
            return rope, config.attention_at(layer).rope_dim
    raise ValueError("No layer of this model rotates its queries and keys.")


def hands(config: ModelConfig, position: int, pairs: int) -> np.ndarray:
    """(n,) radians in 0..2 pi: the angles of n = min(P, `pairs`) of RoPE's pairs at `position`, fastest first."""
    each = frequencies(*rotating(config)).numpy()
    chosen = each[np.linspace(0, len(each) - 1, min(len(each), pairs)).round().astype(int)]
    return (position * chosen) % (2 * np.pi)


def histogram(logits: np.ndarray, bins: int) -> np.ndarray:
    """(bins,) shares of the vocabulary with a logit in each of `bins` equal steps from the lowest to the highest."""
    return np.histogram(logits, bins=bins)[0] / len(logits)


@dataclass(frozen=True)
class Walk:
    """One token's way through the layers; every array has one row for each of L layers."""

    before: np.ndarray  # (L,) length of the residual stream that enters the layer
    attention: np.ndarray  # (L,) length of what attention adds
    middle: np.ndarray  # (L,) length of the stream between the two parts
    feed_forward: np.ndarray  # (L,) length of what the feed-forward part adds
    after: np.ndarray  # (L,) length of the stream that leaves
    best: np.ndarray  # (L,) id that the model would say if it stopped here
    probability: np.ndarray  # (L,) of that
    experts: tuple[tuple[tuple[int, float], ...], ...]  # (L, k) chosen, best first, with their weights; () where dense


def walk(trace: Trace, position: int) -> Walk:
    """The way of the token at `position` through all layers."""
    layers = range(trace.config.n_layers)

    def lengths(hook: str) -> np.ndarray:
        return np.linalg.norm(np.stack([trace[f"blocks.{i}.{hook}"][position] for i in layers]), axis=-1)

    logits = trace.lens_at(position).astype(np.float64)  # (L, V)
    best = logits.argmax(-1)
    top = logits.max(-1, keepdims=True)
    return Walk(
        before=lengths("hook_resid_pre"),
        attention=lengths("hook_attn_out"),
        middle=lengths("hook_resid_mid"),
        feed_forward=lengths("hook_mlp_out"),
        after=lengths("hook_resid_post"),
        best=best,
        probability=1 / np.exp(logits - top).sum(-1),
        experts=tuple(_chosen(trace, layer, position) for layer in layers),
    )


def _chosen(trace: Trace, layer: int, position: int) -> tuple[tuple[int, float], ...]:
    name = f"blocks.{layer}.mlp.hook_expert_indices"
    if name not in trace:
        return ()
    weights = trace[f"blocks.{layer}.mlp.hook_expert_weights"][position]
    return tuple(zip(trace[name][position].tolist(), weights.tolist(), strict=True))


def load(trace: Trace, layer: int) -> np.ndarray | None:
    """(E,) how many of the prompt's tokens each expert of `layer` was chosen by; None where the layer is dense."""
    network = trace.config.feed_forward_at(layer)
    if isinstance(network, DenseConfig):
        return None
    chosen = trace[f"blocks.{layer}.mlp.hook_expert_indices"]
    return np.bincount(chosen.ravel(), minlength=network.n_routed_experts)
