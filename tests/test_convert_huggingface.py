"""Hugging Face folders that must be refused by name, shards, number types, tokenizers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from model import load
from model.errors import BadInput
from model.files.convert import read_huggingface
from model.files.convert.huggingface_config import read_config
from model.files.tokenizer import Tokenizer
from model.trace import run_trace

SIZES = {
    "vocab_size": 257,
    "hidden_size": 30,
    "intermediate_size": 37,
    "num_hidden_layers": 2,
    "num_attention_heads": 10,
    "num_key_value_heads": 5,
    "head_dim": 6,
    "max_position_embeddings": 71,
}
IDS = list(range(20))
PUBLISHED = json.loads(
    (Path(__file__).parent / "published_configs.json").read_text()
)  # by model, from their config.json


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny Llama, never to be changed."""
    place = tmp_path_factory.mktemp("llama")
    torch.manual_seed(0)
    transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES)).save_pretrained(place)
    Tokenizer.of_bytes()._backend.save(str(place / "tokenizer.json"))
    return place


@pytest.fixture
def copy(folder, tmp_path):
    """A copy of it that a test may damage."""
    place = tmp_path / "copy"
    place.mkdir()
    for file in folder.iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    return place


def change(place, **options) -> None:
    """Set options in a folder's config.json."""
    path = place / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | options))


REFUSED = {
    "model_type": ({"model_type": "mamba"}, "mamba"),
    "no model_type": ({"model_type": None}, "None"),
    "dynamic rope": (
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}},
        "rope type = dynamic",
    ),
    "old rope_scaling": ({"rope_parameters": None, "rope_scaling": {"type": "longrope", "factor": 2.0}}, "longrope"),
    "unknown rope option": (
        {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 1]}},
        "mrope_section",
    ),
    "partial rotation": ({"partial_rotary_factor": 0.5}, "partial_rotary_factor = 0.5"),
    "unknown option": ({"use_parallel_residual": True}, "use_parallel_residual = True"),
    "unknown number": ({"logit_scale": 0.25}, "logit_scale = 0.25"),
    "quantised": ({"quantization_config": {"quant_method": "fp8"}}, "quantization_config"),
    "activation": ({"hidden_act": "relu2"}, "hidden_act = relu2"),
    "number as text": ({"hidden_size": "30"}, "hidden_size = 30"),
    "list as number": ({"num_attention_heads": [10]}, "num_attention_heads"),
    "heads": ({"num_attention_heads": 0}, "num_attention_heads = 0"),
    "another size": ({"intermediate_size": 41}, "intermediate_size|shape"),
    "absurd layers": ({"num_hidden_layers": 10**12}, "layers"),
    "absurd width": ({"intermediate_size": 10**15}, "do not belong together"),
    "more layers": ({"num_hidden_layers": 3}, "lacks the weight model.layers.2"),
    "fewer layers": ({"num_hidden_layers": 1}, "no place for: model.layers.1"),
    "untold biases": ({"attention_bias": True}, "lacks the weight"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name, copy):
    """Guards against an option that is passed over in silence: other numbers, and nothing tells."""
    options, named = REFUSED[name]
    change(copy, **options)
    with pytest.raises(BadInput, match=named) as error:
        read_huggingface(copy, "m")
    assert "\n" not in str(error.value)


