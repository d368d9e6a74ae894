"""What distinguishes one transformer from another, as frozen data.

A `ModelConfig` is a trunk (width, layers, norm, positions) that holds one attention
config and one feed-forward config.  Everything a checkpoint says about architecture is
here; weights, tokenizer and names are not.  Each config checks itself, so a `Transformer`
can be written without defensive code.

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
class RopeConfig:
    """Rotary position embedding (Su et al. 2021, arXiv 2104.09864).

    `pairing` says which two entries of a head turn together: "halves" pairs i with
    i + Dh/2 (Llama on Hugging Face), "interleaved" pairs 2i with 2i + 1 (DeepSeek).
    """

    theta: float = 10_000.0
    pairing: Literal["halves", "interleaved"] = "halves"
    scaling: YarnScaling | Llama3Scaling | LinearScaling | None = None

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
    qk_norm: bool = False  # RMSNorm of each head's q and k before rotation (Qwen3)
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

    @property
    def kind(self) -> str:
        """ "MHA", "GQA" or "MQA"."""
        if self.n_kv_heads == self.n_heads:
            return "MHA"
        return "MQA" if self.n_kv_heads == 1 else "GQA"

    @property
    def rope_dim(self) -> int:
        """Entries of a head that rotate: all of them."""
        return self.head_dim

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

    def __post_init__(self) -> None:
        for name in ("n_heads", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"):
            require(getattr(self, name) > 0, f"{name} must be positive, not {getattr(self, name)}.")
        require(
            self.q_lora_rank is None or self.q_lora_rank > 0,
            f"q_lora_rank must be positive or absent, not {self.q_lora_rank}.",
        )

    kind = "MLA"
    sliding_window = None

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

    SwiGLU (Shazeer 2020, arXiv 2002.05202) is activation "silu" with `gated`.
    """

    hidden: int
    activation: Activation = "silu"
    gated: bool = True
    bias: bool = False

    def __post_init__(self) -> None:
        require(self.hidden > 0, f"hidden must be positive, not {self.hidden}.")
        require(
            self.activation in ("relu", "gelu", "gelu_tanh", "silu"),
            f"activation {self.activation!r} is unknown: use relu, gelu, gelu_tanh or silu.",
        )

    @property
    def kind(self) -> str:
        """A short name such as "SwiGLU" or "GELU"."""
        plain = {"relu": "ReLU", "gelu": "GELU", "gelu_tanh": "GELU", "silu": "SiLU"}[self.activation]
        return {"SiLU": "SwiGLU", "GELU": "GEGLU", "ReLU": "ReGLU"}[plain] if self.gated else plain


@dataclass(frozen=True, kw_only=True)
class MoEConfig:
    """Mixture of experts after DeepSeekMoE (arXiv 2401.06066; V3 report, section 2.1.2).

    Every expert is a SwiGLU network of width `moe_intermediate_size`.
    """

    n_routed_experts: int
    num_experts_per_tok: int
    moe_intermediate_size: int
    n_shared_experts: int = 0
    shared_intermediate_size: int | None = None  # of all shared experts together; None: n_shared * moe size
    shared_gate: bool = False  # a learned sigmoid gate on the shared experts' output (Qwen2-MoE)
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
    def shared(self) -> DenseConfig | None:
        """The shared experts, side by side as one dense network; None where there are none."""
        if not self.n_shared_experts:
            return None
        return DenseConfig(hidden=self.shared_intermediate_size or self.n_shared_experts * self.moe_intermediate_size)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """A whole language model: trunk, attention and feed-forward."""

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

    def __post_init__(self) -> None:
        for name in ("vocab_size", "d_model", "n_layers", "context"):
            require(getattr(self, name) > 0, f"{name} must be positive, not {getattr(self, name)}.")
        require(self.norm in ("rms", "layer"), f"norm {self.norm!r} is unknown: use rms or layer.")
        require(self.positions in ("rope", "learned"), f"positions {self.positions!r} is unknown: use rope or learned.")
        require(
            math.isfinite(self.norm_eps) and self.norm_eps >= 0,
            f"norm_eps must be a small positive number, not {self.norm_eps}.",
        )
        if self.positions == "rope":
            require(
                self.attention.rope_dim % 2 == 0,
                f"rotary positions turn pairs: the rotated width ({self.attention.rope_dim}) must be even.",
            )
        require(
            not (self.positions == "learned" and isinstance(self.attention, MLAConfig)),
            "latent attention needs rotary positions: set positions to 'rope'.",
        )

    def dense_at(self, layer: int) -> DenseConfig | None:
        """The dense feed-forward config of `layer`, or None where the layer has experts."""
        if isinstance(self.feed_forward, DenseConfig):
            return self.feed_forward
        if layer < self.feed_forward.first_k_dense_replace:
            assert self.feed_forward.dense_intermediate_size is not None  # as MoEConfig makes sure
            return DenseConfig(hidden=self.feed_forward.dense_intermediate_size)
        return None

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
        RopeConfig,
        GQAConfig,
        MLAConfig,
        DenseConfig,
        MoEConfig,
        ModelConfig,
    )
}


def _to_plain(value: Any) -> Any:
    if not dataclasses.is_dataclass(value):
        return value
    return {"class": type(value).__name__} | {
        f.name: _to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)
    }


def _from_plain(value: Any) -> Any:
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
    if hint is float:
        return type(value) in (int, float)
    if hint is int:
        return type(value) is int and abs(value) < 2**63  # no tensor is larger
    if get_args(hint):  # one type or another
        return any(_fits(value, each) for each in get_args(hint))
    return type(value) is hint
