"""What distinguishes one transformer from another, as frozen data.

A `ModelConfig` is a trunk (width, layers, norm, positions) that holds the attention config
and the feed-forward config that most layers share; what a layer has of its own stands in
`layers`, and whoever wants to know about a layer asks `attention_at(layer)` and the like.
Everything a checkpoint says about architecture is here; weights, tokenizer and names are
not.  Each config checks itself, so a `Transformer` can be written without defensive code.

Field names follow the config.json of DeepSeek-V3 where it has the concept.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .errors import BadInput

Activation = Literal["relu", "gelu", "gelu_tanh", "silu"]


def require(condition: bool, message: str) -> None:
    """Raise `BadInput("bad_config", message)` unless `condition` holds."""
    if not condition:
        raise BadInput("bad_config", message)


@dataclass(frozen=True, kw_only=True)
class YarnScaling:
    """YaRN context extension (Peng et al. 2023, arXiv 2309.00071, section 3.4).

    Low frequencies are divided by `factor`, high ones kept, with a linear ramp between
    the dimensions that turn `beta_slow` and `beta_fast` times in `original_context`.
    """

    factor: float
    original_context: int
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    mscale: float | None = None
    mscale_all_dim: float | None = None
    attention_factor: float | None = None
    truncate: bool = True


@dataclass(frozen=True, kw_only=True)
class Llama3Scaling:
    """Frequency scaling of Llama 3.1 (its reference code, `apply_scaling`)."""

    factor: float
    low_freq_factor: float
    high_freq_factor: float
    original_context: int


@dataclass(frozen=True, kw_only=True)
class LinearScaling:
    """Position interpolation: every angle divided by `factor` (Chen et al. 2023)."""

    factor: float


@dataclass(frozen=True, kw_only=True)
class LongScaling:
    """LongRoPE (Ding et al. 2024, arXiv 2402.13753): a divisor for every pair, found by search.

    Texts of up to `original_context` tokens use `short`, longer ones `long`, for all their positions.
    """

    short: tuple[float, ...]
    long: tuple[float, ...]
    original_context: int
    attention_factor: float = 1.0  # on cosine and sine


@dataclass(frozen=True, kw_only=True)
class RopeConfig:
    """Rotary position embedding (Su et al. 2021, arXiv 2104.09864).

    `pairing` says which two entries of a head turn together: "halves" pairs i with
    i + Dh/2 (Llama on Hugging Face), "interleaved" pairs 2i with 2i + 1 (DeepSeek).
    """

    theta: float = 10_000.0
    pairing: Literal["halves", "interleaved"] = "halves"
    scaling: YarnScaling | Llama3Scaling | LinearScaling | LongScaling | None = None

    def __post_init__(self) -> None:
        require(self.theta > 0, f"rope theta must be positive, not {self.theta}.")
        require(
            self.pairing in ("halves", "interleaved"),
            f"rope pairing {self.pairing!r} is unknown: use 'halves' or 'interleaved'.",
        )


@dataclass(frozen=True, kw_only=True)
class GQAConfig:
    """Grouped-query attention; multi-head and multi-query attention are its two ends.

    MHA  n_kv_heads = n_heads      q q q q     GQA  1 < n_kv_heads      q q q q     MQA  n_kv_heads = 1   q q q q
                                   | | | |                               \\| |/                            \\ \\/ /
                                   k k k k                                k  k                               k
    """

    n_heads: int
    n_kv_heads: int
    head_dim: int
    qkv_bias: bool = False
    out_bias: bool = False
    qk_norm: bool = False  # RMSNorm of q and k before rotation: of each head by itself (Qwen3),
    qk_norm_over: Literal["head", "projection"] = "head"  # or of all heads together (OLMo 2)
    rotary_dim: int | None = None  # so many first entries of a head rotate, the others never (Pythia); None: all
    scale: float | None = None  # on the dot products; None: 1 / sqrt(head_dim)
    score_cap: float | None = None  # scores s become cap tanh(s / cap) before the mask (Gemma 2)
    sinks: bool = False  # each head has one learned score more in its softmax, which has no value (GPT-OSS)
    sliding_window: int | None = None  # a query sees itself and the window - 1 tokens before (Mistral)

    def __post_init__(self) -> None:
        for name in ("n_heads", "n_kv_heads", "head_dim"):
            require(getattr(self, name) > 0, f"{name} must be positive, not {getattr(self, name)}.")
        require(
            self.n_heads % self.n_kv_heads == 0,
            f"n_heads ({self.n_heads}) must be a multiple of n_kv_heads ({self.n_kv_heads}).",
        )
        require(
            self.sliding_window is None or self.sliding_window > 0,
            f"sliding_window must be positive, not {self.sliding_window}.",
        )
        require(
            self.rotary_dim is None or 0 < self.rotary_dim <= self.head_dim,
            f"rotary_dim ({self.rotary_dim}) must be between 1 and head_dim ({self.head_dim}).",
        )
        require(self.score_cap is None or self.score_cap > 0, f"score_cap must be positive, not {self.score_cap}.")
        require(
            self.qk_norm_over in ("head", "projection"),
            f"qk_norm_over {self.qk_norm_over!r} is unknown: use head or projection.",
        )

    @property
    def kind(self) -> str:
        """ "MHA", "GQA" or "MQA"."""
        if self.n_kv_heads == self.n_heads:
            return "MHA"
        return "MQA" if self.n_kv_heads == 1 else "GQA"

    @property
    def rope_dim(self) -> int:
        """Entries of a head that rotate, the first ones."""
        return self.head_dim if self.rotary_dim is None else self.rotary_dim

    @property
    def value_dim(self) -> int:
        """Width of one head's value, Dv."""
        return self.head_dim


