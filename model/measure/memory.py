"""What a model costs to hold: bytes of cache, and parameters, by formula alone.

No weight is ever made here, so the largest published model costs as little to ask about as
the smallest.  The formulas follow the modules they describe, and tests hold them equal to
`sum(p.numel())` of the real `Transformer` and to `nbytes` of the real caches.

H query heads, K key/value heads, Dh head width, Dn and Dr its unrotated and rotated part (MLA),
Dv value width, R kv latent, Rq query latent, D model width, F hidden width, E experts,
k chosen per token, V vocabulary, L layers.
Units: 1 KB = 1000 B, 1 GB = 1000^3 B, always.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..config import DenseConfig, GQAConfig, MLAConfig, ModelConfig
from ..errors import BadInput

BITS = {"fp32": 32, "bf16": 16, "fp16": 16, "fp8": 8, "int8": 8, "int4": 4}
"""Bits of one number.  The scales that fp8, int8 and int4 store beside the numbers are not counted."""

ACTIVE_MEANS = (
    "Active = the weights that compute with one token: all but the experts not chosen, and of an embedding table "
    "only the row that is looked up (as DeepSeek counts: 36.6B for V3, output head included)."
)

PARTS = ("embedding", "attention", "dense feed-forward", "router", "experts", "shared experts", "norms", "unembedding")
"""Where parameters live; "embedding" includes learned positions, "norms" those inside attention."""


def bits_of(dtype: str) -> int:
    """Bits of one number of `dtype`, one of `BITS`.

    Raises:
        BadInput: "unknown_dtype".
    """
    if dtype not in BITS:
        known = ", ".join(BITS)
        raise BadInput(
            "unknown_dtype", f"There is no data type {dtype!r} here: use one of {known}.", dtype=dtype, known=known
        )
    return BITS[dtype]


def bytes_of(count: int, dtype: str) -> int:
    """Bytes of `count` numbers of `dtype`, rounded up to whole bytes."""
    return -(-count * bits_of(dtype) // 8)


# ---------------------------------------------------------------- cache


def elements_per_layer(attention: GQAConfig | MLAConfig) -> int:
    """Numbers that one token adds to the cache of one layer (DeepSeek-V2 report, Table 1).

    MHA, GQA, MQA   K (Dh + Dv)    a key and a value for each key/value head
    MLA             R + Dr         one latent and one rotated key part for all heads
    """
    if isinstance(attention, MLAConfig):
        return attention.kv_lora_rank + attention.qk_rope_head_dim
    return attention.n_kv_heads * (attention.head_dim + attention.value_dim)


def elements_per_token(config: ModelConfig) -> int:
    """Numbers that one token adds to the cache, all layers together."""
    return sum(elements_per_layer(config.attention_at(layer)) for layer in range(config.n_layers))


def cache_bytes(config: ModelConfig, context: int, batch: int = 1, dtype: str = "bf16", *, rolling: bool = True) -> int:
    """Bytes of cache for `batch` sequences of `context` tokens.

    Args:
        rolling: hold no more than the window in each layer that has one (Mistral 7B, arXiv 2310.06825,
            section 2).  False: all tokens, as our own `KeyValueCache` does.

    Raises:
        BadInput: "bad_count" for a context or batch below 1, "unknown_dtype".
    """
    _require_positive("context", context)
    _require_positive("batch", batch)
    held = tokens_held(config, context) if rolling else [context] * config.n_layers
    elements = sum(elements_per_layer(config.attention_at(layer)) * held[layer] for layer in range(config.n_layers))
    return bytes_of(elements * batch, dtype)


def tokens_held(config: ModelConfig, context: int) -> list[int]:
    """Tokens of `context` that the cache of each layer has to hold: a layer with a window holds no more."""
    windows = (config.attention_at(layer).sliding_window for layer in range(config.n_layers))
    return [min(context, window or context) for window in windows]


@dataclass(frozen=True)
class Baseline:
    """What another attention with the same heads, widths and layers would cache."""

    name: str
    elements_per_token: int


def grouped_elements(config: ModelConfig, n_kv_heads: int) -> int:
    """Numbers per token that GQA with `n_kv_heads` heads would cache in `config`'s shape.

    MLA's shape is taken with the widths of a plain head: keys of Dn = `qk_nope_head_dim`, values of Dv.
    """
    attention = config.attention
    key = attention.qk_nope_head_dim if isinstance(attention, MLAConfig) else attention.head_dim
    return config.n_layers * n_kv_heads * (key + attention.value_dim)


def baselines(config: ModelConfig) -> list[Baseline]:
    """What `config`'s cache is compared with, every one named in full; its own kind is left out.

    For MLA "MHA of its own shape" is ambiguous, so both readings are here: plain heads (keys
    of Dn, values of Dv), and the un-absorbed cache of the reference code (keys of Dn + Dr).
    """
    attention, H = config.attention, config.attention.n_heads
    found = []
    if isinstance(attention, MLAConfig):
        Dn, Dh, Dv = attention.qk_nope_head_dim, attention.head_dim, attention.value_dim
        widths = f"K = V = {Dv}" if Dn == Dv else f"K = {Dn}, V = {Dv}"
        found.append(Baseline(f"MHA of its own shape: {H} heads, {widths}", grouped_elements(config, H)))
        found.append(Baseline(f"MLA un-absorbed: {H} heads, K = {Dh}, V = {Dv}", config.n_layers * H * (Dh + Dv)))
        own = None
    else:
        own = attention.n_kv_heads
        if own < H:
            found.append(
                Baseline(f"MHA of its own shape: {H} heads of {attention.head_dim}", grouped_elements(config, H))
            )
    if H > 8 and H % 8 == 0 and own != 8:
        found.append(Baseline("GQA of its own shape: 8 groups", grouped_elements(config, 8)))
    if H > 1 and own != 1:
        found.append(Baseline("MQA of its own shape: 1 group", grouped_elements(config, 1)))
    return found


# ---------------------------------------------------------------- parameters


@dataclass(frozen=True)
class Count:
    """Parameters of a part: all of them, and those that work for one token."""

    total: int = 0
    active: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.total + other.total, self.active + other.active)

    @classmethod
    def all_active(cls, total: int) -> Count:
        """A part of which every parameter works for every token."""
        return cls(total, total)


def sum_counts(counts: Iterable[Count]) -> Count:
    """Add counts up."""
    return sum(counts, Count())


def attention_parameters(config: ModelConfig, layer: int = 0) -> int:
    """Parameters of one layer's attention, without the norms inside it."""
    attention, D = config.attention_at(layer), config.d_model
    H = attention.n_heads
    if isinstance(attention, MLAConfig):
        R, Rq, Dr = attention.kv_lora_rank, attention.q_lora_rank, attention.qk_rope_head_dim
        Dn, Dv = attention.qk_nope_head_dim, attention.v_head_dim
        queries = (Rq or D) * H * (Dn + Dr) + (D * Rq if Rq else 0)
        keys_values = D * (R + Dr) + R * H * (Dn + Dv)
        return queries + keys_values + H * Dv * D
    qkv = (H + 2 * attention.n_kv_heads) * attention.head_dim
    sinks = H if attention.sinks else 0
    return qkv * (D + attention.qkv_bias) + (H * attention.head_dim + attention.out_bias) * D + sinks


