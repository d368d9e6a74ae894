"""What the header of a GGUF file says, in the words of the config.json that it was made from.

So both kinds of file are understood in one place (families/).  The names of values are llama.cpp's
(gguf-py/gguf/constants.py); what its files leave out is what src/llama-model.cpp assumes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ...config import Llama3Scaling, ModelConfig, RopeConfig
from ...errors import BadInput
from ...rope import frequencies
from .gguf_file import GGUFFile
from .huggingface_config import read_config as read_huggingface_config

# Values that say nothing about the mathematics.
_HARMLESS = {"vocab_size", "tensor_data_layout", "rope.scaling.finetuned", "attention.causal"}
_SOFTMAX, _SIGMOID = 1, 2  # llama.cpp's numbers for how experts are scored


def unsupported(what: str, advice: str) -> BadInput:
    """The error for something that would be loaded wrongly."""
    return BadInput("unsupported", f"{what} is not supported: {advice}.", what=what)


_LARGEST = float(np.finfo(np.float32).max)  # in which llama.cpp keeps what it reads


class Header:
    """The header's values of one architecture, checked for type as they are asked for, and marked as known."""

    def __init__(self, file: GGUFFile, family: str):
        self.file, self.family = file, family
        self._known = set(_HARMLESS)

    def get(self, key: str, default: Any = None) -> Any:
        """A value as it stands there."""
        self._known.add(key)
        return self.file.metadata.get(f"{self.family}.{key}", default)

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number; where each layer has one and they are alike, that one."""
        value = self.get(key, default)
        if isinstance(value, np.ndarray) and len(set(value.tolist())) == 1:
            value = value.tolist()[0]
        return self._checked(key, value, int)

    def number(self, key: str, default: float | None = None) -> float:
        """A number, as short as its float32 may be written."""
        return float(np.format_float_positional(np.float32(self._checked(key, self.get(key, default), float))))

    def _checked(self, key: str, value: Any, kind: Callable[[Any], Any]) -> Any:
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or abs(value) > _LARGEST or (kind is int and value != int(value)):
            problem = "is missing" if value is None else f"is {str(value)[:40]!r}"
            raise unsupported(
                f"The setting {self.family}.{key} {problem} in {self.file.path.name}, which", "use another file"
            )
        return kind(value)

    def has(self, tensor: str) -> bool:
        """Whether the file has this tensor."""
        return tensor in self.file.tensors

    def refuse_unknown(self) -> None:
        """Refuse values that nobody here has read: they would change the result."""
        prefix = f"{self.family}."
        for key, value in sorted(self.file.metadata.items()):
            # A count of zero experts says that there are none.
            none = isinstance(value, int) and value == 0 and key.endswith(("expert_count", "expert_used_count"))
            if key.startswith(prefix) and key.removeprefix(prefix) not in self._known and not none:
                raise unsupported(
                    f"The setting {key[:60]} = {str(value)[:40]} in {self.file.path.name}", "use another file"
                )


def read_config(file: GGUFFile, family: str) -> ModelConfig:
    """The architecture that the header of `file` describes, of one of `FAMILIES`."""
    header = Header(file, family)
    data = FAMILIES[family](header)
    header.refuse_unknown()
    return read_huggingface_config(data)


# ---------------------------------------------------------------- what architectures share


def _trunk(header: Header, model_type: str, **more: Any) -> dict[str, Any]:
    d_model, n_heads = header.count("embedding_length"), header.count("attention.head_count")
    if not header.has("token_embd.weight") or n_heads < 1:
        raise BadInput("wrong_weights", f"{header.file.path.name} has no embedding or no heads: the file is damaged.")
    return {
        "model_type": model_type,
        "vocab_size": header.file.shape("token_embd.weight")[0],
        "hidden_size": d_model,
        "num_hidden_layers": header.count("block_count"),
        "num_attention_heads": n_heads,
        "max_position_embeddings": header.count("context_length"),
        "tie_word_embeddings": not header.has("output.weight"),
    } | more


def _grouped(header: Header, model_type: str, **more: Any) -> dict[str, Any]:
    """Heads that share keys and values, RMSNorm and rotation."""
    data = _trunk(header, model_type)
    head_dim = header.count("attention.key_length", data["hidden_size"] // data["num_attention_heads"])
    if header.count("attention.value_length", head_dim) != head_dim:
        raise unsupported(f"Values of another width than keys in {header.file.path.name}", "use another file")
    return (
        data
        | {
            "intermediate_size": header.count("feed_forward_length", 1),
            "num_key_value_heads": header.count("attention.head_count_kv", data["num_attention_heads"]),
            "head_dim": head_dim,
            "rms_norm_eps": header.number("attention.layer_norm_rms_epsilon"),
            "rope_theta": header.number("rope.freq_base", 10_000.0),
        }
        | more
    )


def _whole(header: Header, model_type: str, **more: Any) -> dict[str, Any]:
    """As `_grouped`, heads rotating whole."""
    data = _grouped(header, model_type, **more)
    if header.count("rope.dimension_count", data["head_dim"]) != data["head_dim"]:
        raise unsupported(
            f"Rotating only part of each head ({header.family}.rope.dimension_count) in {header.file.path.name}",
            "use another file",
        )
    return data | {"rope_scaling": _scaling(header, data["rope_theta"], data["head_dim"])}


def _scaling(header: Header, theta: float, width: int) -> dict[str, Any] | None:
    kind = header.get("rope.scaling.type")
    divided = header.get("rope.scale_linear")
    if kind is None:
        kind = "none" if divided in (None, 1.0) else "linear"
    if header.has("rope_freqs.weight"):
        if kind != "none":
            raise unsupported(
                f"rope_freqs.weight together with rope scaling type {kind!r} in {header.file.path.name}",
                "use another file",
            )
        return _llama3_scaling(header.file, theta, width)
    if kind == "none":
        return None
    factor = header.number("rope.scaling.factor", divided)
    if kind == "linear":
        return {"rope_type": "linear", "factor": factor}
    if kind != "yarn":
        raise unsupported(
            f"The rope scaling type {str(kind)[:40]!r} in {header.file.path.name}",
            "use a model with none, linear or yarn",
        )
    return {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": header.count("rope.scaling.original_context_length"),
        "beta_fast": header.number("rope.scaling.yarn_beta_fast", 32.0),
        "beta_slow": header.number("rope.scaling.yarn_beta_slow", 1.0),
    }


def _llama3_scaling(file: GGUFFile, theta: float, width: int) -> dict[str, Any]:
    """The scaling that gives the file's table of divisors (Dh / 2,); the file holds only the table.

    All published Llama 3 models share three of the four settings; the fourth is the largest divisor.
    """
    divisors = file.read("rope_freqs.weight")
    scaling = Llama3Scaling(
        factor=float(divisors.max()), low_freq_factor=1.0, high_freq_factor=4.0, original_context=8192
    )
    plain = frequencies(RopeConfig(theta=theta), width)
    expected = plain / frequencies(RopeConfig(theta=theta, scaling=scaling), width)
    if divisors.shape != expected.shape or not torch.allclose(divisors, expected, rtol=1e-3):
        raise unsupported(
            f"The table of rotary frequencies (rope_freqs.weight) in {file.path.name}",
            "only the scaling of Llama 3 is known",
        )
    return {
        "rope_type": "llama3",
        "factor": scaling.factor,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }


def _windows(header: Header, every: int) -> dict[str, Any]:
    """Which layers have a window: as the header lists them, or all but each `every`-th."""
    window = header.count("attention.sliding_window", 0)
    said, n_layers = header.get("attention.sliding_window_pattern"), header.count("block_count")
    if isinstance(said, np.ndarray):
        windowed = [bool(each) for each in said.tolist()]
    else:
        every = int(said) if isinstance(said, int) and said > 0 else every
        windowed = [(layer + 1) % every != 0 for layer in range(min(n_layers, 10_000))]
    kinds = ["sliding_attention" if each and window else "full_attention" for each in windowed]
    return {"layer_types": kinds, "sliding_window": window or None}


# ---------------------------------------------------------------- architectures


def _gpt2(header: Header) -> dict[str, Any]:
    data = _trunk(header, "gpt2")
    return {
        "model_type": "gpt2",
        "vocab_size": data["vocab_size"],
        "n_embd": data["hidden_size"],
        "n_layer": data["num_hidden_layers"],
        "n_head": data["num_attention_heads"],
        "n_positions": data["max_position_embeddings"],
        "n_inner": header.count("feed_forward_length"),
        "layer_norm_epsilon": header.number("attention.layer_norm_epsilon"),
        "tie_word_embeddings": data["tie_word_embeddings"],
    }


def _llama(header: Header) -> dict[str, Any]:
    if header.get("expert_count"):
        if header.has("blk.0.attn_q.bias"):
            raise unsupported(f"Experts beside biases in {header.file.path.name}", "use another file")
        more = {
            "num_local_experts": header.count("expert_count"),
            "num_experts_per_tok": header.count("expert_used_count"),
            "sliding_window": None,
        }
        return _whole(header, "mixtral", **more)
    header.get("expert_used_count")
    biased, mlp_biased = header.has("blk.0.attn_q.bias"), header.has("blk.0.ffn_up.bias")
    return _whole(header, "llama", attention_bias=biased, mlp_bias=mlp_biased)


def _qwen2moe(header: Header) -> dict[str, Any]:
    return _whole(
        header,
        "qwen2_moe",
        num_experts=header.count("expert_count"),
        num_experts_per_tok=header.count("expert_used_count"),
        moe_intermediate_size=header.count("expert_feed_forward_length"),
        shared_expert_intermediate_size=header.count("expert_shared_feed_forward_length"),
        norm_topk_prob=bool(header.get("expert_weights_norm", False)),
        qkv_bias=header.has("blk.0.attn_q.bias"),
    )


def _qwen3moe(header: Header) -> dict[str, Any]:
    return _whole(
        header,
        "qwen3_moe",
        num_experts=header.count("expert_count"),
        num_experts_per_tok=header.count("expert_used_count"),
        moe_intermediate_size=header.count("expert_feed_forward_length"),
        norm_topk_prob=bool(header.get("expert_weights_norm", True)),
    )


def _deepseek2(header: Header) -> dict[str, Any]:
    rope_dim, experts = header.count("rope.dimension_count"), header.count("expert_count")
    # With the halves of MLA apart, the plain lengths are those of the latent that all heads share.
    head_dim = header.count("attention.key_length_mla", header.count("attention.key_length"))
    value_dim = header.count("attention.value_length_mla", header.count("attention.value_length"))
    header.count("attention.head_count_kv", 1)
    header.get("nextn_predict_layers")  # layers for further tokens: llama.cpp leaves them out
    sigmoid = header.count("expert_gating_func", _SOFTMAX) == _SIGMOID
    # Files from before these keys: llama.cpp knows the two models with groups by their experts.
    groups = header.count("expert_group_count", 8 if experts in (160, 256) else 1)
    kept = header.count("expert_group_used_count", {160: 3, 256: 4}.get(experts, 1))
    data = _trunk(
        header,
        "deepseek_v3" if sigmoid else "deepseek_v2",
        intermediate_size=header.count("feed_forward_length"),
        rms_norm_eps=header.number("attention.layer_norm_rms_epsilon"),
        rope_theta=header.number("rope.freq_base", 10_000.0),
        q_lora_rank=header.count("attention.q_lora_rank") if header.get("attention.q_lora_rank") else None,
        kv_lora_rank=header.count("attention.kv_lora_rank"),
        qk_nope_head_dim=head_dim - rope_dim,
        qk_rope_head_dim=rope_dim,
        v_head_dim=value_dim,
        n_routed_experts=experts,
        num_experts_per_tok=header.count("expert_used_count"),
        moe_intermediate_size=header.count("expert_feed_forward_length"),
        n_shared_experts=header.count("expert_shared_count", 0),
        first_k_dense_replace=header.count("leading_dense_block_count", 0),
        routed_scaling_factor=header.number("expert_weights_scale", 1.0),
        norm_topk_prob=bool(header.get("expert_weights_norm", False)),
        n_group=groups,
        topk_group=kept,
        rope_scaling=_deepseek_scaling(header),
    )
    data["num_key_value_heads"] = data["num_attention_heads"]
    if not sigmoid:
        data["topk_method"] = "group_limited_greedy" if groups > 1 else "greedy"
    return data


def _deepseek_scaling(header: Header) -> dict[str, Any] | None:
    scaling = _scaling(header, 1.0, 2)
    if scaling is not None and scaling["rope_type"] == "yarn":
        # llama.cpp keeps a tenth of mscale over all dimensions; published models have mscale the same.
        mscale = round(10 * header.number("rope.scaling.yarn_log_multiplier"), 5)
        scaling |= {"mscale": mscale, "mscale_all_dim": mscale}
    return scaling


def _gemma2(header: Header) -> dict[str, Any]:
    data = _whole(header, "gemma2", **_windows(header, 2))
    return data | {
        # The one size whose scale is not that of its head width (llama.cpp knows it by its layers, too).
        "query_pre_attn_scalar": _gemma_scalar(data, 46),
        "attn_logit_softcapping": header.number("attn_logit_softcapping", 50.0),
        "final_logit_softcapping": header.number("final_logit_softcapping", 30.0),
    }


def _gemma3(header: Header) -> dict[str, Any]:
    data = _whole(header, "gemma3_text", **_windows(header, 6))
    cap = header.get("final_logit_softcapping")
    return data | {
        "query_pre_attn_scalar": _gemma_scalar(data, 62),
        "rope_local_base_freq": header.number("rope.freq_base_swa", 10_000.0),
        "final_logit_softcapping": header.number("final_logit_softcapping") if cap else None,
    }


def _gemma_scalar(data: dict[str, Any], layers_of_27b: int) -> int:
    large = data["num_hidden_layers"] == layers_of_27b
    return data["hidden_size"] // data["num_attention_heads"] if large else data["head_dim"]


def _gpt_oss(header: Header) -> dict[str, Any]:
    data = _whole(
        header,
        "gpt_oss",
        num_local_experts=header.count("expert_count"),
        num_experts_per_tok=header.count("expert_used_count"),
        intermediate_size=header.count("expert_feed_forward_length"),
        **_windows(header, 2),
    )
    header.get("feed_forward_length")
    if data["rope_scaling"]:
        data["rope_scaling"]["truncate"] = False  # as published; the file does not say
    return data


def _phi3(header: Header) -> dict[str, Any]:
    data = _grouped(header, "phi3")
    rotated = header.count("rope.dimension_count", data["head_dim"])
    header.get("rope.scaling.attn_factor")  # follows from the two contexts
    window = header.count("attention.sliding_window", 0)
    header.get("attention.sliding_window_pattern")
    original = header.count("rope.scaling.original_context_length", data["max_position_embeddings"])
    scaling = _scaling(header, data["rope_theta"], rotated)
    if header.has("rope_factors_long.weight"):
        long, short = (header.file.read(f"rope_factors_{each}.weight").tolist() for each in ("long", "short"))
        scaling = {"rope_type": "longrope", "long_factor": long, "short_factor": short}
    del data["head_dim"]
    return data | {
        "partial_rotary_factor": rotated / (data["hidden_size"] // data["num_attention_heads"]),
        "sliding_window": window or None,
        "original_max_position_embeddings": original,
        "rope_scaling": scaling,
    }


def _olmo2(header: Header) -> dict[str, Any]:
    if header.get("attention.sliding_window"):
        data = _whole(header, "olmo3", **_windows(header, 4))
    else:
        data = _whole(header, "olmo2")
    del data["head_dim"]
    return data


def _smollm3(header: Header) -> dict[str, Any]:
    data = _whole(header, "smollm3")
    del data["head_dim"]
    biased, mlp_biased = header.has("blk.0.attn_q.bias"), header.has("blk.0.ffn_up.bias")
    return data | {"attention_bias": biased, "mlp_bias": mlp_biased}


def _granite(header: Header) -> dict[str, Any]:
    experts = header.count("expert_count", 0)
    shared = header.count("expert_shared_feed_forward_length", 0)
    kind = "granite" if not experts else "granitemoeshared" if shared else "granitemoe"
    data = _whole(header, kind, attention_bias=header.has("blk.0.attn_q.bias"))
    del data["head_dim"]
    if experts:
        data |= {"num_local_experts": experts, "num_experts_per_tok": header.count("expert_used_count")}
        data |= {"shared_intermediate_size": shared} if shared else {}
    else:
        data["mlp_bias"] = header.has("blk.0.ffn_up.bias")
    plain = (data["hidden_size"] // data["num_attention_heads"]) ** -0.5  # a scale of 0 means the usual one
    return data | {
        "attention_multiplier": header.number("attention.scale", 0.0) or plain,
        "embedding_multiplier": header.number("embedding_scale", 0.0) or 1.0,
        "residual_multiplier": header.number("residual_scale", 0.0) or 1.0,
        "logits_scaling": header.number("logit_scale", 0.0) or 1.0,
    }


FAMILIES: dict[str, Callable[[Header], dict[str, Any]]] = {
    "gpt2": _gpt2,
    "llama": _llama,
    "qwen2": lambda header: _whole(header, "qwen2"),
    "qwen3": lambda header: _whole(header, "qwen3"),
    "qwen2moe": _qwen2moe,
    "qwen3moe": _qwen3moe,
    "deepseek2": _deepseek2,
    "gemma2": _gemma2,
    "gemma3": _gemma3,
    "gpt-oss": _gpt_oss,
    "phi3": _phi3,
    "olmo2": _olmo2,
    "smollm3": _smollm3,
    "granite": _granite,
    "granitemoe": _granite,
}
"""Architectures by llama.cpp's names."""

PERMUTED = {"llama", "smollm3", "granite", "granitemoe"}
"""Those whose rows of queries and keys llama.cpp reorders: neighbours turn together."""
