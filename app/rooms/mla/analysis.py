"""Latent attention and caches: the absorbed form, bytes that grow, and what a lower rank loses.

T tokens (queries), S = T keys, H heads, K key/value heads, L layers, R kv latent, Dn and Dr
unrotated and rotated part of a head, Dh head width, Dv value width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from model import GQAConfig, LanguageModel, MLAConfig, ModelConfig, Step, Trace
from model.attention import MultiHeadLatentAttention
from model.cache import make_cache
from model.generate import next_logits
from model.measure.memory import (
    Fit,
    cache_bytes,
    elements_per_layer,
    elements_per_token,
    grouped_elements,
    requests_that_fit,
)

# ---------------------------------------------------------------- the absorbed form


@dataclass(frozen=True)
class Absorbed:
    """Attention of one MLA layer computed in latent space, beside what the model computed from expanded keys."""

    query: np.ndarray  # (T, H, R + Dr): W_uk moved into q_nope, beside q_pe
    key: np.ndarray  # (T, R + Dr): latent and rotated key part, one for all heads: the cache itself
    scores: np.ndarray  # (H, T, S) scaled, minus infinity where masked
    z: np.ndarray  # (T, H, Dv)
    score_gap: float  # largest difference of a score from the expanded form's
    z_gap: float  # the same of an entry of z


def absorbed(lm: LanguageModel, trace: Trace, layer: int) -> Absorbed:
    """The absorbed form on this prompt's tensors, with the layer's own weights (DeepSeek-V2 report, section 2.1.2).

    q_nope . (W_uk c) = (W_uk^T q_nope) . c, so the keys of the heads need never be computed.

    Raises:
        ValueError: if the model has no latent attention.
    """
    attention = lm.config.attention
    if not isinstance(attention, MLAConfig):
        raise ValueError(f"{lm.name} has {attention.kind}: only MLA can be absorbed.")
    H, Dn, Dv = attention.n_heads, attention.qk_nope_head_dim, attention.v_head_dim
    name = f"blocks.{layer}.attn"
    layer_attention = lm.transformer.blocks[layer].attn
    if not isinstance(layer_attention, MultiHeadLatentAttention):
        raise ValueError(f"Layer {layer} of {lm.name} has no latent attention.")
    weight = layer_attention.kv_up.weight.float().numpy().reshape(H, Dn + Dv, -1)
    q, latent = trace[f"{name}.hook_q"], trace[f"{name}.hook_kv_latent"]  # (T, H, Dn + Dr), (T, R)
    query = np.concatenate([np.einsum("thn,hnr->thr", q[..., :Dn], weight[:, :Dn]), q[..., Dn:]], axis=-1)
    key = np.concatenate([latent, trace[f"{name}.hook_rot_k"][:, 0]], axis=-1)  # (T, R + Dr)
    mask = trace.mask(layer)
    scores = np.where(mask, np.einsum("thr,sr->hts", query, key) * trace.scale(layer), np.float32("-inf"))
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = np.einsum("hts,sr->thr", weights / weights.sum(-1, keepdims=True), latent)  # (T, H, R)
    z = np.einsum("thr,hvr->thv", mixed, weight[:, Dn:])
    gap = np.abs(scores[:, mask] - trace.scores(layer)[:, mask])
    return Absorbed(query, key, scores, z, float(gap.max()), float(np.abs(z - trace[f"{name}.hook_z"]).max()))


# ---------------------------------------------------------------- the cache, measured


@dataclass(frozen=True)
class CacheBytes:
    """Bytes in real caches at the moment when a token was chosen."""

    length: int  # tokens read by then
    model: int
    twin: int | None  # None where there is no twin


def number_bytes(lm: LanguageModel) -> int:
    """Bytes of one number in `lm`'s cache: those it computes with."""
    return lm.transformer.embed.weight.element_size()


