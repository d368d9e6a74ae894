"""GGUF files: tiny models of each family against transformers, packing, and models that must be refused by name."""

import json
from dataclasses import replace

import numpy as np
import pytest
import tokenizers
import torch
from gguf import GGMLQuantizationType
from tokenizers import AddedToken
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from model.config import LinearScaling, Llama3Scaling, RopeConfig, YarnScaling
from model.errors import BadInput
from model.files.convert import read_gguf
from model.files.convert.gguf_tokenizer import read_tokenizer
from model.files.tokenizer import byte_alphabet
from model.rope import frequencies
from model.trace import run_trace
from tests.gguf_models import CASES, IDS, LLAMA_VALUES, D, Dh, F, V, gguf_tensors, llama, randomise, tiny, write


@pytest.mark.parametrize("name", CASES)
def test_same_logits_as_the_model_that_was_written(name, tmp_path):
    made, family, values, tied = CASES[name]
    randomise(made)
    write(tmp_path / "m.gguf", family, values, gguf_tensors(made, family == "llama", tied))
    lm = read_gguf(tmp_path / "m.gguf", "ours")
    with torch.no_grad():
        expected = made(torch.tensor([IDS])).logits[0].numpy()
    np.testing.assert_allclose(run_trace(lm, IDS).logits, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("packing", ["F16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1"])
def test_packed_weights_as_transformers_unpacks_them(packing, tmp_path):
    """Guards the layout of packed rows; transformers reads the file with code of its own."""
    wide = llama(hidden_size=64, intermediate_size=96, num_attention_heads=4, num_key_value_heads=2, head_dim=16)
    made = randomise(LlamaForCausalLM(LlamaConfig(**wide)))
    values = LLAMA_VALUES | {
        "embedding_length": 64,
        "feed_forward_length": 96,
        "attention.head_count": 4,
        "attention.head_count_kv": 2,
        "attention.key_length": 16,
        "attention.value_length": 16,
        "rope.dimension_count": 16,
    }
    tensors = gguf_tensors(made, False, False)
    write(tmp_path / "m.gguf", "llama", values, tensors, GGMLQuantizationType[packing])
    reference = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf", dtype=torch.float32).eval()
    with torch.no_grad():
        expected = reference(torch.tensor([IDS])).logits[0].numpy()
    np.testing.assert_allclose(
        run_trace(read_gguf(tmp_path / "m.gguf", "ours"), IDS).logits, expected, atol=1e-3, rtol=0
    )


def test_rope_scalings_are_understood(tmp_path):
    scaled = {"rope.scaling.type": "linear", "rope.scaling.factor": 2.0}
    assert read_gguf(tiny(tmp_path, scaled), "m").config.rope.scaling == LinearScaling(factor=2.0)
    scaled = {"rope.scaling.type": "yarn", "rope.scaling.factor": 4.0, "rope.scaling.original_context_length": 32}
    assert read_gguf(tiny(tmp_path, scaled), "m").config.rope.scaling == YarnScaling(factor=4.0, original_context=32)


def test_llama_3s_table_of_frequencies_is_recognised(tmp_path):
    """Guards against rotating Llama 3.1 without its scaling: the header does not mention it."""
    scaling = Llama3Scaling(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_context=8192)
    rope = RopeConfig(theta=500_000.0)
    table = frequencies(rope, Dh) / frequencies(replace(rope, scaling=scaling), Dh)
    path = tiny(tmp_path, {"rope.freq_base": 500_000.0}, {"rope_freqs.weight": table})
    assert read_gguf(path, "m").config.rope.scaling == scaling
    with pytest.raises(BadInput, match="rope_freqs.weight"):
        read_gguf(
            tiny(tmp_path, {"rope.freq_base": 500_000.0}, {"rope_freqs.weight": table * torch.tensor([1.0, 1.1, 1.0])}),
            "m",
        )


UNSUPPORTED = {
    "architecture": ({"general.architecture": "mamba"}, "mamba"),
    "rope scaling": ({"rope.scaling.type": "longrope", "rope.scaling.factor": 2.0}, "longrope"),
    "partial rotation": ({"rope.dimension_count": 4}, "rope.dimension_count"),
    "experts without their number": ({"expert_count": 8}, "expert_used_count"),
    "unknown setting": ({"attention.clamp_kqv": 3.0}, "clamp_kqv"),
    "parts": ({"split.count": 3}, "not called NAME-00001-of-00003.gguf"),
    "wide values": ({"attention.value_length": 8}, "another width"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_would_be_computed_wrongly_is_refused_by_name(name, tmp_path):
    values, named = UNSUPPORTED[name]
    if name == "architecture":
        path = tmp_path / "m.gguf"
        write(path, "mamba", {}, {"token_embd.weight": torch.zeros(V, D)})
    else:
        path = tiny(tmp_path, values)
    with pytest.raises(BadInput, match=named) as error:
        read_gguf(path, "m")
    assert error.value.code == "unsupported"


@pytest.mark.parametrize(
    "told, named",
    [
        ({"pre": "default"}, "default"),
        ({"pre": None}, "None"),
        ({"model": "rwkv"}, "'rwkv'"),
        ({"model": "bert"}, "'bert'"),
    ],
)
def test_unknown_tokenizers_are_refused_by_name(told, named, tmp_path):
    with pytest.raises(BadInput, match=named) as error:
        read_gguf(tiny(tmp_path, tokenizer=told), "m")
    assert error.value.code == "unsupported"


def test_weights_that_do_not_fit_are_named(tmp_path):
    with pytest.raises(BadInput, match="lacks the weight blk.1.attn_v.weight"):
        read_gguf(tiny(tmp_path, without=("blk.1.attn_v.weight",)), "m")
    with pytest.raises(BadInput, match="has no place for: blk.0.surprise"):
        read_gguf(tiny(tmp_path, extra={"blk.0.surprise": torch.zeros(3)}), "m")
    with pytest.raises(BadInput, match=r"blk.0.ffn_down.weight has shape \[30, 36\]"):
        read_gguf(tiny(tmp_path, extra={"blk.0.ffn_down.weight": torch.zeros(D, F - 1)}), "m")
    with pytest.raises(BadInput, match="4000000000 layers"):
        read_gguf(tiny(tmp_path, {"block_count": 4_000_000_000}), "m")
    for absurd in ("feed_forward_length", "embedding_length", "attention.key_length"):
        with pytest.raises(BadInput):
            read_gguf(tiny(tmp_path, {absurd: 4_000_000_000}), "m")


# Tokenizers inside GGUF files: three splits, each against the pattern of the model that it comes from.


def trained(pre_tokenizer) -> tokenizers.Tokenizer:
    backend = tokenizers.Tokenizer(tokenizers.models.BPE())
    backend.pre_tokenizer = pre_tokenizer
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400, initial_alphabet=sorted(byte_alphabet().values()), show_progress=False
    )
    backend.train_from_iterator(
        ["I'LL see 12345 ships  in  1999, he'd said.\n\n12 of them", "don't\tstop 7 8 9 100"] * 9, trainer
    )
    backend.add_special_tokens([AddedToken("<|end|>", normalized=False, special=True)])
    return backend


def splits():
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    plain = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    sequence, digits = tokenizers.pre_tokenizers.Sequence, tokenizers.pre_tokenizers.Digits(individual_digits=True)
    words = (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}COUNT|"
        r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )

    def split(count: str):
        return tokenizers.pre_tokenizers.Split(tokenizers.Regex(words.replace("COUNT", count)), "isolated")

    return {
        "gpt-2": byte_level,
        "smollm": sequence([digits, byte_level]),
        "llama-bpe": sequence([split("{1,3}"), plain]),
        "qwen2": sequence([split(""), plain]),
    }


@pytest.mark.parametrize("pre", ["gpt-2", "smollm", "llama-bpe", "qwen2"])
def test_a_tokenizer_survives_the_way_through_gguf(pre):
    original = trained(splits()[pre])
    vocabulary = sorted(original.get_vocab().items(), key=lambda item: item[1])
    tokens = [token for token, _ in vocabulary]
    merges = [" ".join(pair) for pair in json.loads(original.to_str())["model"]["merges"]]
    types = [3 if token == "<|end|>" else 1 for token in tokens]
    metadata = {
        "model": "gpt2",
        "pre": pre,
        "tokens": tokens,
        "merges": merges,
        "token_type": types,
        "eos_token_id": len(tokens) - 1,
        "add_bos_token": False,
    }
    tokenizer = read_tokenizer({f"tokenizer.ggml.{key}": value for key, value in metadata.items()})
    for text in ("I'll see 12345  ships", "in  1999,\n\n12 of them<|end|>don't", "\t7 8 9 100!!\n", "naïve 你好 🦊"):
        assert tokenizer.encode(text) == original.encode(text).ids, text
    assert tokenizer.end_ids == {len(tokens) - 1}
    begun = read_tokenizer(
        {
            f"tokenizer.ggml.{key}": value
            for key, value in (metadata | {"add_bos_token": True, "bos_token_id": 3}).items()
        }
    )
    assert begun.encode("ships")[0] == 3 and begun.encode("ships")[1:] == original.encode("ships").ids
