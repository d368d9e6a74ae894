"""The config.json of today's models, as their makers publish them: read as a folder's would be, to count with.

Left out is only what says nothing about sizes (token ids, dropout, dtype).
"""

from __future__ import annotations

from typing import Any

_QWEN3 = {
    "model_type": "qwen3", "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151_936,
    "max_position_embeddings": 40_960, "rms_norm_eps": 1e-6, "rope_theta": 1_000_000, "tie_word_embeddings": True,
}  # fmt: skip
_GEMMA3 = {
    "model_type": "gemma3_text", "rope_theta": 1_000_000, "rope_local_base_freq": 10_000, "sliding_window_pattern": 6,
    "tie_word_embeddings": True,
}  # fmt: skip
_GPT_OSS = {
    "model_type": "gpt_oss", "hidden_size": 2880, "intermediate_size": 2880, "num_attention_heads": 64,
    "num_key_value_heads": 8, "head_dim": 64, "num_experts_per_tok": 4, "sliding_window": 128, "vocab_size": 201_088,
    "max_position_embeddings": 131_072, "attention_bias": True, "rope_theta": 150_000, "tie_word_embeddings": False,
    "rope_scaling": {
        "rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False,
        "original_max_position_embeddings": 4096,
    },
}  # fmt: skip

CONFIGS: dict[str, dict[str, Any]] = {
    "gemma-3-27b": _GEMMA3 | {
        "hidden_size": 5376, "num_hidden_layers": 62, "num_attention_heads": 32, "num_key_value_heads": 16,
        "head_dim": 128, "intermediate_size": 21_504, "vocab_size": 262_208, "sliding_window": 1024,
        "max_position_embeddings": 131_072, "query_pre_attn_scalar": 168,
        "rope_scaling": {"rope_type": "linear", "factor": 8.0},
    },
    "gemma-3-270m": _GEMMA3 | {
        "hidden_size": 640, "num_hidden_layers": 18, "num_attention_heads": 4, "num_key_value_heads": 1,
        "head_dim": 256, "intermediate_size": 2048, "vocab_size": 262_144, "sliding_window": 512,
        "max_position_embeddings": 32_768, "query_pre_attn_scalar": 256,
    },
    "gpt-oss-120b": _GPT_OSS | {"num_hidden_layers": 36, "num_local_experts": 128},
    "gpt-oss-20b": _GPT_OSS | {"num_hidden_layers": 24, "num_local_experts": 32},
    "qwen3-0.6b": _QWEN3 | {
        "hidden_size": 1024, "num_hidden_layers": 28, "num_attention_heads": 16, "intermediate_size": 3072,
    },
    "qwen3-4b": _QWEN3 | {
        "hidden_size": 2560, "num_hidden_layers": 36, "num_attention_heads": 32, "intermediate_size": 9728,
    },
    "kimi-k2": {
        "model_type": "kimi_k2", "hidden_size": 7168, "num_hidden_layers": 61, "num_attention_heads": 64,
        "num_key_value_heads": 64, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64, "v_head_dim": 128, "n_routed_experts": 384, "n_shared_experts": 1,
        "num_experts_per_tok": 8, "n_group": 1, "topk_group": 1, "routed_scaling_factor": 2.827,
        "first_k_dense_replace": 1, "moe_intermediate_size": 2048, "intermediate_size": 18_432, "vocab_size": 163_840,
        "norm_topk_prob": True, "max_position_embeddings": 131_072, "rms_norm_eps": 1e-6, "rope_theta": 50_000,
        "tie_word_embeddings": False,
        "rope_scaling": {
            "type": "yarn", "factor": 32.0, "beta_fast": 1.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0,
            "original_max_position_embeddings": 4096,
        },
    },
    "glm-4.5": {
        "model_type": "glm4_moe", "hidden_size": 5120, "num_hidden_layers": 92, "num_attention_heads": 96,
        "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 12_288, "moe_intermediate_size": 1536,
        "n_routed_experts": 160, "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 3,
        "n_group": 1, "topk_group": 1, "norm_topk_prob": True, "routed_scaling_factor": 2.5, "attention_bias": True,
        "use_qk_norm": True, "partial_rotary_factor": 0.5, "vocab_size": 151_552, "max_position_embeddings": 131_072,
        "rms_norm_eps": 1e-5, "rope_theta": 1_000_000, "tie_word_embeddings": False,
    },
}  # fmt: skip