def prompt_cache_bytes(lm: LanguageModel, twin: LanguageModel | None, ids: list[int]) -> CacheBytes:
    """The caches after the prompt alone."""
    return CacheBytes(len(ids), _read(lm, ids), None if twin is None else _read(twin, ids))


def _read(lm: LanguageModel, ids: list[int]) -> int:
    cache = make_cache(lm.config)
    next_logits(lm, ids, cache)
    return cache.nbytes


def growth(steps: Iterable[Step], twin: LanguageModel | None, ids: list[int]) -> Iterator[tuple[Step, CacheBytes]]:
    """Each step of a generation from `ids`, with what the model's cache and its twin's held when it was chosen.

    The twin reads the same tokens, whatever it would have written itself.
    """
    cache = None if twin is None else make_cache(twin.config)
    unread, length = list(ids), len(ids)
    for step in steps:
        twin_bytes = None
        if twin is not None and cache is not None:
            next_logits(twin, unread, cache)
            twin_bytes = cache.nbytes
        yield step, CacheBytes(length, step.cache_nbytes, twin_bytes)
        unread, length = [step.id], length + 1


@dataclass(frozen=True)
class Kind:
    """An attention in the shape of a model: what one token adds to its cache, by formula."""

    name: str  # "MHA", "GQA", "MQA" or "MLA"
    groups: int | None  # key/value heads; None for MLA
    elements: int  # per token, all layers
    of_model: bool  # whether it is the model's own


def kinds(config: ModelConfig) -> list[Kind]:
    """The model's own attention, and MHA, GQA and MQA of the same heads, widths and layers; the largest first.

    GQA is taken with a quarter of the heads as groups, or as near to that as divides them,
    unless the model's own is GQA.
    """
    attention = config.attention
    own_groups = attention.n_kv_heads if isinstance(attention, GQAConfig) else None
    result = [Kind(attention.kind, own_groups, elements_per_token(config), True)]
    for name, groups in {"MHA": attention.n_heads, "GQA": _quarter(attention.n_heads), "MQA": 1}.items():
        if groups and name != attention.kind and groups != own_groups:
            result.append(Kind(name, groups, grouped_elements(config, groups), False))
    return sorted(result, key=lambda kind: -kind.elements)


def _quarter(heads: int) -> int | None:
    between = [groups for groups in range(2, heads) if heads % groups == 0]
    return min(between, key=lambda groups: (abs(groups - heads / 4), groups), default=None)


# ---------------------------------------------------------------- at real size


@dataclass(frozen=True)
class Shape:
    """What decides a cache's size, for all four kinds of attention at once."""

    layers: int
    heads: int
    head_dim: int
    groups: int  # of GQA
    latent: int  # R of MLA
    rope: int  # Dr of MLA


