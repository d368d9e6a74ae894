"""What a Hugging Face config.json says, as a `ModelConfig`.

Nothing in it is ignored silently: every option must be one that is read here, or one that
is known not to change the result.  An unknown option that is switched on is refused by name.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from ...config import (
    Activation,
    DenseConfig,
    GQAConfig,
    LinearScaling,
    Llama3Scaling,
    MLAConfig,
    ModelConfig,
    MoEConfig,
    RopeConfig,
    YarnScaling,
)
from ...errors import BadInput

FAMILIES = (
    "gpt2",
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "mixtral",
    "qwen2_moe",
    "qwen3_moe",
    "deepseek_v2",
    "deepseek_v3",
)

# Options that matter in training, on a GPU, or to other programs only.
_HARMLESS = {
    "model_type", "architectures", "dtype", "torch_dtype", "transformers_version", "auto_map", "use_cache",
    "initializer_range",
    "bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "attention_dropout", "hidden_dropout",
    "attn_pdrop", "embd_pdrop", "resid_pdrop",
    "output_router_logits", "router_aux_loss_coef", "router_jitter_noise", "aux_loss_alpha", "seq_aux", "ep_size",
    "pretraining_tp",
    "num_nextn_predict_layers", "num_mtp_layers", "is_llama_config", "transformers.js_config", "unsloth_version",
    "unsloth_fixed",
    "task_specific_params", "n_ctx", "reorder_and_upcast_attn", "return_dict", "chunk_size_feed_forward", "id2label",
    "label2id",
}  # fmt: skip
_HARMLESS_BEGINNINGS = ("_", "summary_", "output_")

_ACTIVATIONS: dict[str, Activation] = {
    "silu": "silu",
    "swish": "silu",
    "relu": "relu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
}


def unsupported(option: str, value: Any, advice: str = "use another model") -> BadInput:
    """The error for an option that would be computed wrongly."""
    what = f"{option} = {str(value)[:60]}"
    return BadInput("unsupported", f"The model's config.json says {what}, which is not supported: {advice}.", what=what)


class Options:
    """The options of config.json (or of one object in it), each marked as known once it is read."""

    def __init__(self, data: dict[str, Any], where: str = ""):
        self._data, self._where = data, where
        self._known: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or `default` where it is absent or null."""
        self._known.add(name)
        value = self._data.get(name)
        return default if value is None else value

    def has(self, name: str) -> bool:
        """Whether the option is there, were it null."""
        return name in self._data

    def count(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        return self._checked(name, self.get(name, default), int)

    def number(self, name: str, default: float | None = None) -> float:
        """A number."""
        return float(self._checked(name, self.get(name, default), (int, float)))

    def items(self, name: str) -> list | None:
        """A list, or None where it is absent."""
        value = self.get(name)
        if value is not None and not isinstance(value, list):
            raise unsupported(self._where + name, value, "a list is expected there")
        return value

    def _checked(self, name: str, value: Any, kind: type[int] | tuple[type[int], type[float]]) -> Any:
        if value is None:
            raise BadInput(
                "not_a_model_folder",
                f"The model's config.json lacks {self._where}{name}: it is not a whole config of this kind of model.",
                reason=name,
            )
        if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value):
            raise unsupported(self._where + name, value, "a number is expected there")
        return value

    def must_be(self, name: str, *allowed: Any, default: Any = None) -> None:
        """Refuse any value but those in `allowed` (null and absence count as `default`)."""
        value = self.get(name, default)
        if value not in allowed:
            raise unsupported(self._where + name, value)

    def refuse_unknown(self) -> None:
        """Refuse what is switched on and was never read."""
        for name, value in self._data.items():
            harmless = name in _HARMLESS or name.startswith(_HARMLESS_BEGINNINGS)
            if name not in self._known and not harmless and value not in (None, False, 0, "", [], {}):
                raise unsupported(self._where + name, value)


