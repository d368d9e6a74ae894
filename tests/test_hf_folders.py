"""What folders hold beside the plain case: heads stored apart, models inside models, packed experts, extras."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from model.errors import BadInput
from model.files.convert import read_huggingface
from model.files.convert.families import FAMILIES
from model.files.convert.harmless import REFUSED
from model.files.convert.huggingface_config import describe, read_config
from model.files.convert.mxfp4 import unpack
from model.measure.memory import cache_bytes, count_parameters
from model.trace import run_trace
from tests.hf_families import CONFIGS, T, V
from tests.test_hf_families import make_folder

IDS = np.random.default_rng(5).integers(0, 256, T).tolist()
LLAMA = CONFIGS["granite"] | {"model_type": "llama", "tie_word_embeddings": True}
LLAMA = {name: value for name, value in LLAMA.items() if not name.endswith(("multiplier", "scaling"))}


def change_weights(folder: Path, change) -> dict:
    path = folder / "model.safetensors"
    weights = change(load_file(path))
    save_file(weights, path, metadata={"format": "pt"})
    return weights


def theirs(folder: Path) -> np.ndarray:
    made = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    with torch.no_grad():
        return made.eval()(torch.tensor([IDS])).logits[0].numpy()


def assert_same(folder: Path, expected: np.ndarray) -> None:
    ours = run_trace(read_huggingface(folder, "ours"), IDS).logits
    assert np.abs(ours - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("family", ["llama", "gemma2", "gpt_neox, in turn"])
def test_a_tied_flag_with_another_head_stored_keeps_both(family, tmp_path):
    """Guards against logits from the embedding in silence: fine-tuned heads are stored beside an old flag."""
    config = LLAMA if family == "llama" else CONFIGS[family]
    make_folder(config, 0, tmp_path)
    head = FAMILIES[config["model_type"]].head
    own = torch.randn(V, config["hidden_size"], generator=torch.Generator().manual_seed(1)) * 0.3
    change_weights(tmp_path, lambda weights: weights | {head: own})
    lm = read_huggingface(tmp_path, "ours")
    assert not lm.config.tied_embeddings
    torch.testing.assert_close(lm.transformer.unembedding, own, rtol=0, atol=0)
    if family == "llama":
        assert_same(tmp_path, theirs(tmp_path))


def test_a_tied_model_with_a_copy_of_its_embedding_stays_tied(tmp_path):
    made = make_folder(LLAMA, 0, tmp_path)
    change_weights(tmp_path, lambda weights: weights | {"lm_head.weight": weights["model.embed_tokens.weight"].clone()})
    assert read_huggingface(tmp_path, "ours").config.tied_embeddings
    with torch.no_grad():
        assert_same(tmp_path, made(torch.tensor([IDS])).logits[0].numpy())


def test_a_tied_model_with_its_head_alone_stored(tmp_path):
    made = make_folder(LLAMA, 0, tmp_path)

    def rename(weights):
        return weights | {"lm_head.weight": weights.pop("model.embed_tokens.weight")}

    change_weights(tmp_path, rename)
    with torch.no_grad():
        assert_same(tmp_path, made(torch.tensor([IDS])).logits[0].numpy())


def test_the_base_model_saved_alone(tmp_path):
    """`LlamaModel.save_pretrained` writes no "model." in front of names; the head of a tied model is not missed."""
    made = make_folder(LLAMA, 0, tmp_path)
    change_weights(tmp_path, lambda weights: {name.removeprefix("model."): each for name, each in weights.items()})
    with torch.no_grad():
        assert_same(tmp_path, made(torch.tensor([IDS])).logits[0].numpy())


@pytest.mark.parametrize("trunk", ["language_model.model.", "model.language_model."])
def test_the_text_part_of_a_model_of_pictures(trunk, tmp_path):
    """Gemma 3 from 4B on: the text part stands in text_config, its weights one level down, beside the picture's."""
    config = CONFIGS["gemma3"]
    made = make_folder(config, 0, tmp_path)

    def inside(weights):
        placed = {trunk + name.removeprefix("model."): weight for name, weight in weights.items()}
        return placed | {"vision_tower.layers.0.weight": torch.ones(3), "multi_modal_projector.weight": torch.ones(2)}

    change_weights(tmp_path, inside)
    whole = {"model_type": "gemma3", "text_config": config, "vision_config": {"hidden_size": 5}, "image_token_index": 7}
    (tmp_path / "config.json").write_text(json.dumps(whole))
    with torch.no_grad():
        assert_same(tmp_path, made(torch.tensor([IDS])).logits[0].numpy())


def test_layers_for_further_tokens_are_left_out(tmp_path):
    made = make_folder(CONFIGS["glm4_moe"], 0, tmp_path)
    change_weights(tmp_path, lambda weights: weights | {"model.layers.3.eh_proj.weight": torch.ones(2, 3)})
    with torch.no_grad():
        assert_same(tmp_path, made(torch.tensor([IDS])).logits[0].numpy())