def norm_parameters(config: ModelConfig, layer: int = 0) -> int:
    """Parameters of one layer's norms: two of the stream, or four, and those inside attention."""
    attention = config.attention_at(layer)
    stream = (4 if config.norm_placement == "both" else 2) * _norm_width(config)
    if isinstance(attention, MLAConfig):
        return stream + attention.kv_lora_rank + (attention.q_lora_rank or 0)
    heads = attention.n_heads + attention.n_kv_heads if attention.qk_norm_over == "projection" else 2
    return stream + (heads * attention.head_dim if attention.qk_norm else 0)


def dense_parameters(width: int, dense: DenseConfig) -> int:
    """Parameters of a dense feed-forward network on a stream of `width`."""
    up = (1 + dense.gated) * dense.hidden
    return width * (up + dense.hidden) + (up + width if dense.bias else 0)


def layer_parameters(config: ModelConfig, layer: int) -> dict[str, Count]:
    """Parameters of one layer by part (those of `PARTS` that it has).

    DeepSeek-V3's selection bias is not counted: no gradient moves it (a buffer in our modules).
    """
    D = config.d_model
    parts = {"attention": Count.all_active(attention_parameters(config, layer))}
    moe = config.feed_forward_at(layer)
    if isinstance(moe, DenseConfig):
        parts["dense feed-forward"] = Count.all_active(dense_parameters(D, moe))
    else:
        expert = dense_parameters(D, moe.expert)
        parts["router"] = Count.all_active(moe.n_routed_experts * (D + moe.router_bias))
        parts["experts"] = Count(moe.n_routed_experts * expert, moe.num_experts_per_tok * expert)
        if moe.shared is not None:
            parts["shared experts"] = Count.all_active(dense_parameters(D, moe.shared) + (D if moe.shared_gate else 0))
    parts["norms"] = Count.all_active(norm_parameters(config, layer))
    return parts


