"""Config.json files of every family as published, their sizes shrunk and unequal; T = 23 is beyond each window.

Old and new names of options both occur.  Sizes are primes where transformers allows it: it wants
widths that are multiples of the number of heads, and for experts multiples of 4.
"""

V, T, CONTEXT = 257, 23, 71  # as many ids as the byte tokenizer has

_TRUNK = {
    "vocab_size": V, "num_hidden_layers": 3, "max_position_embeddings": CONTEXT, "bos_token_id": None,
    "eos_token_id": None, "pad_token_id": None,
}  # fmt: skip
_WIDE = {"hidden_size": 40, "intermediate_size": 37, "num_attention_heads": 10, "num_key_value_heads": 5}
_MOE = _TRUNK | _WIDE | {"intermediate_size": 52, "num_experts_per_tok": 3}
_NARROW = {"moe_intermediate_size": 28}
_DEEPSEEK = _TRUNK | {
    "hidden_size": 40, "intermediate_size": 52, "moe_intermediate_size": 28, "num_attention_heads": 5,
    "num_key_value_heads": 5, "kv_lora_rank": 13, "qk_rope_head_dim": 6, "qk_nope_head_dim": 7, "v_head_dim": 11,
    "q_lora_rank": 17, "n_routed_experts": 12, "n_shared_experts": 2, "num_experts_per_tok": 3,
    "routed_scaling_factor": 1.7,
}  # fmt: skip
_LONG = {
    "long_factor": [1.5, 2.0, 9.0], "short_factor": [1.0, 1.25, 3.0],
}  # fmt: skip


def published(model_type: str, *parts: dict, **options) -> dict:
    made = {"model_type": model_type}
    for part in (*parts, options):
        made |= part
    return made


