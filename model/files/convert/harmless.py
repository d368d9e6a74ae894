"""Options that no family's code reads when it predicts the next token, and models that are refused by name."""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


# Options that matter in training, on a GPU, or to other programs only.
_ELSEWHERE = """
    model_type architectures dtype torch_dtype transformers_version auto_map use_cache initializer_range
    unk_token_id bos_token_id eos_token_id pad_token_id sep_token_id mask_token_id cls_token_id
    bos_token eos_token pad_token unk_token tokenizer_class model_max_length padding_side add_bos_token add_eos_token
    attention_dropout hidden_dropout classifier_dropout attn_pdrop embd_pdrop resid_pdrop attention_dropout_prob
    hidden_dropout_prob embedding_dropout attn_dropout resid_dropout ffn_dropout
    router_aux_loss_coef router_jitter_noise router_z_loss_coef aux_loss_alpha aux_loss_coef moe_aux_loss_coeff
    load_balancing_loss_coef input_jitter_noise seq_aux ep_size pretraining_tp
    num_nextn_predict_layers num_mtp_layers num_nextn_predict_layer is_llama_config transformers.js_config
    unsloth_version unsloth_fixed task_specific_params return_dict chunk_size_feed_forward id2label label2id
    num_labels problem_type finetuning_task torchscript use_bfloat16 tf_legacy_loss prefix gradient_checkpointing
    use_flash_attn use_flash_attention use_flash_attention_2 attn_implementation flash_attn fused_rms_norm
    use_fused_rms_norm bias_dropout_fusion reorder_and_upcast_attn training_args
    is_decoder tie_encoder_decoder init_std init_method_std embedding_initializer_range max_sequence_length
    seq_length max_seq_len max_seq_length n_ctx special_dtypes model_version revision license language
    chat_template name_or_path base_model dataset_name
"""

# Options of `generate`, which old versions of transformers wrote into config.json.
_GENERATION = """
    temperature top_k top_p top_h min_p typical_p epsilon_cutoff eta_cutoff do_sample num_beams num_beam_groups
    diversity_penalty repetition_penalty encoder_repetition_penalty length_penalty no_repeat_ngram_size
    encoder_no_repeat_ngram_size bad_words_ids force_words_ids renormalize_logits constraints forced_bos_token_id
    forced_eos_token_id remove_invalid_values exponential_decay_length_penalty suppress_tokens begin_suppress_tokens
    sequence_bias token_healing guidance_scale watermarking_config num_return_sequences max_length max_new_tokens
    min_length min_new_tokens early_stopping max_time stop_strings penalty_alpha dola_layers cache_implementation
    cache_config return_legacy_cache prefill_chunk_size decoder_start_token_id low_memory return_dict_in_generate
    is_assistant num_assistant_tokens num_assistant_tokens_schedule assistant_confidence_threshold
    assistant_early_exit prompt_lookup_num_tokens max_matching_ngram_size disable_compile compile_config use_mtp
"""

HARMLESS = frozenset(_words(_ELSEWHERE + _GENERATION))
_BEGINNINGS = ("_", "summary_", "output_", "xla_", "tf_", "torch_", "unsloth_", "neftune_", "lora_train_")

# Notes that people leave inside rope_scaling.
ROPE_NOTES = frozenset(_words("finetuned note notes comment description source original_rope_type"))


def is_harmless(name: str) -> bool:
    """Whether an option of this name leaves every family's result alone."""
    return name in HARMLESS or name.startswith(_BEGINNINGS)


_LINEAR = "linear attention: a state of fixed size in place of keys and values"
_STATE = "a state-space model (Mamba): no keys and values that a query could look at"
_SPARSE = "DeepSeek's sparse attention: an indexer picks the keys that a query may see"
_ENCODER = "an encoder: every token sees all others, and no next token is predicted"
_SEQ2SEQ = "an encoder with a decoder (sequence to sequence): its decoder looks at a second text"
_RECURRENT = "a recurrent network"
_VISION = "a model of pictures or sound with no text part of a known family"

# model_type -> what it is, for the sentence that refuses it.
REFUSED: dict[str, str] = {
    **dict.fromkeys(
        _words(
            "qwen3_next qwen3_5 qwen3_5_text qwen3_5_moe qwen3_5_moe_text kimi_linear minimax minimax_text_01 "
            "olmo_hybrid bailing_hybrid ring_linear"
        ),
        _LINEAR,
    ),
    **dict.fromkeys(
        _words("mamba mamba2 falcon_mamba falcon_h1 jamba bamba zamba zamba2 nemotron_h granitemoehybrid plamo2"),
        _STATE,
    ),
    **dict.fromkeys(_words("deepseek_v32 deepseek_v4 glm_moe_dsa"), _SPARSE),
    **dict.fromkeys(
        _words(
            "bert roberta xlm-roberta xlm_roberta distilbert albert electra deberta deberta-v2 camembert mpnet "
            "modernbert eurobert nomic_bert roformer longformer big_bird esm ernie layoutlm"
        ),
        _ENCODER,
    ),
    **dict.fromkeys(
        _words(
            "t5 mt5 umt5 longt5 bart mbart pegasus marian m2m_100 blenderbot prophetnet led switch_transformers "
            "t5gemma whisper encoder-decoder speech_to_text"
        ),
        _SEQ2SEQ,
    ),
    **dict.fromkeys(_words("rwkv rwkv7 recurrent_gemma xlstm"), _RECURRENT),
    **dict.fromkeys(_words("vit clip siglip siglip2 dinov2 wav2vec2 hubert"), _VISION),
    "lfm2": "short convolutions in place of attention in most layers",
    "lfm2_moe": "short convolutions in place of attention in most layers",
    "llama4": "Llama 4's chunked attention and scaled queries",
    "llama4_text": "Llama 4's chunked attention and scaled queries",
    "gemma3n": "Gemma 3n's several residual streams and embeddings for each layer",
    "gemma3n_text": "Gemma 3n's several residual streams and embeddings for each layer",
}
