"""Tiny GGUF files of each family, made of models of transformers, for the tests that read them back."""

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from model.files.tokenizer import byte_alphabet

V, H, K, Dh, D, F, L = 257, 10, 5, 6, 30, 37, 2
IDS = list(range(7, 30))


def permuted(rows: torch.Tensor, n_heads: int) -> torch.Tensor:
    """llama.cpp's reordering of query and key rows (convert_hf_to_gguf.py, LlamaModel.permute)."""
    return rows.reshape(n_heads, 2, rows.shape[0] // n_heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def write(
    path, family: str, values: dict, tensors: dict, packing=GGMLQuantizationType.F32, tokenizer: dict | None = None
) -> None:
    """A GGUF file with the byte tokenizer; keys of `values` without a dot get the family's prefix."""
    writer = GGUFWriter(path, family)
    for key, value in values.items():
        key = key if key.startswith(("general.", "split.")) else f"{family}.{key}"
        add = {str: writer.add_string, bool: writer.add_bool, float: writer.add_float32, int: writer.add_uint32}[
            type(value)
        ]
        add(key, value)
    words = [*byte_alphabet().values(), "<|endoftext|>"]
    told = {
        "model": "gpt2",
        "pre": "gpt-2",
        "tokens": words,
        "types": [1] * 256 + [3],
        "merges": ["a b"],
        "eos": 256,
    } | (tokenizer or {})
    if "ab" not in words and told["merges"] == ["a b"]:
        told["tokens"][told["tokens"].index("Ā")] = "ab"  # some merge there must be
    writer.add_tokenizer_model(told["model"])
    if told["pre"]:
        writer.add_tokenizer_pre(told["pre"])
    writer.add_token_list(told["tokens"])
    writer.add_token_types(told["types"])
    writer.add_token_merges(told["merges"])
    writer.add_eos_token_id(told["eos"])
    for name, tensor in tensors.items():
        data = np.ascontiguousarray(tensor.detach().numpy().astype(np.float32))
        kind = packing if data.ndim > 1 and data.shape[-1] % 32 == 0 else GGMLQuantizationType.F32
        writer.add_tensor(name, data if kind is GGMLQuantizationType.F32 else gguf.quantize(data, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


LLAMA_VALUES = {
    "block_count": L, "context_length": 71, "embedding_length": D, "feed_forward_length": F,
    "attention.head_count": H, "attention.head_count_kv": K,
    "attention.key_length": Dh, "attention.value_length": Dh, "rope.dimension_count": Dh, "rope.freq_base": 5000.0,
    "attention.layer_norm_rms_epsilon": 1e-5,
}  # fmt: skip
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "ln_1": "attn_norm", "ln_2": "ffn_norm",
    "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}  # fmt: skip
TOP = {
    "model.embed_tokens": "token_embd",
    "transformer.wte": "token_embd",
    "transformer.wpe": "position_embd",
    "model.norm": "output_norm",
    "transformer.ln_f": "output_norm",
    "lm_head": "output",
}


def randomise(made):
    torch.manual_seed(3)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            weight.normal_(1 if "norm" in name or "ln_" in name else 0, 0.15)
    return made.eval()


def gguf_tensors(made, reorder: bool, tied: bool) -> dict:
    """transformers' weights under llama.cpp's names and in its order."""
    tensors = {}
    for name, weight in made.state_dict().items():
        stem, part = name.rsplit(".", 1)
        if stem in TOP:
            if not (tied and stem == "lm_head"):
                tensors[f"{TOP[stem]}.{part}"] = weight
            continue
        _, _, layer, place = stem.split(".", 3)
        if reorder and place in ("self_attn.q_proj", "self_attn.k_proj"):
            weight = permuted(weight, H if "q_proj" in place else K)
        if "c_" in place and part == "weight":
            weight = weight.T
        tensors[f"blk.{layer}.{NAMES[place]}.{part}"] = weight
    return tensors


def llama(**options):
    common = {
        "vocab_size": V,
        "hidden_size": D,
        "intermediate_size": F,
        "num_hidden_layers": L,
        "num_attention_heads": H,
        "num_key_value_heads": K,
        "head_dim": Dh,
        "max_position_embeddings": 71,
        "rms_norm_eps": 1e-5,
    }
    return common | {"rope_parameters": {"rope_type": "default", "rope_theta": 5000.0}} | options


def cases():
    gpt2 = GPT2Config(vocab_size=V, n_positions=71, n_embd=35, n_layer=L, n_head=5, n_inner=F)
    gpt2_values = {
        "block_count": L,
        "context_length": 71,
        "embedding_length": 35,
        "feed_forward_length": F,
        "attention.head_count": 5,
        "attention.layer_norm_epsilon": 1e-5,
    }
    return {
        "llama": (LlamaForCausalLM(LlamaConfig(**llama())), "llama", LLAMA_VALUES, False),
        "llama, tied": (LlamaForCausalLM(LlamaConfig(**llama(tie_word_embeddings=True))), "llama", LLAMA_VALUES, True),
        "llama, biases": (
            LlamaForCausalLM(LlamaConfig(**llama(attention_bias=True, mlp_bias=True))),
            "llama",
            LLAMA_VALUES,
            False,
        ),
        "qwen2": (Qwen2ForCausalLM(Qwen2Config(**llama())), "qwen2", LLAMA_VALUES, False),
        "qwen3": (Qwen3ForCausalLM(Qwen3Config(**llama())), "qwen3", LLAMA_VALUES, False),
        "gpt2": (GPT2LMHeadModel(gpt2), "gpt2", gpt2_values, True),
    }


CASES = cases()


def tiny(tmp_path, values=None, extra=None, tokenizer=None, without=()):
    made, family, plain, tied = CASES["llama"]
    tensors = gguf_tensors(randomise(made), True, tied) | (extra or {})
    tensors = {name: tensor for name, tensor in tensors.items() if name not in without}
    write(tmp_path / "m.gguf", family, plain | (values or {}), tensors, tokenizer=tokenizer)
    return tmp_path / "m.gguf"