CONFIGS = {
    "gemma": published("gemma", _TRUNK, _WIDE, head_dim=6, hidden_act="gelu", hidden_activation=None),
    "gemma2": published(
        "gemma2", _TRUNK, _WIDE, head_dim=6, hidden_act="gelu_pytorch_tanh", hidden_activation="gelu_pytorch_tanh",
        sliding_window=7, query_pre_attn_scalar=11, attn_logit_softcapping=1.5, final_logit_softcapping=3.0,
        cache_implementation="hybrid", rope_theta=5000.0,
    ),
    "gemma2, no caps": published(
        "gemma2", _TRUNK, _WIDE, head_dim=6, sliding_window=5, attn_logit_softcapping=None,
        final_logit_softcapping=None, layer_types=["full_attention", "sliding_attention", "full_attention"],
    ),
    "gemma3": published(
        "gemma3_text", _TRUNK, _WIDE, head_dim=6, sliding_window=7, sliding_window_pattern=2, rope_theta=90_000.0,
        rope_local_base_freq=500.0, rope_scaling={"rope_type": "linear", "factor": 8.0}, query_pre_attn_scalar=11,
    ),
    "gemma3, new keys": published(
        "gemma3_text", _TRUNK, _WIDE, head_dim=6, sliding_window=5, query_pre_attn_scalar=24,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"], _sliding_window_pattern=6,
        rope_parameters={
            "full_attention": {"rope_type": "linear", "factor": 3.0, "rope_theta": 1e6},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
        },
    ),
    "olmo2": published("olmo2", _TRUNK, _WIDE, rms_norm_eps=1e-6, rope_theta=500_000, num_key_value_heads=10),
    "olmo2, grouped": published("olmo2", _TRUNK, _WIDE, tie_word_embeddings=True, attention_bias=True),
    "olmo3": published(
        "olmo3", _TRUNK, _WIDE, num_hidden_layers=5, sliding_window=7, rope_theta=500_000,
        rope_scaling={
            "rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 16, "attention_factor": 1.2,
            "beta_fast": 32.0, "beta_slow": 1.0,
        },
    ),
    "olmo3, new keys": published(
        "olmo3", _TRUNK, _WIDE, sliding_window=5,
        layer_types=["sliding_attention", "full_attention", "full_attention"],
        rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 5e5},
            "sliding_attention": {"rope_type": "default", "rope_theta": 5e3},
        },
    ),
    "olmoe": published("olmoe", _MOE, num_experts=7, norm_topk_prob=False, clip_qkv=None),
    "olmoe, normalised": published("olmoe", _MOE, num_experts=7, norm_topk_prob=True, num_key_value_heads=10),
    "phi3": published(
        "phi3", _TRUNK, _WIDE, pad_token_id=0, hidden_size=60, sliding_window=7, rope_theta=10_000.0,
        attention_bias=False, original_max_position_embeddings=CONTEXT,
    ),
    "phi3, long text": published(  # longer than the original context: the long factors
        "phi3", _TRUNK, _WIDE, pad_token_id=0, hidden_size=60, original_max_position_embeddings=16,
        rope_scaling={"type": "longrope", **_LONG},
    ),
    "phi4-mini": published(  # 23 tokens are read with the short factors, generation stays below 60
        "phi3", _TRUNK, _WIDE, pad_token_id=0, hidden_size=80, partial_rotary_factor=0.75,
        original_max_position_embeddings=60, rope_scaling={"type": "longrope", **_LONG}, tie_word_embeddings=True,
        full_attn_mod=1, interpolate_factor=1, lm_head_bias=False, mlp_bias=False,
    ),
    "pythia": published(
        "gpt_neox", _TRUNK, hidden_size=55, intermediate_size=37, num_attention_heads=5, rotary_pct=0.25,
        rotary_emb_base=5000, use_parallel_residual=True, layer_norm_eps=1e-5, classifier_dropout=0.1,
    ),
    "gpt_neox, in turn": published(
        "gpt_neox", _TRUNK, hidden_size=60, intermediate_size=41, num_attention_heads=5, use_parallel_residual=False,
        attention_bias=False, hidden_act="gelu_fast", tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5},
    ),
    "smollm3": published(
        "smollm3", _TRUNK, _WIDE, pad_token_id=0, num_hidden_layers=5, rope_theta=5_000_000.0, no_rope_layer_interval=2,
        max_window_layers=28,
    ),
    "smollm3, windows": published(
        "smollm3", _TRUNK, _WIDE, pad_token_id=0, no_rope_layers=[1, 0, 1], use_sliding_window=True, sliding_window=6,
        attention_bias=True, mlp_bias=True, tie_word_embeddings=False,
    ),
    "granite": published(
        "granite", _TRUNK, _WIDE, embedding_multiplier=12.0, residual_multiplier=0.22, attention_multiplier=0.3,
        logits_scaling=8.0, tie_word_embeddings=True, rope_theta=10_000.0, mlp_bias=False,
    ),
    "granite, biases": published(
        "granite", _TRUNK, _WIDE, attention_bias=True, mlp_bias=True, attention_multiplier=0.5, logits_scaling=3.0,
    ),
    "granitemoe": published(
        "granitemoe", _MOE, num_local_experts=7, embedding_multiplier=12.0, residual_multiplier=0.22,
        attention_multiplier=0.3, logits_scaling=6.0, router_aux_loss_coef=0.0, tie_word_embeddings=True,
    ),
    "granitemoeshared": published("granitemoeshared", _MOE, num_local_experts=7, shared_intermediate_size=36),
    "gpt_oss": published(
        "gpt_oss", _MOE, head_dim=6, num_local_experts=7, experts_per_token=3, sliding_window=7, swiglu_limit=0.6,
        initial_context_length=16, rope_theta=150_000, attention_bias=True,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        rope_scaling={
            "rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False,
            "original_max_position_embeddings": 16,
        },
    ),
    "gpt_oss, defaults": published("gpt_oss", _MOE, head_dim=6, num_local_experts=6, sliding_window=4),
    "qwen2, later windows": published(
        "qwen2", _TRUNK, _WIDE, hidden_size=60, use_sliding_window=True, sliding_window=5, max_window_layers=1
    ),
    "qwen3, layer types": published(
        "qwen3", _TRUNK, _WIDE, head_dim=6, use_sliding_window=True, sliding_window=5,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
    ),
    "qwen2_moe, dense layers": published(
        "qwen2_moe", _MOE, _NARROW, num_experts=7, shared_expert_intermediate_size=44, decoder_sparse_step=2,
        num_hidden_layers=4, mlp_only_layers=[3], use_sliding_window=True, sliding_window=6, qkv_bias=False,
    ),
    "qwen3_moe, dense layers": published(
        "qwen3_moe", _MOE, _NARROW, head_dim=6, num_experts=7, mlp_only_layers=[1], norm_topk_prob=True,
        use_qk_norm=True, num_hidden_layers=4, use_sliding_window=True, sliding_window=6, max_window_layers=28,
    ),
    "glm4_moe": published(
        "glm4_moe", _MOE, _NARROW, head_dim=12, n_routed_experts=8, n_shared_experts=1, use_qk_norm=True,
        attention_bias=True, partial_rotary_factor=0.5, routed_scaling_factor=2.5, first_k_dense_replace=1,
        n_group=1, topk_group=1,
        num_nextn_predict_layers=1, rope_theta=1_000_000,
    ),
    "glm4_moe, groups": published(
        "glm4_moe", _MOE, _NARROW, head_dim=8, n_routed_experts=12, n_shared_experts=2, n_group=4, topk_group=2,
        norm_topk_prob=False, first_k_dense_replace=0,
    ),
    "glm4_moe_lite": published(
        "glm4_moe_lite", _DEEPSEEK, first_k_dense_replace=1, topk_method="noaux_tc", rope_theta=1_000_000,
        partial_rotary_factor=1.0, num_nextn_predict_layers=1,
    ),
    "glm4_moe_lite, mixed": published(
        "glm4_moe_lite", _DEEPSEEK, mlp_layer_types=["sparse", "dense", "sparse"], q_lora_rank=None,
        rope_interleave=False, n_group=3, topk_group=2,
    ),
    "minicpm3": published(
        "minicpm3", _TRUNK, hidden_size=40, intermediate_size=37, num_attention_heads=5, num_key_value_heads=5,
        kv_lora_rank=13, q_lora_rank=17, qk_nope_head_dim=7, qk_rope_head_dim=6, scale_emb=12, scale_depth=1.4,
        dim_model_base=16, rope_scaling={"type": "longrope", "original_max_position_embeddings": 60, **_LONG},
    ),
    "minicpm3, plain": published(
        "minicpm3", _TRUNK, hidden_size=40, intermediate_size=37, num_attention_heads=5, num_key_value_heads=5,
        kv_lora_rank=13, q_lora_rank=17, qk_nope_head_dim=7, qk_rope_head_dim=6, v_head_dim=11, scale_depth=None,
        dim_model_base=None, tie_word_embeddings=False,
    ),
    "kimi_k2": published(
        "kimi_k2", _DEEPSEEK, n_group=1, topk_group=1, first_k_dense_replace=1, moe_layer_freq=1, rms_norm_eps=1e-5,
        topk_method="noaux_tc", scoring_func="sigmoid", aux_loss_alpha=0.001, seq_aux=True, ep_size=1,
        num_nextn_predict_layers=0, rope_theta=50_000.0,
        rope_scaling={
            "type": "yarn", "factor": 3.0, "beta_fast": 1.0, "beta_slow": 1.0, "mscale": 1.0, "mscale_all_dim": 1.0,
            "original_max_position_embeddings": 24,
        },
    ),
    "deepseek_v3, short config": published("deepseek_v3", _DEEPSEEK, n_routed_experts=16, first_k_dense_replace=0),
}  # fmt: skip