def shape_of(config: ModelConfig) -> Shape:
    """The shape of a published model.

    A latent that it does not have is as wide as DeepSeek-V2 chose it: R = 4 Dh, Dr = Dh / 2 (section 3.1.2).
    """
    attention, L = config.attention, config.n_layers
    if isinstance(attention, MLAConfig):
        return Shape(
            L,
            attention.n_heads,
            attention.v_head_dim,
            _near_eight(attention.n_heads),
            attention.kv_lora_rank,
            attention.qk_rope_head_dim,
        )
    H, Dh, K = attention.n_heads, attention.head_dim, attention.n_kv_heads
    return Shape(L, H, Dh, K if 1 < K < H else _near_eight(H), 4 * Dh, Dh // 2 + Dh // 2 % 2)


def _near_eight(heads: int) -> int:
    """Groups of GQA where the model names none: 8, as Llama 3 and Qwen2.5 have, or the divisor nearest to it."""
    return min((groups for groups in range(1, heads + 1) if heads % groups == 0), key=lambda groups: abs(groups - 8))


def in_shape(config: ModelConfig, shape: Shape) -> dict[str, ModelConfig]:
    """`config` with each kind of attention in that shape: "MHA", "GQA", "MQA", "MLA".

    In its published shape the model's own kind is the model itself, with the windows that its layers have.

    Raises:
        BadInput: "bad_config" where the heads cannot be grouped so.
    """
    ranks = config.attention.q_lora_rank if isinstance(config.attention, MLAConfig) else None
    base = replace(
        config, n_layers=shape.layers, layers=()
    )  # what a layer has of its own belongs to the published shape

    def grouped(groups: int) -> ModelConfig:
        return replace(base, attention=GQAConfig(n_heads=shape.heads, n_kv_heads=groups, head_dim=shape.head_dim))

    latent = MLAConfig(
        n_heads=shape.heads,
        q_lora_rank=ranks,
        kv_lora_rank=shape.latent,
        qk_nope_head_dim=shape.head_dim,
        qk_rope_head_dim=shape.rope,
        v_head_dim=shape.head_dim,
    )
    variants = {
        "MHA": grouped(shape.heads),
        "GQA": grouped(shape.groups),
        "MQA": grouped(1),
        "MLA": replace(base, positions="rope", attention=latent),
    }
    return variants | ({config.attention.kind: config} if shape == shape_of(config) else {})


@dataclass(frozen=True)
class Size:
    """A cache at real size."""

    name: str
    per_token: int  # bytes
    total: int  # bytes of all requests
    fit: Fit


def sizes(config: ModelConfig, shape: Shape, *, context: int, batch: int, dtype: str, memory: int) -> list[Size]:
    """Each kind of attention in that shape: its cache per token and for `batch` requests of `context` tokens.

    Also how many such requests fit in `memory` bytes beside the weights, which are counted as bf16.
    """
    return [
        Size(
            name,
            cache_bytes(variant, 1, dtype=dtype),
            cache_bytes(variant, context, batch, dtype),
            requests_that_fit(variant, memory, context, weights="bf16", cache=dtype),
        )
        for name, variant in in_shape(config, shape).items()
    ]


# ---------------------------------------------------------------- what is lost


@dataclass(frozen=True)
class Spectrum:
    """How much of a layer's keys and values of this prompt each rank explains."""

    keys: np.ndarray  # (N,) share of the squared length kept by rank 1, 2, ... N
    values: np.ndarray  # (N,)

    def lost(self, rank: int) -> tuple[float, float]:
        """Relative error of keys and of values at `rank`: |X - X_r| / |X|."""
        return _lost(self.keys, rank), _lost(self.values, rank)


def _lost(kept: np.ndarray, rank: int) -> float:
    return float(np.sqrt(max(0.0, 1 - kept[min(rank, len(kept)) - 1])))


def spectrum(trace: Trace, layer: int) -> Spectrum:
    """Singular values of the keys before rotation and of the values, all heads together: (T, K Dh) each.

    Raises:
        ValueError: for a model with latent attention.
    """
    if isinstance(trace.config.attention, MLAConfig):
        raise ValueError("Latent attention has no keys and values of its own to compress.")
    return Spectrum(*(_kept(trace[f"blocks.{layer}.attn.hook_{letter}"]) for letter in "kv"))


def _kept(rows: np.ndarray) -> np.ndarray:
    singular = np.linalg.svd(rows.reshape(len(rows), -1).astype(np.float64), compute_uv=False)
    squared = np.cumsum(singular**2)
    return squared / squared[-1]


def full_rank(config: ModelConfig, tokens: int) -> int:
    """The rank at which nothing is lost: no matrix of T rows has more."""
    attention = config.attention
    return min(tokens, attention.n_kv_heads * attention.head_dim)


def compressed_bytes(config: ModelConfig, tokens: int, rank: int, layers: int, number: int) -> tuple[int, int]:
    """Bytes of the cache for `tokens`: as it is, and with `layers` layers compressed to `rank`.

    Keys and values have that rank each; `number` is the bytes of one number.
    """
    full = elements_per_layer(config.attention)
    whole = full * config.n_layers
    compressed = full * (config.n_layers - layers) + min(full, 2 * rank) * layers
    return whole * tokens * number, compressed * tokens * number