@dataclass(frozen=True, kw_only=True)
class MLAConfig:
    """Multi-head latent attention (DeepSeek-V2 report, section 2.1)."""

    n_heads: int
    kv_lora_rank: int
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int
    q_lora_rank: int | None = None  # None: queries are not compressed (V2-Lite)
    latent_norm_eps: float | None = None  # of the norms of both latents; None: as the other norms

    def __post_init__(self) -> None:
        for name in ("n_heads", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"):
            require(getattr(self, name) > 0, f"{name} must be positive, not {getattr(self, name)}.")
        require(
            self.q_lora_rank is None or self.q_lora_rank > 0,
            f"q_lora_rank must be positive or absent, not {self.q_lora_rank}.",
        )

    kind = "MLA"
    sliding_window = scale = score_cap = None
    sinks = False

    @property
    def head_dim(self) -> int:
        """Width of one head's query and key: the part without position plus the rotated part."""
        return self.qk_nope_head_dim + self.qk_rope_head_dim

    @property
    def rope_dim(self) -> int:
        """Entries of a head that rotate, Dr."""
        return self.qk_rope_head_dim

    @property
    def value_dim(self) -> int:
        """Width of one head's value, Dv."""
        return self.v_head_dim


@dataclass(frozen=True, kw_only=True)
class DenseConfig:
    """Position-wise feed-forward network: down(act(up x)), or gated down(act(gate x) * up x).

    SwiGLU (Shazeer 2020, arXiv 2002.05202) is activation "silu" with `gated`.  With a `swiglu_limit`
    (GPT-OSS) the gate is clamped from above and the other factor on both sides, the gate becomes
    gate sigmoid(`swiglu_alpha` gate), and 1 is added to the other factor.
    """

    hidden: int
    activation: Activation = "silu"
    gated: bool = True
    bias: bool = False
    swiglu_limit: float | None = None
    swiglu_alpha: float = 1.0

    def __post_init__(self) -> None:
        require(self.hidden > 0, f"hidden must be positive, not {self.hidden}.")
        require(
            self.activation in ("relu", "gelu", "gelu_tanh", "silu"),
            f"activation {self.activation!r} is unknown: use relu, gelu, gelu_tanh or silu.",
        )
        require(
            self.swiglu_limit is None or (self.swiglu_limit > 0 and self.gated and self.activation == "silu"),
            f"swiglu_limit must be positive, not {self.swiglu_limit}, and belongs to a gated silu.",
        )

    @property
    def kind(self) -> str:
        """A short name such as "SwiGLU" or "GELU"."""
        plain = {"relu": "ReLU", "gelu": "GELU", "gelu_tanh": "GELU", "silu": "SiLU"}[self.activation]
        return {"SiLU": "SwiGLU", "GELU": "GEGLU", "ReLU": "ReGLU"}[plain] if self.gated else plain


@dataclass(frozen=True, kw_only=True)
class MoEConfig:
    """Mixture of experts after DeepSeekMoE (arXiv 2401.06066; V3 report, section 2.1.2).

    Every expert is a gated network of width `moe_intermediate_size`, SwiGLU unless `activation` says otherwise.
    """

    n_routed_experts: int
    num_experts_per_tok: int
    moe_intermediate_size: int
    n_shared_experts: int = 0
    shared_intermediate_size: int | None = None  # of all shared experts together; None: n_shared * moe size
    shared_gate: bool = False  # a learned sigmoid gate on the shared experts' output (Qwen2-MoE)
    activation: Activation = "silu"
    bias: bool = False  # the routed experts have biases (GPT-OSS), with the limit and slope of `DenseConfig`
    swiglu_limit: float | None = None
    swiglu_alpha: float = 1.0
    router_bias: bool = False  # the gate has a bias, which counts in scores and weights (GPT-OSS)
    scoring_func: Literal["sigmoid", "softmax"] = "sigmoid"
    selection_bias: bool = False  # V3: a bias that decides which experts, never their weights
    n_group: int = 1
    topk_group: int = 1
    group_score: Literal["top2_sum", "max"] = "top2_sum"  # V3 | V2
    norm_topk_prob: bool = True
    routed_scaling_factor: float = 1.0
    first_k_dense_replace: int = 0  # this many leading layers have a dense FFN instead
    dense_intermediate_size: int | None = None

    def __post_init__(self) -> None:
        experts, chosen, groups = self.n_routed_experts, self.num_experts_per_tok, self.n_group
        require(
            experts > 0 and self.moe_intermediate_size > 0,
            "n_routed_experts and moe_intermediate_size must be positive.",
        )
        require(
            0 < chosen <= experts, f"num_experts_per_tok ({chosen}) must be between 1 and n_routed_experts ({experts})."
        )
        require(
            groups > 0 and experts % groups == 0,
            f"n_routed_experts ({experts}) must be a multiple of n_group ({groups}).",
        )
        require(
            0 < self.topk_group <= groups, f"topk_group ({self.topk_group}) must be between 1 and n_group ({groups})."
        )
        require(
            chosen <= self.topk_group * (experts // groups),
            f"{self.topk_group} groups of {experts // groups} experts cannot supply num_experts_per_tok = {chosen}.",
        )
        require(
            self.scoring_func in ("sigmoid", "softmax"),
            f"scoring_func {self.scoring_func!r} is unknown: use sigmoid or softmax.",
        )
        require(
            self.group_score in ("top2_sum", "max"),
            f"group_score {self.group_score!r} is unknown: use top2_sum or max.",
        )
        require(
            not (groups > 1 and self.group_score == "top2_sum" and experts // groups < 2),
            "group_score top2_sum needs groups of at least two experts.",
        )
        require(
            self.first_k_dense_replace == 0 or self.dense_intermediate_size is not None,
            "leading dense layers need dense_intermediate_size.",
        )
        require(self.n_shared_experts >= 0, f"n_shared_experts must not be negative, it is {self.n_shared_experts}.")
        require(
            self.n_shared_experts > 0 or not self.shared_gate,
            "shared_gate needs n_shared_experts of at least 1: there is nothing to gate.",
        )

    kind = "MoE"

    @property
    def expert(self) -> DenseConfig:
        """One routed expert."""
        return DenseConfig(
            hidden=self.moe_intermediate_size,
            activation=self.activation,
            bias=self.bias,
            swiglu_limit=self.swiglu_limit,
            swiglu_alpha=self.swiglu_alpha,
        )

    @property
    def shared(self) -> DenseConfig | None:
        """The shared experts, side by side as one dense network; None where there are none."""
        if not self.n_shared_experts:
            return None
        hidden = self.shared_intermediate_size or self.n_shared_experts * self.moe_intermediate_size
        return DenseConfig(hidden=hidden, activation=self.activation)


@dataclass(frozen=True, kw_only=True)
class LayerConfig:
    """What one layer has of its own; None: as the whole model."""

    attention: GQAConfig | MLAConfig | None = None
    feed_forward: DenseConfig | MoEConfig | None = None
    rope: RopeConfig | None = None
    rotates: bool = True  # where it does not, nothing tells this layer the order of the tokens (SmolLM3)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A whole language model: trunk, attention and feed-forward.

    norm_placement    before: x + f(norm(x))    after: x + norm(f(x)) (OLMo 2)    both: x + norm(f(norm(x))) (Gemma 2)
    parallel          x + attention(norm(x)) + feed_forward(norm'(x)), both from the same x (Pythia)
    """

    vocab_size: int
    d_model: int
    n_layers: int
    context: int  # the longest sequence the model was made for, in tokens
    attention: GQAConfig | MLAConfig
    feed_forward: DenseConfig | MoEConfig
    norm: Literal["rms", "layer"] = "rms"
    norm_eps: float = 1e-5
    positions: Literal["rope", "learned"] = "rope"
    rope: RopeConfig = field(default_factory=RopeConfig)
    tied_embeddings: bool = True
    layers: tuple[LayerConfig, ...] = ()  # one for each layer, or none where all layers are alike
    norm_placement: Literal["before", "after", "both"] = "before"
    parallel: bool = False
    embed_scale: float = 1.0  # factor on what the embedding table holds (Gemma)
    residual_scale: float = 1.0  # factor on whatever is added to the residual stream (Granite)
    logit_scale: float = 1.0  # factor on the logits (Granite)
    logit_cap: float | None = None  # logits l become cap tanh(l / cap) (Gemma 2)

    def __post_init__(self) -> None:
        for name in ("vocab_size", "d_model", "n_layers", "context"):
            require(getattr(self, name) > 0, f"{name} must be positive, not {getattr(self, name)}.")
        require(self.norm in ("rms", "layer"), f"norm {self.norm!r} is unknown: use rms or layer.")
        require(self.positions in ("rope", "learned"), f"positions {self.positions!r} is unknown: use rope or learned.")
        require(
            math.isfinite(self.norm_eps) and self.norm_eps >= 0,
            f"norm_eps must be a small positive number, not {self.norm_eps}.",
        )
        require(
            self.norm_placement in ("before", "after", "both"),
            f"norm_placement {self.norm_placement!r} is unknown: use before, after or both.",
        )
        require(
            len(self.layers) in (0, self.n_layers),
            f"layers must describe all {self.n_layers} layers or none, not {len(self.layers)}.",
        )
        require(self.logit_cap is None or self.logit_cap > 0, f"logit_cap must be positive, not {self.logit_cap}.")
        for layer in range(self.n_layers if self.layers else 1):
            self._check_layer(self.attention_at(layer), self.rope_at(layer))

    def _check_layer(self, attention: GQAConfig | MLAConfig, rope: RopeConfig | None) -> None:
        latent = isinstance(attention, MLAConfig)
        require(latent == isinstance(self.attention, MLAConfig), "all layers must cache alike: all MLA, or none.")
        require(
            rope is None or attention.rope_dim % 2 == 0,
            f"rotary positions turn pairs: the rotated width ({attention.rope_dim}) must be even.",
        )
        require(
            rope is not None or not latent,
            "latent attention needs rotary positions: set positions to 'rope'.",
        )
        if rope is not None and isinstance(rope.scaling, LongScaling):
            pairs = attention.rope_dim // 2
            require(
                len(rope.scaling.short) == len(rope.scaling.long) == pairs,
                f"LongRoPE needs a divisor for each of the {pairs} pairs, short and long.",
            )

    # What a layer has: the one place where `layers` is read.

    def attention_at(self, layer: int) -> GQAConfig | MLAConfig:
        """The attention config of `layer`."""
        own = self.layers[layer].attention if self.layers else None
        return self.attention if own is None else own

    def feed_forward_at(self, layer: int) -> DenseConfig | MoEConfig:
        """The feed-forward config of `layer`."""
        own = self.layers[layer].feed_forward if self.layers else None
        if own is not None:
            return own
        common = self.feed_forward
        if isinstance(common, MoEConfig) and layer < common.first_k_dense_replace:
            assert common.dense_intermediate_size is not None  # MoEConfig has checked it
            return DenseConfig(hidden=common.dense_intermediate_size, activation=common.activation)
        return common

    def dense_at(self, layer: int) -> DenseConfig | None:
        """The dense feed-forward config of `layer`, or None where the layer has experts."""
        made = self.feed_forward_at(layer)
        return made if isinstance(made, DenseConfig) else None

    def rope_at(self, layer: int) -> RopeConfig | None:
        """How the queries and keys of `layer` rotate; None where they do not."""
        if self.positions != "rope" or (self.layers and not self.layers[layer].rotates):
            return None
        own = self.layers[layer].rope if self.layers else None
        return self.rope if own is None else own

    @property
    def experts(self) -> MoEConfig:
        """The config of the layers with experts.

        Raises:
            BadInput: "no_experts" for a dense model.
        """
        if isinstance(self.feed_forward, DenseConfig):
            raise BadInput("no_experts", "This model has no experts: its feed-forward networks are dense.")
        return self.feed_forward

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` reads it back to an equal config."""
        return _to_plain(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelConfig:
        """Rebuild a config from `to_dict`'s data; unknown names raise `BadInput`."""
        made = _from_plain(data)
        if not isinstance(made, cls):
            raise BadInput("bad_config", f"this describes {str(data)[:60]!r}, not a ModelConfig.")
        return made


_CLASSES = {
    c.__name__: c
    for c in (
        YarnScaling,
        Llama3Scaling,
        LinearScaling,
        LongScaling,
        RopeConfig,
        GQAConfig,
        MLAConfig,
        DenseConfig,
        MoEConfig,
        LayerConfig,
        ModelConfig,
    )
}


def _to_plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_to_plain(each) for each in value]
    if not dataclasses.is_dataclass(value):
        return value
    return {"class": type(value).__name__} | {
        f.name: _to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)
    }


def _from_plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_from_plain(each) for each in value)
    if not isinstance(value, dict):
        return value
    name = value.get("class")
    if not isinstance(name, str) or name not in _CLASSES:
        raise BadInput("bad_config", f"config class {str(name)[:60]!r} is unknown.")
    fields = {k: _from_plain(v) for k, v in value.items() if k != "class"}
    hints = get_type_hints(_CLASSES[name])
    unknown = fields.keys() - hints.keys()
    require(not unknown, f"{name} has no field {sorted(unknown)}.")
    for field_name, field_value in fields.items():
        require(_fits(field_value, hints[field_name]), f"{field_name} cannot be {str(field_value)[:60]!r}.")
    try:
        return _CLASSES[name](**fields)
    except TypeError as error:  # a missing field
        raise BadInput("bad_config", f"the config of {name} cannot be read: {error}.") from error


def _fits(value: Any, hint: Any) -> bool:
    """Whether `value` is of the type that a field's annotation `hint` names; an int is a float too."""
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:  # of any length
        return isinstance(value, tuple) and all(_fits(each, get_args(hint)[0]) for each in value)
    if hint is float:
        return type(value) in (int, float)
    if hint is int:
        return type(value) is int and abs(value) < 2**63  # no tensor is larger
    if get_args(hint):  # one type or another
        return any(_fits(value, each) for each in get_args(hint))
    return type(value) is hint