def packed(generator: torch.Generator, experts: int, rows: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random MXFP4: blocks (E, R, G, 16) and scales (E, R, G), numbers of the size of weights."""
    groups = width // 32
    blocks = torch.randint(0, 256, (experts, rows, groups, 16), dtype=torch.uint8, generator=generator)
    return blocks, torch.randint(120, 126, (experts, rows, groups), dtype=torch.uint8, generator=generator)


def test_mxfp4_is_unpacked_as_transformers_does():
    blocks, scales = packed(torch.Generator().manual_seed(0), 3, 5, 96)
    expected = convert_moe_packed_tensors(blocks, scales.clone(), dtype=torch.float32)
    assert torch.equal(unpack(blocks, scales), expected)


def test_gpt_oss_as_published_in_four_bits(tmp_path):
    """The experts of the published files are packed; everything else is not."""
    config = CONFIGS["gpt_oss, defaults"] | {"hidden_size": 64, "intermediate_size": 32}
    made = make_folder(config, 0, tmp_path)
    generator = torch.Generator().manual_seed(2)

    def pack(weights):
        for name in [name for name in weights if name.endswith(("gate_up_proj", "down_proj"))]:
            experts, width, rows = weights.pop(name).shape
            weights[f"{name}_blocks"], weights[f"{name}_scales"] = packed(generator, experts, rows, width)
            plain = convert_moe_packed_tensors(
                weights[f"{name}_blocks"], weights[f"{name}_scales"].clone(), dtype=torch.float32
            )
            made.load_state_dict({name: plain}, strict=False)
        return weights

    change_weights(tmp_path, pack)
    (tmp_path / "config.json").write_text(
        json.dumps(config | {"quantization_config": {"quant_method": "mxfp4", "modules_to_not_convert": []}})
    )
    with torch.no_grad():
        assert_same(tmp_path, made(torch.tensor([IDS])).logits[0].numpy())


@pytest.mark.parametrize("model_type", REFUSED)
def test_what_stays_unsupported_is_refused_by_what_it_is(model_type):
    with pytest.raises(BadInput) as refused:
        read_config({"model_type": model_type, "hidden_size": 8})
    assert refused.value.code == "unsupported"
    assert repr(model_type) in str(refused.value) and REFUSED[model_type] in str(refused.value)


def test_an_unknown_family_is_named_before_its_weights_are_looked_at(tmp_path):
    """Guards against advice on file formats where no format would help."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(BadInput, match="'bert' are not supported .an encoder"):
        read_huggingface(tmp_path, "m")


PUBLISHED_EXTRAS = {
    "gpt2": {"predict_special_tokens": True, "n_special": 0, "summary_use_proj": True, "n_ctx": 1024},
    "qwen3_moe": {"use_qk_norm": True, "qkv_bias": True, "max_window_layers": 28, "norm_topk_prob": False},
    "llama": {"pretraining_tp": 2, "temperature": 0.6, "do_sample": True, "max_length": 4096, "tokenizer_class": "X"},
    "gpt_oss": {"experts_per_token": 4, "initial_context_length": 4096, "hidden_act": "gelu"},
    "gemma2": {"hidden_act": "relu", "cache_implementation": "hybrid", "sliding_window_size": 4096},
    "phi3": {"full_attn_mod": 1, "interpolate_factor": 1, "embd_pdrop": 0.1},
}


@pytest.mark.parametrize("family", PUBLISHED_EXTRAS)
def test_options_that_the_familys_code_never_reads_change_nothing(family):
    """Published files carry options of generation, training and older code."""
    plain, extras = {"model_type": family}, PUBLISHED_EXTRAS[family]
    said = describe(plain | extras)
    assert said.config == read_config(plain)
    assert set(said.ignored) >= {name for name in extras if name != "norm_topk_prob"}


def test_notes_beside_a_scaling_change_nothing():
    scaling = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}
    plain = {"model_type": "llama", "rope_scaling": scaling}
    noted = {"model_type": "llama", "rope_scaling": scaling | {"type": "yarn", "finetuned": True, "_comment": "x"}}
    assert read_config(noted) == read_config(plain)


def test_windows_of_a_published_model_are_counted():
    """Gemma 3 27B at 131,072 tokens: 10 of its 62 layers keep all, 52 their window (not 81 GiB, nor 62)."""
    text = {
        "head_dim": 128, "hidden_size": 5376, "intermediate_size": 21504, "model_type": "gemma3_text",
        "num_attention_heads": 32, "num_hidden_layers": 62, "num_key_value_heads": 16, "query_pre_attn_scalar": 168,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024,
    }  # fmt: skip
    config = read_config({"model_type": "gemma3", "text_config": text, "vision_config": {"hidden_size": 1152}})
    per_layer = 2 * 16 * 128 * 2  # bytes of one token, bf16
    expected = (10 * 131_072 + 52 * 1024) * per_layer
    assert cache_bytes(config, 131_072, rolling=True) == expected
    assert cache_bytes(config, 131_072, rolling=False) == 62 * 131_072 * per_layer
    assert round(count_parameters(config).total / 1e9, 1) == 27.0
