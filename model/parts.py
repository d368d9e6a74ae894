"""The parts that a `ModelConfig` is put together from, as frozen data: rotation, attention, feed-forward.

Each checks itself.  Field names follow the config.json of DeepSeek-V3 where it has the concept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
