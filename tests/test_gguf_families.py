"""GGUF files of families beyond Llama: tiny checkpoints of transformers, written as llama.cpp writes them."""

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType
from safetensors.torch import load_file

from model.errors import BadInput
from model.files.convert import read_gguf
from model.files.convert.gguf_file import GGUFFile
from model.trace import run_trace
from tests.gguf_families import tensors
from tests.gguf_models import write
from tests.hf_families import CONTEXT, T, V
from tests.test_hf_families import make_folder

_TRUNK = {
    "vocab_size": V, "num_hidden_layers": 3, "max_position_embeddings": CONTEXT, "bos_token_id": None,
    "eos_token_id": None, "pad_token_id": 0, "hidden_size": 40, "intermediate_size": 36, "num_attention_heads": 10,
    "num_key_value_heads": 5, "rms_norm_eps": 1e-5, "rope_theta": 5000.0,
}  # fmt: skip
_EXPERTS = _TRUNK | {"num_experts": 7, "num_experts_per_tok": 3, "moe_intermediate_size": 28}
_DEEPSEEK = _TRUNK | {
    "num_attention_heads": 5, "kv_lora_rank": 12, "qk_rope_head_dim": 6, "qk_nope_head_dim": 7, "v_head_dim": 11,
    "n_routed_experts": 12, "n_shared_experts": 2, "num_experts_per_tok": 3, "moe_intermediate_size": 28,
    "first_k_dense_replace": 1, "routed_scaling_factor": 1.7, "rms_norm_eps": 1e-6,
}  # fmt: skip
_YARN = {
    "rope_type": "yarn",
    "factor": 4.0,
    "original_max_position_embeddings": 16,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
}
_VALUES = {
    "block_count": 3, "context_length": CONTEXT, "embedding_length": 40, "feed_forward_length": 36,
    "attention.head_count": 10, "attention.head_count_kv": 5, "attention.key_length": 4, "attention.value_length": 4,
    "attention.layer_norm_rms_epsilon": 1e-5, "rope.freq_base": 5000.0, "rope.dimension_count": 4,
}  # fmt: skip
_WIDE = _VALUES | {"attention.key_length": 6, "attention.value_length": 6, "rope.dimension_count": 6}
_SCALED = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 16}
_ROUTED = {"expert_count": 7, "expert_used_count": 3, "expert_feed_forward_length": 28}
_LATENT = {
    name: value for name, value in _VALUES.items() if not name.startswith("attention.") or name.endswith("epsilon")
} | {
    "attention.head_count": 5, "attention.kv_lora_rank": 12, "rope.dimension_count": 6, "expert_count": 12,
    "expert_used_count": 3, "expert_shared_count": 2, "expert_feed_forward_length": 28, "leading_dense_block_count": 1,
    "expert_weights_scale": 1.7, "attention.layer_norm_rms_epsilon": 1e-6,
}  # fmt: skip
_WHOLE_LATENT = {"attention.head_count_kv": 5, "attention.key_length": 13, "attention.value_length": 11}
_LATENT_APART = {
    "attention.head_count_kv": 1, "attention.key_length": 18, "attention.value_length": 12,
    "attention.key_length_mla": 13, "attention.value_length_mla": 11,
}  # fmt: skip
_V3 = {"model_type": "deepseek_v3", **_DEEPSEEK, "q_lora_rank": 17, "n_group": 4, "topk_group": 2}
_V3_VALUES = _LATENT | {
    "attention.q_lora_rank": 17, "expert_gating_func": 2, "expert_weights_norm": True, "expert_group_count": 4,
    "expert_group_used_count": 2,
}  # fmt: skip
_V2 = {
    "model_type": "deepseek_v2",
    **_DEEPSEEK,
    "qk_nope_head_dim": 8,
    "q_lora_rank": None,
    "topk_method": "greedy",
    "n_group": 1,
}
_MSCALE = {"mscale": 0.707, "mscale_all_dim": 0.707}
_FACTORS = {"long_factor": [1.5, 2.0, 9.0], "short_factor": [1.0, 1.25, 3.0]}