FAMILY_REFUSED = {
    "gpt2, scaled by layer": (
        {
            "model_type": "gpt2",
            "n_embd": 8,
            "n_head": 2,
            "n_layer": 1,
            "n_positions": 9,
            "vocab_size": 9,
            "scale_attn_by_inverse_layer_idx": True,
        },
        "inverse_layer",
    ),
    "mistral, mscale_all_dim": (
        SIZES
        | {
            "model_type": "mistral",
            "rope_scaling": {"type": "yarn", "factor": 2.0, "mscale": 1.0, "mscale_all_dim": 1.0},
        },
        "mscale_all_dim",
    ),
}
_LATENT = {
    "kv_lora_rank": 13,
    "qk_rope_head_dim": 6,
    "qk_nope_head_dim": 7,
    "v_head_dim": 11,
    "n_routed_experts": 4,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 12,
    "num_key_value_heads": 10,
}
FAMILY_REFUSED |= {
    "deepseek_v3, method": (
        SIZES | _LATENT | {"model_type": "deepseek_v3", "topk_method": "greedy"},
        "topk_method = greedy",
    ),
    "deepseek_v2, normalised": (
        SIZES | _LATENT | {"model_type": "deepseek_v2", "norm_topk_prob": True},
        "norm_topk_prob = True",
    ),
    "deepseek_v2, biases": (
        SIZES | _LATENT | {"model_type": "deepseek_v2", "attention_bias": True},
        "attention_bias = True",
    ),
}


@pytest.mark.parametrize("name", FAMILY_REFUSED)
def test_refused_in_other_families(name):
    options, named = FAMILY_REFUSED[name]
    with pytest.raises(BadInput, match=named) as error:
        read_config(options)
    assert error.value.code == "unsupported"


def test_harmless_options_are_let_through(copy):
    """What SmolLM2's and other published config.json say beside the architecture."""
    change(
        copy,
        is_llama_config=True,
        rope_interleaved=False,
        _name_or_path="x",
        **{"transformers.js_config": {"dtype": "q4"}},
    )
    assert read_huggingface(copy, "m").config.n_layers == 2


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_published_models_say_is_understood(name):
    """Guards the refusal of unknown options against refusing models that people have."""
    expected = {
        "Qwen1.5-MoE-A2.7B": ("MHA", "MoE"),
        "DeepSeek-V2-Lite": ("MLA", "MoE"),
        "DeepSeek-V3, unquantised": ("MLA", "MoE"),
        "gpt2": ("MHA", "GELU"),
    }
    dense_or_experts = "MoE" if "num_experts_per_tok" in PUBLISHED[name] else "SwiGLU"
    config = read_config(PUBLISHED[name])
    assert (config.attention.kind, config.feed_forward.kind) == expected.get(name, ("GQA", dense_or_experts))


def test_the_old_way_to_write_rope_is_read(copy):
    change(copy, rope_parameters=None, rope_theta=5000.0, rope_scaling={"type": "linear", "factor": 2.0})
    rope = read_huggingface(copy, "m").config.rope
    assert (rope.theta, rope.scaling.factor) == (5000.0, 2.0)


def test_mistrals_window_when_config_json_is_silent():
    """Absence means 4,096 in Mistral's config, null means none."""
    plain = SIZES | {"model_type": "mistral"}
    assert read_config(plain).attention.sliding_window == 4096
    assert read_config(plain | {"sliding_window": None}).attention.sliding_window is None


def test_several_shards_are_one_model(folder, tmp_path):
    whole = transformers.LlamaForCausalLM.from_pretrained(folder)
    whole.save_pretrained(tmp_path, max_shard_size="20KB")
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    assert len(list(tmp_path.glob("*.safetensors"))) > 2
    one, several = read_huggingface(folder, "m"), read_huggingface(tmp_path, "m")
    np.testing.assert_array_equal(run_trace(one, IDS).logits, run_trace(several, IDS).logits)
    assert one.fingerprint == several.fingerprint


def test_an_index_may_not_reach_outside_its_folder(copy):
    (copy / "model.safetensors").rename(copy / "a.safetensors")
    (copy / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"model.norm.weight": "../copy/a.safetensors"}})
    )
    with pytest.raises(BadInput, match="no file of this folder"):
        read_huggingface(copy, "m")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_number_types_are_widened(dtype, copy):
    weights = {name: weight.to(dtype) for name, weight in load_file(copy / "model.safetensors").items()}
    save_file(weights, copy / "model.safetensors")
    lm = read_huggingface(copy, "m")
    assert {weight.dtype for weight in lm.transformer.state_dict().values()} == {torch.float32}
    np.testing.assert_array_equal(lm.transformer.ln_final.weight.numpy(), weights["model.norm.weight"].float().numpy())