def read_config(data: dict[str, Any]) -> ModelConfig:
    """The architecture that the content of a config.json describes.

    Raises:
        BadInput: "unsupported" naming the option, "bad_config" for sizes that contradict each other.
    """
    family = data.get("model_type")
    if family not in FAMILIES:
        raise BadInput(
            "unsupported",
            f"Models of type {str(family)[:40]!r} are not supported: known types are {', '.join(FAMILIES)}.",
            what=f"model_type {family}",
        )
    if data.get("quantization_config"):
        raise BadInput(
            "unsupported",
            "The model is quantised (quantization_config in its config.json), which is not supported: use its "
            "unquantised version, or a GGUF file.",
            what="quantization_config",
        )
    options = Options(data)
    config = _gpt2(options) if family == "gpt2" else _llama_like(family, options)
    options.refuse_unknown()
    return config


def _gpt2(options: Options) -> ModelConfig:
    d_model, n_heads = options.count("n_embd"), options.count("n_head")
    if n_heads < 1 or d_model % n_heads:
        raise unsupported("n_head", n_heads, f"it must divide n_embd = {d_model}")
    options.must_be("scale_attn_weights", True, default=True)
    options.must_be("scale_attn_by_inverse_layer_idx", False, default=False)
    options.must_be("add_cross_attention", False, default=False)
    return ModelConfig(
        vocab_size=options.count("vocab_size"),
        d_model=d_model,
        n_layers=options.count("n_layer"),
        context=options.count("n_positions", options.get("n_ctx")),
        attention=GQAConfig(
            n_heads=n_heads, n_kv_heads=n_heads, head_dim=d_model // n_heads, qkv_bias=True, out_bias=True
        ),
        feed_forward=DenseConfig(
            hidden=options.count("n_inner", 4 * d_model),
            activation=_activation(options, "activation_function", "gelu_new"),
            gated=False,
            bias=True,
        ),
        norm="layer",
        norm_eps=options.number("layer_norm_epsilon", 1e-5),
        positions="learned",
        tied_embeddings=bool(options.get("tie_word_embeddings", True)),
    )


def _llama_like(family: str, options: Options) -> ModelConfig:
    latent = family in ("deepseek_v2", "deepseek_v3")
    context = options.count("max_position_embeddings")
    interleaved = family == "deepseek_v2" or (family == "deepseek_v3" and options.get("rope_interleave", True))
    return ModelConfig(
        vocab_size=options.count("vocab_size"),
        d_model=options.count("hidden_size"),
        n_layers=options.count("num_hidden_layers"),
        context=context,
        attention=_latent_attention(options) if latent else _grouped_attention(family, options),
        feed_forward=_feed_forward(family, options),
        norm_eps=_norm_eps(family, options, latent),
        rope=_rope(family, options, context, "interleaved" if interleaved else "halves"),
        tied_embeddings=bool(options.get("tie_word_embeddings", False)),
    )


def _norm_eps(family: str, options: Options, latent: bool) -> float:
    eps = options.number("rms_norm_eps", 1e-5 if family == "mixtral" else 1e-6)
    if latent and eps != 1e-6:
        raise unsupported("rms_norm_eps", eps, "DeepSeek's latent norms use 1e-06 whatever the others use")
    return eps


