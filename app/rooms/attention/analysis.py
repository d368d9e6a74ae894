"""Attention as the attention page shows it: one head's stages and weighted sum, and the heads of a layer together.

T tokens (queries), S = T keys, H heads, K key/value heads, Dh head width, Dv value width, D width, R latent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from model import LanguageModel, MLAConfig, Trace
from model.norm import LayerNorm


@dataclass(frozen=True)
class HeadStages:
    """What one head computed."""

    dot: np.ndarray  # (T, S) every query times every key
    pattern: np.ndarray  # (T, S) softmax of each row of the scores
    mask: np.ndarray  # (T, S) bool, True where a query may look
    query: np.ndarray  # (T, Dh)
    key: np.ndarray  # (T, Dh) of the key head that this head shares
    value: np.ndarray  # (T, Dv)
    result: np.ndarray  # (T, Dv) the values summed with the pattern's weights
    scale: float
    key_head: int  # which key/value head this head meets
    key_heads: int  # K
    cap: float | None  # scaled scores s become cap tanh(s / cap) (Gemma 2)
    sink: float | None  # a score that every row's softmax has beside those of the keys (GPT-OSS)
    rest: np.ndarray  # (T,) what each row gives to the sink

    @property
    def scores(self) -> np.ndarray:
        """(T, S): dot * scale (capped where the layer does so), minus infinity where masked."""
        scaled = self.dot * np.float32(self.scale)
        capped = scaled if self.cap is None else np.float32(self.cap) * np.tanh(scaled / np.float32(self.cap))
        return np.where(self.mask, capped, np.float32("-inf"))


def head_stages(trace: Trace, layer: int, head: int, pattern: np.ndarray) -> HeadStages:
    """The four stages of `head` in `layer`, and their operands.

    Args:
        pattern: (H, T, S), the layer's, which the page has computed already for the thumbnails.
    """
    query, key, value = trace.query(layer), trace.key(layer), trace.value(layer)
    heads, key_heads = query.shape[1], key.shape[1]
    shared = head * key_heads // heads
    attention = trace.config.attention_at(layer)
    return HeadStages(
        dot=query[:, head] @ key[:, shared].T,
        pattern=pattern[head],
        mask=trace.mask(layer),
        query=query[:, head],
        key=key[:, shared],
        value=value[:, head * value.shape[1] // heads],
        result=trace[f"blocks.{layer}.attn.hook_z"][:, head],
        scale=float(trace.scale(layer)),
        key_head=shared,
        key_heads=key_heads,
        cap=attention.score_cap,
        sink=float(trace[f"blocks.{layer}.attn.hook_sinks"][head]) if attention.sinks else None,
        rest=trace.sink_pattern(layer)[head] if attention.sinks else np.zeros(len(trace.ids), np.float32),
    )


@dataclass(frozen=True)
class WeightedSum:
    """How one query's z comes about, the largest contribution first; n keys that it may look at."""

    keys: np.ndarray  # (n,) positions
    weights: np.ndarray  # (n,)
    lengths: np.ndarray  # (n,) of the value vectors
    terms: np.ndarray  # (n, Dv) weight * value
    hooked: np.ndarray  # (Dv,) z as the model computed it

    @property
    def contributions(self) -> np.ndarray:
        """(n,): weight times the value's length, the length of the term."""
        return self.weights * self.lengths

    @property
    def sums(self) -> np.ndarray:
        """(n, Dv): the sum of each term and those before it; the last is z."""
        return self.terms.cumsum(0)

    @property
    def difference(self) -> float:
        """The largest difference between the sum of the terms and z as the model computed it."""
        return float(np.abs(self.terms.sum(0) - self.hooked).max())


def weighted_sum(stages: HeadStages, query: int) -> WeightedSum:
    """The terms of the sum that the token at `query` receives."""
    keys = np.flatnonzero(stages.mask[query])
    weights, values = stages.pattern[query, keys], stages.value[keys]
    lengths = np.linalg.norm(values, axis=-1)
    order = np.argsort(-weights * lengths, kind="stable")
    return WeightedSum(
        keys[order],
        weights[order],
        lengths[order],
        (weights[:, None] * values)[order],
        stages.result[query],
    )