CASES = {
    "llama with experts": (
        "llama", {"model_type": "mixtral", **_TRUNK, "num_local_experts": 7, "num_experts_per_tok": 3},
        _VALUES | {"expert_count": 7, "expert_used_count": 3},
    ),
    "qwen2moe": (
        "qwen2moe", {"model_type": "qwen2_moe", **_EXPERTS, "shared_expert_intermediate_size": 44},
        _VALUES | _ROUTED | {"expert_shared_feed_forward_length": 44},
    ),
    "qwen3moe": (
        "qwen3moe", {"model_type": "qwen3_moe", **_EXPERTS, "norm_topk_prob": True, "head_dim": 6}, _WIDE | _ROUTED,
    ),
    "deepseek2 of V3": ("deepseek2", _V3, _V3_VALUES | _WHOLE_LATENT),
    "deepseek2 of V3, halves apart": (
        "deepseek2", _V3 | {"rope_scaling": _YARN | {"mscale": 1.0, "mscale_all_dim": 1.0}},
        _V3_VALUES | _LATENT_APART | _SCALED | {"rope.scaling.yarn_log_multiplier": 0.1},
    ),
    "deepseek2 of V2": (
        "deepseek2", _V2 | {"rope_scaling": _YARN | _MSCALE},
        _LATENT | _WHOLE_LATENT | _SCALED | {"attention.key_length": 14, "rope.scaling.yarn_log_multiplier": 0.0707},
    ),
    "deepseek2 of V3, from before llama.cpp knew its groups": (
        "deepseek2", _V3 | {"num_hidden_layers": 2, "n_routed_experts": 256, "n_group": 8, "topk_group": 4},
        {name: value for name, value in _V3_VALUES.items() if "group" not in name}
        | _WHOLE_LATENT | {"block_count": 2, "expert_count": 256},
    ),
    "gemma2": (
        "gemma2", {
            "model_type": "gemma2", **_TRUNK, "head_dim": 6, "query_pre_attn_scalar": 6, "sliding_window": 7,
            "attn_logit_softcapping": 1.5, "final_logit_softcapping": 3.0, "tie_word_embeddings": True,
        },
        _WIDE | {
            "attention.sliding_window": 7, "attn_logit_softcapping": 1.5, "final_logit_softcapping": 3.0,
        },
    ),
    "gemma3": (
        "gemma3", {
            "model_type": "gemma3_text", **_TRUNK, "head_dim": 6, "query_pre_attn_scalar": 6, "sliding_window": 7,
            "num_hidden_layers": 7, "tie_word_embeddings": True, "rope_scaling": {"rope_type": "linear", "factor": 8.0},
        },
        _WIDE | {
            "block_count": 7, "attention.sliding_window": 7, "rope.scaling.type": "linear", "rope.scaling.factor": 8.0,
        },
    ),
    "gpt-oss": (
        "gpt-oss", {
            "model_type": "gpt_oss", **_TRUNK, "head_dim": 6, "num_local_experts": 7, "num_experts_per_tok": 3,
            "sliding_window": 7, "intermediate_size": 28, "attention_bias": True,
            "rope_scaling": _YARN | {"truncate": False},
        },
        _WIDE | _SCALED | _ROUTED | {"attention.sliding_window": 7},
    ),
    "phi3, long text": (
        "phi3", {
            "model_type": "phi3", **_TRUNK, "hidden_size": 80, "partial_rotary_factor": 0.75,
            "original_max_position_embeddings": 16, "rope_scaling": {"type": "longrope", **_FACTORS},
        },
        {name: value for name, value in _VALUES.items() if "key_" not in name and "value_" not in name}
        | {"embedding_length": 80, "rope.dimension_count": 6, "rope.scaling.original_context_length": 16},
    ),
    "phi3, window": (
        "phi3", {"model_type": "phi3", **_TRUNK, "sliding_window": 7}, _VALUES | {"attention.sliding_window": 7},
    ),
    "olmo2": (
        "olmo2", {"model_type": "olmo2", **_TRUNK, "num_key_value_heads": 10},
        _VALUES | {"attention.head_count_kv": 10},
    ),
    "smollm3": (
        "smollm3", {"model_type": "smollm3", **_TRUNK, "num_hidden_layers": 5, "tie_word_embeddings": True},
        _VALUES | {"block_count": 5},
    ),
    "granite": (
        "granite", {
            "model_type": "granite", **_TRUNK, "embedding_multiplier": 12.0, "residual_multiplier": 0.22,
            "attention_multiplier": 0.3, "logits_scaling": 8.0,
        },
        _VALUES | {"attention.scale": 0.3, "embedding_scale": 12.0, "residual_scale": 0.22, "logit_scale": 8.0},
    ),
    "granitemoe": (
        "granitemoe", {
            "model_type": "granitemoeshared", **_TRUNK, "num_local_experts": 7, "num_experts_per_tok": 3,
            "shared_intermediate_size": 44, "logits_scaling": 6.0, "attention_multiplier": 0.3,
        },
        _VALUES | {
            "expert_count": 7, "expert_used_count": 3, "expert_shared_feed_forward_length": 44, "logit_scale": 6.0,
            "attention.scale": 0.3,
        },
    ),
}  # fmt: skip


