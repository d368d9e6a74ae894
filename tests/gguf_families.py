"""GGUF files of the newer families, written as llama.cpp's converter writes them from checkpoints of transformers."""

import re

import torch

from tests.gguf_models import permuted

TRUNK = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
LAYER = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.qkv_proj": "attn_qkv", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "self_attn.q_a_proj": "attn_q_a", "self_attn.q_a_layernorm": "attn_q_a_norm",
    "self_attn.q_b_proj": "attn_q_b", "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa",
    "self_attn.kv_a_layernorm": "attn_kv_a_norm", "self_attn.kv_b_proj": "attn_kv_b",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "mlp.gate_up_proj": "ffn_up",
    "mlp.gate": "ffn_gate_inp", "block_sparse_moe.gate": "ffn_gate_inp", "mlp.router": "ffn_gate_inp",
    "block_sparse_moe.router.layer": "ffn_gate_inp", "mlp.shared_expert_gate": "ffn_gate_inp_shexp",
    "mlp.shared_expert.gate_proj": "ffn_gate_shexp", "mlp.shared_expert.up_proj": "ffn_up_shexp",
    "mlp.shared_expert.down_proj": "ffn_down_shexp", "mlp.shared_experts.gate_proj": "ffn_gate_shexp",
    "mlp.shared_experts.up_proj": "ffn_up_shexp", "mlp.shared_experts.down_proj": "ffn_down_shexp",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip
AFTER = {"post_attention_layernorm": "post_attention_norm", "post_feedforward_layernorm": "post_ffw_norm"}
NORMS = {
    "gemma2": AFTER | {"pre_feedforward_layernorm": "ffn_norm"},
    "gemma3": AFTER | {"pre_feedforward_layernorm": "ffn_norm"},
    "olmo2": AFTER,
    "gpt-oss": {"post_attention_layernorm": "post_attention_norm"},
}
EXPERT = r"(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(?:gate_proj|w1|up_proj|w3|down_proj|w2)\.weight"
PARTS = {"gate_proj": "gate", "w1": "gate", "up_proj": "up", "w3": "up", "down_proj": "down", "w2": "down"}
PERMUTED = ("llama", "smollm3", "granite", "granitemoe")


def tensors(family: str, saved: dict, config, apart: bool = False) -> dict[str, torch.Tensor]:
    """The published tensors `saved` under llama.cpp's names and in its order; `apart`: MLA's halves apart."""
    found, experts = {}, {}
    for name, weight in saved.items():
        weight = weight.float()
        if name in TRUNK:
            found[TRUNK[name]] = weight
            continue
        layer, place = re.fullmatch(r"model\.layers\.(\d+)\.(.*)", name).groups()
        home = f"blk.{layer}."
        if each := re.fullmatch(EXPERT, place):
            experts.setdefault(f"{home}ffn_{PARTS[place.split('.')[-2]]}_exps.weight", {})[int(each[1])] = weight
        elif place == "mlp.gate.e_score_correction_bias":
            found[f"{home}exp_probs_b.bias"] = weight
        elif place == "self_attn.sinks":
            found[f"{home}attn_sinks.weight"] = weight
        elif place.startswith("mlp.experts."):  # GPT-OSS: gate and up interleaved, in columns
            found |= _interleaved(home, place.removeprefix("mlp.experts."), weight)
        elif place == "block_sparse_moe.input_linear.weight":  # Granite: gate below up, all experts in one
            found[f"{home}ffn_gate_exps.weight"], found[f"{home}ffn_up_exps.weight"] = weight.chunk(2, 1)
        elif place == "block_sparse_moe.output_linear.weight":
            found[f"{home}ffn_down_exps.weight"] = weight
        elif place == "shared_mlp.input_linear.weight":
            found[f"{home}ffn_gate_shexp.weight"], found[f"{home}ffn_up_shexp.weight"] = weight.chunk(2, 0)
        elif place == "shared_mlp.output_linear.weight":
            found[f"{home}ffn_down_shexp.weight"] = weight
        else:
            found |= _plain(family, home, place, weight, config, apart)
    found |= {name: torch.stack([own[i] for i in sorted(own)]) for name, own in experts.items()}
    if config.tie_word_embeddings:
        found.pop("output.weight", None)
    if family.startswith("gemma"):  # the file has the gain itself
        found = {name: weight + 1 if "norm" in name else weight for name, weight in found.items()}
    return found


def _plain(family, home, place, weight, config, apart) -> dict:
    stem, part = place.rsplit(".", 1)
    theirs = (LAYER | NORMS.get(family, {}))[stem]
    if family in PERMUTED and theirs in ("attn_q", "attn_k"):
        heads = config.num_attention_heads if theirs == "attn_q" else config.num_key_value_heads
        weight = permuted(weight, heads)
    if theirs == "ffn_gate_inp_shexp":
        weight = weight[0]
    if theirs == "attn_kv_b" and apart:
        split = weight.view(config.num_attention_heads, -1, weight.shape[-1])
        key, value = split.split([config.qk_nope_head_dim, config.v_head_dim], 1)
        return {f"{home}attn_k_b.weight": key.transpose(1, 2), f"{home}attn_v_b.weight": value}
    return {f"{home}{theirs}.{part}": weight}


def _interleaved(home: str, place: str, weight: torch.Tensor) -> dict:
    part = "bias" if place.endswith("_bias") else "weight"
    weight = weight if part == "bias" else weight.transpose(1, 2)  # published as (E, in, out)
    if place.startswith("down"):
        return {f"{home}ffn_down_exps.{part}": weight}
    return {f"{home}ffn_gate_exps.{part}": weight[:, ::2], f"{home}ffn_up_exps.{part}": weight[:, 1::2]}