@dataclass(frozen=True)
class Together:
    """What all heads of a layer give one token, and what the output projection makes of it."""

    z: np.ndarray  # (H, Dv)
    out: np.ndarray  # (H, D): each head's part of the projection
    bias: np.ndarray | None  # (D,) of the projection
    total: np.ndarray  # (D,) what attention adds to the stream, as the model computed it
    pushes: np.ndarray  # (H,) what each head adds to the logit of the token asked for, above the mean of all tokens
    bias_push: float

    @property
    def shares(self) -> np.ndarray:
        """(H,): the part of each head along `total`, as a share of it; with the bias' they sum to 1."""
        return self.out @ self.total / (self.total @ self.total)

    @property
    def sum(self) -> np.ndarray:
        """(D,): all parts and the bias."""
        return self.out.sum(0) + (0 if self.bias is None else self.bias)

    @property
    def difference(self) -> float:
        """The largest difference between the sum of the parts and what the model computed."""
        return float(np.abs(self.sum - self.total).max())


def together(lm: LanguageModel, trace: Trace, layer: int, position: int, token: int) -> Together:
    """The heads of `layer` at `position`, and how each moves the logit of `token` through the lens.

    The push is `Trace.push`, exact for the final norm held at its scale on this prompt.
    """
    z = trace[f"blocks.{layer}.attn.hook_z"][position]  # (H, Dv)
    block = lm.transformer.blocks[layer]
    weight = _array(block.attn.out.weight).reshape(-1, *z.shape)  # (D, H, Dv)
    out = np.einsum("dhv,hv->hd", weight, z)
    bias = None if block.attn.out.bias is None else _array(block.attn.out.bias)
    norm = block.ln1_post
    if norm is not None:  # linear once its scale is held, as for the final norm
        scale = trace[f"blocks.{layer}.ln1_post.hook_scale"][position]

        def normed(x: np.ndarray) -> np.ndarray:
            return (x - x.mean(-1, keepdims=True) * isinstance(norm, LayerNorm)) / scale * _array(norm.weight)

        out, bias = normed(out), None if bias is None else normed(bias)
        if isinstance(norm, LayerNorm):
            bias = _array(norm.bias) + (0 if bias is None else bias)
    out, bias = out * block.residual_scale, None if bias is None else bias * block.residual_scale
    logits = trace.push(out if bias is None else np.vstack((out, bias)), position)  # (H or H + 1, V)
    pushes = logits[:, token] - logits.mean(-1)
    total = trace[f"blocks.{layer}.hook_attn_out"][position]
    return Together(z, out, bias, total, pushes[: len(out)], 0.0 if bias is None else float(pushes[-1]))


def _array(weight: Any) -> np.ndarray:
    """A weight of the model, a torch tensor, as float32."""
    return weight.detach().float().numpy()


@dataclass(frozen=True)
class ScoreParts:
    """Latent attention's dot products of one query with its n keys, part by part."""

    keys: np.ndarray  # (n,) positions
    unrotated: np.ndarray  # (n,) products of the parts that know no position
    rotated: np.ndarray  # (n,) products of the rotated parts
    dot: np.ndarray  # (n,) of the whole vectors
    latents: (
        np.ndarray
    )  # (n, R): what the cache keeps of each key, from which its unrotated part and its value are made

    @property
    def difference(self) -> float:
        """The largest difference between the two parts' sum and the whole product."""
        return float(np.abs(self.unrotated + self.rotated - self.dot).max())


def score_parts(trace: Trace, layer: int, stages: HeadStages, query: int) -> ScoreParts:
    """The two parts of the products of `stages`' head, for the token at `query`."""
    attention = trace.config.attention_at(layer)
    assert isinstance(attention, MLAConfig)
    keys = np.flatnonzero(stages.mask[query])
    q, k, width = stages.query[query], stages.key[keys], attention.qk_nope_head_dim
    return ScoreParts(
        keys,
        k[:, :width] @ q[:width],
        k[:, width:] @ q[width:],
        stages.dot[query, keys],
        trace[f"blocks.{layer}.attn.hook_kv_latent"][keys],
    )