def write_case(name: str, folder):
    """The file of a case, and transformers' model that it was made of."""
    family, config, values = CASES[name]
    made = make_folder(config, 0, folder)
    found = tensors(family, load_file(folder / "model.safetensors"), made.config, apart="apart" in name)
    if "longrope" in str(config):
        found |= {f"rope_factors_{x}.weight": torch.tensor(_FACTORS[f"{x}_factor"]) for x in ("long", "short")}
    write(folder / "m.gguf", family, values, found)
    return folder / "m.gguf", made


@pytest.mark.parametrize("name", CASES)
def test_same_logits_as_the_model_that_was_written(name, tmp_path):
    """Guards names, order of rows, halves, gates and every value of the header, beyond the window."""
    path, made = write_case(name, tmp_path)
    ids = np.random.default_rng(0).integers(0, 256, T).tolist()
    with torch.no_grad():
        expected = made(torch.tensor([ids])).logits[0].numpy()
    found = run_trace(read_gguf(path, "ours"), ids).logits
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


# ---------------------------------------------------------------- packing and parts


def packable() -> list[GGMLQuantizationType]:
    return list(gguf.quants._type_traits)


@pytest.mark.parametrize("kind", packable(), ids=lambda kind: kind.name)
def test_every_packing_of_the_gguf_package_is_undone_as_it_undoes_it(kind, tmp_path):
    """K-quants cannot be written by the package: random blocks of each stand for them."""
    block, nbytes = gguf.GGML_QUANT_SIZES[kind]
    # Small bytes, so that no half-precision scale is infinite.
    rows = np.random.default_rng(1).integers(0, 60, (3, 2 * nbytes), dtype=np.uint8)
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama")
    writer.add_tensor("stack", np.stack([rows, rows[::-1]]), raw_shape=(2, 3, 2 * nbytes), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    file = GGUFFile(tmp_path / "m.gguf")
    expected = gguf.dequantize(rows, kind)
    assert file.shape("stack") == (2, 3, 2 * block)
    np.testing.assert_array_equal(file.read("stack").numpy()[0], expected)
    np.testing.assert_array_equal(file.read("stack", 1).numpy(), expected[::-1])


def split(path, parts: int):
    """The file in `parts`, tensors dealt out in turn, as llama-gguf-split names them."""
    whole = gguf.GGUFReader(path)
    paths = []
    for number in range(parts):
        paths.append(path.with_name(f"m-{number + 1:05}-of-{parts:05}.gguf"))
        writer = gguf.GGUFWriter(paths[-1], "llama")
        if number == 0:
            for key, field in whole.fields.items():
                if not key.startswith("GGUF.") and key != "general.architecture":
                    sub = field.types[1] if len(field.types) > 1 else None
                    writer.add_key_value(key, field.contents(), field.types[0], sub)
        writer.add_uint16("split.count", parts)
        writer.add_uint16("split.no", number)
        for tensor in whole.tensors[number::parts]:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return paths


def test_a_model_in_several_files_is_one_model(tmp_path):
    path, _ = write_case("llama with experts", tmp_path)
    ids = list(range(7, 30))
    expected = run_trace(read_gguf(path, "m"), ids).logits
    parts = split(path, 3)
    for each in (parts[0], parts[2]):
        np.testing.assert_array_equal(run_trace(read_gguf(each, "m"), ids).logits, expected)
    parts[1].unlink()
    with pytest.raises(BadInput, match="m-00002-of-00003.gguf, part 2 of 3, is not beside it"):
        read_gguf(parts[0], "m")