def parameters_by_part(config: ModelConfig) -> dict[str, Count]:
    """Parameters of the whole model by part, in the order of `PARTS`; parts it does not have are absent.

    A tied model has one matrix for both ends; it is counted once, as "embedding", and all of it
    works for every token, because every row meets the stream at the output.
    """
    D, V = config.d_model, config.vocab_size
    parts = {"embedding": Count.all_active(V * D) if config.tied_embeddings else Count(V * D, D)}
    if config.positions == "learned":
        parts["embedding"] += Count(config.context * D, D)
    for layer in range(config.n_layers):
        for name, count in layer_parameters(config, layer).items():
            parts[name] = parts.get(name, Count()) + count
    parts["norms"] += Count.all_active(_norm_width(config))
    if not config.tied_embeddings:
        parts["unembedding"] = Count.all_active(V * D)
    return {name: parts[name] for name in PARTS if name in parts}


def count_parameters(config: ModelConfig) -> Count:
    """Parameters of the whole model, total and active per token (see `ACTIVE_MEANS`)."""
    return sum_counts(parameters_by_part(config).values())


def active_with_tables(config: ModelConfig) -> int:
    """Active parameters when whole embedding tables are counted, as for Mixtral's 12.9B and Qwen3's 3.3B."""
    table = parameters_by_part(config)["embedding"]
    return count_parameters(config).active + table.total - table.active


def _norm_width(config: ModelConfig) -> int:
    return config.d_model * (2 if config.norm == "layer" else 1)  # LayerNorm has a bias beside its gain


# ---------------------------------------------------------------- what fits


@dataclass(frozen=True)
class Fit:
    """How much of a memory the weights take, and how many requests fit in the rest."""

    weight_bytes: int
    request_bytes: int  # cache of one request
    free_bytes: int  # beside the weights; negative where they alone do not fit
    requests: int


def requests_that_fit(
    config: ModelConfig, memory_bytes: int, context: int, *, weights: str = "bf16", cache: str = "bf16"
) -> Fit:
    """How many requests of `context` tokens fit in `memory_bytes` beside the weights.

    An upper bound: activations and the runtime's own memory are not counted.

    Raises:
        BadInput: "bad_count" for a memory or context below 1, "unknown_dtype".
    """
    _require_positive("memory", memory_bytes)
    weight_bytes = bytes_of(count_parameters(config).total, weights)
    request_bytes = cache_bytes(config, context, dtype=cache)
    free = memory_bytes - weight_bytes
    return Fit(weight_bytes, request_bytes, free, max(0, free // request_bytes))


def _require_positive(name: str, value: int) -> None:
    if value < 1:
        raise BadInput("bad_count", f"{name} must be at least 1, not {value}.", name=name, value=value)