def test_quantised_weights_are_refused(copy):
    weights = load_file(copy / "model.safetensors")
    weights["model.norm.weight"] = weights["model.norm.weight"].to(torch.float8_e4m3fn)
    save_file(weights, copy / "model.safetensors")
    with pytest.raises(BadInput, match="model.norm.weight is stored as F8"):
        read_huggingface(copy, "m")


def test_pickled_weights_are_refused_with_advice(copy):
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    with pytest.raises(BadInput, match="pickle files .* use a version of the model with .safetensors"):
        load(copy)


DAMAGE = {
    "no config": ("config.json", None, "config.json is missing"),
    "config no JSON": ("config.json", b"{", "config.json cannot be read"),
    "config a list": ("config.json", b"[]", "config.json does not describe"),
    "config too deep": ("config.json", b"[" * 100_000, "config.json cannot be read"),
    "config not UTF-8": ("config.json", b"\xff\xfe", "config.json cannot be read"),
    "no weights": ("model.safetensors", None, "there is no model.safetensors"),
    "weights empty": ("model.safetensors", b"", "model.safetensors cannot be read"),
    "weights no safetensors": ("model.safetensors", b"PK\x03\x04" * 99, "model.safetensors cannot be read"),
    "no tokenizer": ("tokenizer.json", None, "has no tokenizer"),
    "tokenizer no JSON": ("tokenizer.json", b"{", "tokenizer.json in copy cannot be read"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_folders_get_one_sentence(name, copy):
    file, content, named = DAMAGE[name]
    (copy / file).unlink()
    if content is not None:
        (copy / file).write_bytes(content)
    with pytest.raises(BadInput, match=named) as error:
        load(copy)
    assert "\n" not in str(error.value)


def test_truncated_weights_are_refused(copy):
    path = copy / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadInput, match="cannot be read"):
        load(copy)


def test_end_of_text_is_what_the_folder_says(copy):
    assert read_huggingface(copy, "m").tokenizer.end_ids == {2}  # Llama's eos_token_id
    (copy / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 9]}))
    assert read_huggingface(copy, "m").tokenizer.end_ids == {5, 9}
    (copy / "generation_config.json").write_text("{}")
    change(copy, eos_token_id=None)
    assert read_huggingface(copy, "m").tokenizer.end_ids == {256}  # <|endoftext|>, by its name


def test_a_tokenizer_of_another_model_is_refused(copy):
    """More ordinary tokens than rows; added ones alone are no fault (tests/test_tokenizer_files.py)."""
    data = json.loads(Tokenizer.of_bytes()._backend.to_str())
    data["model"]["vocab"] |= {"a" * (i + 2): 257 + i for i in range(9)}
    (copy / "tokenizer.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(BadInput, match="do not belong together"):
        read_huggingface(copy, "m")


def test_gpt2_files_without_prefix_and_with_masks_are_read(tmp_path):
    """The first GPT-2 files on the hub have no "transformer." and carry mask buffers."""
    torch.manual_seed(0)
    made = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=257, n_positions=71, n_embd=33, n_layer=2, n_head=11)
    ).eval()
    made.save_pretrained(tmp_path)
    weights = {
        name.removeprefix("transformer."): weight for name, weight in load_file(tmp_path / "model.safetensors").items()
    }
    weights |= {f"h.{i}.attn.bias": torch.ones(1, 1, 71, 71).tril() for i in range(2)}
    save_file(weights, tmp_path / "model.safetensors")
    Tokenizer.of_bytes()._backend.save(str(tmp_path / "tokenizer.json"))
    with torch.no_grad():
        expected = made(torch.tensor([IDS])).logits[0].numpy()
    np.testing.assert_allclose(run_trace(read_huggingface(tmp_path, "m"), IDS).logits, expected, atol=1e-4)