def _activation(options: Options, name: str, default: str) -> Activation:
    value = options.get(name, default)
    if not isinstance(value, str) or value not in _ACTIVATIONS:
        raise unsupported(name, value, f"known are {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[value]


def _grouped_attention(family: str, options: Options) -> GQAConfig:
    d_model, n_heads = options.count("hidden_size"), options.count("num_attention_heads")
    if n_heads < 1:
        raise unsupported("num_attention_heads", n_heads)
    # Whether the projections have biases is fixed in some families and an option in others.
    all_biased = bool(options.get("attention_bias", False)) if family in ("llama", "qwen3", "qwen3_moe") else False
    qkv_biased = all_biased or family == "qwen2" or (family == "qwen2_moe" and bool(options.get("qkv_bias", True)))
    return GQAConfig(
        n_heads=n_heads,
        n_kv_heads=options.count("num_key_value_heads", n_heads),
        head_dim=options.count("head_dim", 128 if family == "qwen3" else d_model // n_heads),
        qkv_bias=qkv_biased,
        out_bias=all_biased,
        qk_norm=family in ("qwen3", "qwen3_moe"),
        sliding_window=_sliding_window(family, options),
    )


def _sliding_window(family: str, options: Options) -> int | None:
    """The window of every layer; layers that differ from each other are refused."""
    if family in ("mistral", "mixtral"):
        # In Mistral's config.json, null switches the window off, and absence does not.
        window = options.count("sliding_window", 0)
        return 4096 if family == "mistral" and not options.has("sliding_window") else window or None
    window, used = options.get("sliding_window"), bool(options.get("use_sliding_window", False))
    kinds, unwindowed = options.items("layer_types"), options.count("max_window_layers", 0)
    if not used or not window:
        if kinds is not None and any(kind != "full_attention" for kind in kinds):
            raise unsupported("layer_types", kinds, "without a sliding window only full_attention is known")
        return None
    if family == "qwen3_moe":
        return options.count("sliding_window")  # in every layer
    if not kinds and family == "qwen2_moe":
        raise unsupported("use_sliding_window", True, "layers with and without a window cannot be mixed")
    if not kinds:
        kinds = [
            "full_attention" if i < unwindowed else "sliding_attention"
            for i in (0, options.count("num_hidden_layers") - 1)
        ]
    if any(kind != kinds[0] for kind in kinds) or kinds[0] not in ("full_attention", "sliding_attention"):
        raise unsupported("use_sliding_window", True, "layers with and without a window cannot be mixed")
    return options.count("sliding_window") if kinds[0] == "sliding_attention" else None


def _latent_attention(options: Options) -> MLAConfig:
    n_heads = options.count("num_attention_heads")
    options.must_be("num_key_value_heads", n_heads, default=n_heads)
    options.must_be("attention_bias", False, default=False)
    options.get("head_dim"), options.get("qk_head_dim")  # follow from the sizes below
    return MLAConfig(
        n_heads=n_heads,
        kv_lora_rank=options.count("kv_lora_rank"),
        qk_nope_head_dim=options.count("qk_nope_head_dim"),
        qk_rope_head_dim=options.count("qk_rope_head_dim"),
        v_head_dim=options.count("v_head_dim"),
        q_lora_rank=None if options.get("q_lora_rank") is None else options.count("q_lora_rank"),
    )


def _feed_forward(family: str, options: Options) -> DenseConfig | MoEConfig:
    activation = _activation(options, "hidden_act", "silu")
    if family in ("llama", "mistral", "qwen2", "qwen3"):
        biased = family == "llama" and bool(options.get("mlp_bias", False))
        return DenseConfig(hidden=options.count("intermediate_size"), activation=activation, bias=biased)
    if activation != "silu":
        raise unsupported("hidden_act", activation, "experts are known with silu only")
    return {"mixtral": _mixtral, "qwen2_moe": _qwen_moe, "qwen3_moe": _qwen_moe}.get(family, _deepseek)(family, options)


def _mixtral(family: str, options: Options) -> MoEConfig:
    return MoEConfig(
        n_routed_experts=options.count("num_local_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("intermediate_size"),
        scoring_func="softmax",
        norm_topk_prob=True,
    )


def _qwen_moe(family: str, options: Options) -> MoEConfig:
    options.must_be("decoder_sparse_step", 1, default=1)
    dense = options.items("mlp_only_layers") or []
    if dense != list(range(len(dense))):
        raise unsupported("mlp_only_layers", dense, "dense layers must come before those with experts")
    shared = options.count("shared_expert_intermediate_size") if family == "qwen2_moe" else 0
    return MoEConfig(
        n_routed_experts=options.count("num_experts", options.get("num_local_experts")),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("moe_intermediate_size"),
        n_shared_experts=1 if shared else 0,
        shared_intermediate_size=shared or None,
        shared_gate=bool(shared),
        scoring_func="softmax",
        norm_topk_prob=bool(options.get("norm_topk_prob", False)),
        first_k_dense_replace=len(dense),
        dense_intermediate_size=options.count("intermediate_size"),
    )


def _deepseek(family: str, options: Options) -> MoEConfig:
    options.must_be("moe_layer_freq", 1, default=1)
    options.must_be("mlp_bias", False, default=False)
    third = family == "deepseek_v3"
    if third:
        options.must_be("topk_method", "noaux_tc", default="noaux_tc")
        options.must_be("scoring_func", "sigmoid", default="sigmoid")
        grouped = True
    else:
        options.must_be("topk_method", "greedy", "group_limited_greedy", default="greedy")
        options.must_be("scoring_func", "softmax", default="softmax")
        options.must_be("norm_topk_prob", False, default=False)
        grouped = options.get("topk_method") == "group_limited_greedy"
    n_group, topk_group = (options.count(name, 1) for name in ("n_group", "topk_group"))
    return MoEConfig(
        n_routed_experts=options.count("n_routed_experts"),
        num_experts_per_tok=options.count("num_experts_per_tok"),
        moe_intermediate_size=options.count("moe_intermediate_size"),
        n_shared_experts=options.count("n_shared_experts", 0),
        scoring_func="sigmoid" if third else "softmax",
        selection_bias=third,
        n_group=n_group if grouped else 1,
        topk_group=topk_group if grouped else 1,
        group_score="top2_sum" if third else "max",
        norm_topk_prob=third and bool(options.get("norm_topk_prob", True)),
        routed_scaling_factor=options.number("routed_scaling_factor", 2.5 if third else 1.0),
        first_k_dense_replace=options.count("first_k_dense_replace", 3 if third else 0),
        dense_intermediate_size=options.count("intermediate_size"),
    )


def _rope(family: str, options: Options, context: int, pairing: Literal["halves", "interleaved"]) -> RopeConfig:
    """Rotary positions, from `rope_parameters` (transformers 5) or `rope_scaling` and `rope_theta` (before)."""
    old, new = options.get("rope_scaling", {}), options.get("rope_parameters", {})
    if not isinstance(old, dict) or not isinstance(new, dict):
        raise unsupported("rope_scaling", old or new)
    rope = Options(old | new, "rope ")
    theta = rope.number("rope_theta", options.get("rope_theta", 1e6 if family == "mixtral" else 1e4))
    options.must_be("partial_rotary_factor", 1, default=1)
    rope.must_be("partial_rotary_factor", 1, default=1)
    kind = rope.get("rope_type", rope.get("type", "default"))
    rope.get("type")
    original = options.count(
        "original_max_position_embeddings", rope.count("original_max_position_embeddings", context)
    )
    scaling: LinearScaling | Llama3Scaling | YarnScaling | None
    if kind == "default":
        scaling = None
    elif kind == "linear":
        scaling = LinearScaling(factor=rope.number("factor"))
    elif kind == "llama3":
        numbers = {name: rope.number(name) for name in ("factor", "low_freq_factor", "high_freq_factor")}
        scaling = Llama3Scaling(**numbers, original_context=original)
    elif kind == "yarn":
        scaling = _yarn(family, rope, original, context)
    else:
        raise unsupported("rope type", kind, "known are default, linear, llama3 and yarn")
    rope.refuse_unknown()
    return RopeConfig(theta=theta, pairing=pairing, scaling=scaling)


def _yarn(family: str, rope: Options, original: int, context: int) -> YarnScaling:
    optional = {
        name: None if rope.get(name) is None else rope.number(name)
        for name in ("mscale", "mscale_all_dim", "attention_factor")
    }
    if optional["mscale_all_dim"] and not family.startswith("deepseek"):
        raise unsupported("rope mscale_all_dim", optional["mscale_all_dim"], "it is known for DeepSeek only")
    return YarnScaling(
        factor=rope.number("factor", context / max(original, 1)),
        original_context=original,
        beta_fast=rope.number("beta_fast", 32.0),
        beta_slow=rope.number("beta_slow", 1.0),
        truncate=bool(rope.get("truncate", True)),
        **optional,
    )
