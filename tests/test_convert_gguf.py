"""GGUF files: tiny models of each family against transformers, packing, and files that must be refused."""

import json
import pickle
import random
import resource
import struct
import time
from dataclasses import replace

import gguf
import numpy as np
import pytest
import tokenizers
import torch
from gguf import GGMLQuantizationType, GGUFWriter
from tokenizers import AddedToken
from transformers import AutoModelForCausalLM
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from model import load
from model.config import LinearScaling, Llama3Scaling, RopeConfig, YarnScaling
from model.convert import read_gguf
from model.convert.gguf_file import GGUFFile
from model.convert.gguf_tokenizer import read_tokenizer
from model.errors import BadInput
from model.rope import frequencies
from model.tokenizer import byte_alphabet
from model.trace import run_trace

V, H, K, Dh, D, F, L = 257, 10, 5, 6, 30, 37, 2
IDS = list(range(7, 30))


def permuted(rows: torch.Tensor, n_heads: int) -> torch.Tensor:
    """llama.cpp's reordering of query and key rows (convert_hf_to_gguf.py, LlamaModel.permute)."""
    return rows.reshape(n_heads, 2, rows.shape[0] // n_heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def write(path, family: str, values: dict, tensors: dict, packing=GGMLQuantizationType.F32, tokenizer: dict | None = None) -> None:
    """A GGUF file with the byte tokenizer; keys of `values` without a dot get the family's prefix."""
    writer = GGUFWriter(path, family)
    for key, value in values.items():
        key = key if key.startswith(("general.", "split.")) else f"{family}.{key}"
        add = {str: writer.add_string, bool: writer.add_bool, float: writer.add_float32, int: writer.add_uint32}[type(value)]
        add(key, value)
    words = [*byte_alphabet().values(), "<|endoftext|>"]
    told = {"model": "gpt2", "pre": "gpt-2", "tokens": words, "types": [1] * 256 + [3], "merges": ["a b"], "eos": 256} | (tokenizer or {})
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
    "block_count": L, "context_length": 71, "embedding_length": D, "feed_forward_length": F, "attention.head_count": H, "attention.head_count_kv": K,
    "attention.key_length": Dh, "attention.value_length": Dh, "rope.dimension_count": Dh, "rope.freq_base": 5000.0, "attention.layer_norm_rms_epsilon": 1e-5,
}  # fmt: skip
NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm", "ln_1": "attn_norm", "ln_2": "ffn_norm",
    "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}  # fmt: skip
TOP = {"model.embed_tokens": "token_embd", "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "model.norm": "output_norm", "transformer.ln_f": "output_norm", "lm_head": "output"}


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
    common = {"vocab_size": V, "hidden_size": D, "intermediate_size": F, "num_hidden_layers": L, "num_attention_heads": H, "num_key_value_heads": K, "head_dim": Dh, "max_position_embeddings": 71, "rms_norm_eps": 1e-5}
    return common | {"rope_parameters": {"rope_type": "default", "rope_theta": 5000.0}} | options


def cases():
    gpt2 = GPT2Config(vocab_size=V, n_positions=71, n_embd=35, n_layer=L, n_head=5, n_inner=F)
    gpt2_values = {"block_count": L, "context_length": 71, "embedding_length": 35, "feed_forward_length": F, "attention.head_count": 5, "attention.layer_norm_epsilon": 1e-5}
    return {
        "llama": (LlamaForCausalLM(LlamaConfig(**llama())), "llama", LLAMA_VALUES, False),
        "llama, tied": (LlamaForCausalLM(LlamaConfig(**llama(tie_word_embeddings=True))), "llama", LLAMA_VALUES, True),
        "llama, biases": (LlamaForCausalLM(LlamaConfig(**llama(attention_bias=True, mlp_bias=True))), "llama", LLAMA_VALUES, False),
        "qwen2": (Qwen2ForCausalLM(Qwen2Config(**llama())), "qwen2", LLAMA_VALUES, False),
        "qwen3": (Qwen3ForCausalLM(Qwen3Config(**llama())), "qwen3", LLAMA_VALUES, False),
        "gpt2": (GPT2LMHeadModel(gpt2), "gpt2", gpt2_values, True),
    }


CASES = cases()


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
    values = LLAMA_VALUES | {"embedding_length": 64, "feed_forward_length": 96, "attention.head_count": 4, "attention.head_count_kv": 2, "attention.key_length": 16, "attention.value_length": 16, "rope.dimension_count": 16}
    tensors = gguf_tensors(made, False, False)
    write(tmp_path / "m.gguf", "llama", values, tensors, GGMLQuantizationType[packing])
    reference = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="m.gguf", dtype=torch.float32).eval()
    with torch.no_grad():
        expected = reference(torch.tensor([IDS])).logits[0].numpy()
    np.testing.assert_allclose(run_trace(read_gguf(tmp_path / "m.gguf", "ours"), IDS).logits, expected, atol=1e-3, rtol=0)


def tiny(tmp_path, values=None, extra=None, tokenizer=None, without=()):
    made, family, plain, tied = CASES["llama"]
    tensors = gguf_tensors(randomise(made), True, tied) | (extra or {})
    tensors = {name: tensor for name, tensor in tensors.items() if name not in without}
    write(tmp_path / "m.gguf", family, plain | (values or {}), tensors, tokenizer=tokenizer)
    return tmp_path / "m.gguf"


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
        read_gguf(tiny(tmp_path, {"rope.freq_base": 500_000.0}, {"rope_freqs.weight": table * torch.tensor([1.0, 1.1, 1.0])}), "m")


UNSUPPORTED = {
    "architecture": ({"general.architecture": "mamba"}, "mamba"),
    "rope scaling": ({"rope.scaling.type": "longrope", "rope.scaling.factor": 2.0}, "longrope"),
    "partial rotation": ({"rope.dimension_count": 4}, "rope.dimension_count"),
    "experts": ({"expert_count": 8}, "expert_count"),
    "unknown setting": ({"attention.clamp_kqv": 3.0}, "clamp_kqv"),
    "parts": ({"split.count": 3}, "several files"),
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


@pytest.mark.parametrize("told, named", [({"pre": "chatglm-bpe"}, "chatglm-bpe"), ({"pre": None}, "None"), ({"model": "llama"}, "'llama'"), ({"model": "bert"}, "'bert'")])
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


def header(n_tensors=0, n_values=0, body=b"", version=3):
    return b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_values) + body


HUGE = 2**62
NOT_MODELS = {
    "empty": b"",
    "text": b"Once upon a time there was a little girl.\n" * 9,
    "pickle": pickle.dumps({"weights": [1.0, 2.0]}),
    "letters only": b"GGUF",
    "header cut off": header()[:10],
    "version 1": header(version=1),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "absurd number of tensors": header(n_tensors=HUGE),
    "absurd number of values": header(n_values=HUGE),
    "absurd string": header(n_values=1, body=struct.pack("<Q", HUGE) + b"x" * 40),
    "absurd array": header(n_values=1, body=struct.pack("<Q1sIIQ", 1, b"k", 9, 6, HUGE) + b"\0" * 40),
    "array of arrays": header(n_values=1, body=struct.pack("<Q1sIIQ", 1, b"k", 9, 9, 1) + b"\0" * 40),
    "unknown value type": header(n_values=1, body=struct.pack("<Q1sI", 1, b"k", 77) + b"\0" * 40),
    "no text": header(n_values=1, body=struct.pack("<Q1sIQ", 1, b"k", 8, 2) + b"\xff\xfe" + b"\0" * 40),
    "many dimensions": header(n_tensors=1, body=struct.pack("<Q1sI", 1, b"t", 1_000_000) + b"\0" * 80),
    "absurd shape": header(n_tensors=1, body=struct.pack("<Q1sI2QIQ", 1, b"t", 2, HUGE, HUGE, 0, 0)),
    "unknown packing": header(n_tensors=1, body=struct.pack("<Q1sI1QIQ", 1, b"t", 1, 4, 9999, 0) + b"\0" * 80),
    "nothing in it": header() + b"\0" * 64,
}


@pytest.mark.parametrize("name", NOT_MODELS)
def test_what_is_no_model_gets_one_sentence(name, tmp_path):
    """Each through the same door as a user's file, and without a memory blow-up."""
    path = tmp_path / "m.gguf"
    path.write_bytes(NOT_MODELS[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput) as error:
        load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB
    assert str(error.value).count("\n") == 0 and str(error.value).endswith(".")
    assert error.value.code in ("not_a_model_file", "unsupported")


def test_nothing_is_unpickled(tmp_path):
    """Guards against a pickle renamed .gguf that runs code when it is opened."""

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    (tmp_path / "m.gguf").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadInput, match="does not begin with the letters GGUF"):
        load(tmp_path / "m.gguf")
    assert not (tmp_path / "sprung").exists()


def test_every_truncation_of_a_file_is_refused(tmp_path):
    path = tiny(tmp_path)
    whole = path.read_bytes()
    end = max(tensor.start + tensor.nbytes for tensor in GGUFFile(path).tensors.values())  # padding may follow
    for length in (*random.Random(0).sample(range(end), 60), end - 1, 1, 4, 23, 24):
        path.write_bytes(whole[:length])
        with pytest.raises(BadInput):
            read_gguf(path, "m")


def test_damaged_headers_never_raise_anything_else(tmp_path):
    """Guards the reader with random bytes changed in a good file's header."""
    path = tiny(tmp_path)
    whole = path.read_bytes()
    rng = random.Random(1)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(4, 1400)] = rng.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            read_gguf(path, "m")
        except BadInput as error:
            assert "\n" not in str(error)


def test_a_folder_named_gguf_and_a_missing_file(tmp_path):
    with pytest.raises(BadInput, match="is a folder"):
        GGUFFile(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        GGUFFile(tmp_path / "none.gguf")


def test_loading_takes_no_longer_than_reading_the_file_with_gguf(smollm2_file):
    """Guards the five seconds that loading may take, by a ratio that holds on a busy machine too."""
    ours, theirs = [], []
    for _ in range(2):
        start = time.perf_counter()
        read_gguf(smollm2_file, "m")
        middle = time.perf_counter()
        for tensor in gguf.GGUFReader(smollm2_file).tensors:
            gguf.dequantize(tensor.data, tensor.tensor_type)
        ours.append(middle - start)
        theirs.append(time.perf_counter() - middle)
    assert min(ours) < 1.25 * min(theirs)


# Tokenizers inside GGUF files: three splits, each against the pattern of the model that it comes from.


def trained(pre_tokenizer) -> tokenizers.Tokenizer:
    backend = tokenizers.Tokenizer(tokenizers.models.BPE())
    backend.pre_tokenizer = pre_tokenizer
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=400, initial_alphabet=sorted(byte_alphabet().values()), show_progress=False)
    backend.train_from_iterator(["I'LL see 12345 ships  in  1999, he'd said.\n\n12 of them", "don't\tstop 7 8 9 100"] * 9, trainer)
    backend.add_special_tokens([AddedToken("<|end|>", normalized=False, special=True)])
    return backend


def splits():
    byte_level = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    plain = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    sequence, digits = tokenizers.pre_tokenizers.Sequence, tokenizers.pre_tokenizers.Digits(individual_digits=True)
    words = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}COUNT| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

    def split(count: str):
        return tokenizers.pre_tokenizers.Split(tokenizers.Regex(words.replace("COUNT", count)), "isolated")

    return {"gpt-2": byte_level, "smollm": sequence([digits, byte_level]), "llama-bpe": sequence([split("{1,3}"), plain]), "qwen2": sequence([split(""), plain])}


@pytest.mark.parametrize("pre", ["gpt-2", "smollm", "llama-bpe", "qwen2"])
def test_a_tokenizer_survives_the_way_through_gguf(pre):
    original = trained(splits()[pre])
    vocabulary = sorted(original.get_vocab().items(), key=lambda item: item[1])
    tokens = [token for token, _ in vocabulary]
    merges = [" ".join(pair) for pair in json.loads(original.to_str())["model"]["merges"]]
    types = [3 if token == "<|end|>" else 1 for token in tokens]
    metadata = {"model": "gpt2", "pre": pre, "tokens": tokens, "merges": merges, "token_type": types, "eos_token_id": len(tokens) - 1, "add_bos_token": False}
    tokenizer = read_tokenizer({f"tokenizer.ggml.{key}": value for key, value in metadata.items()})
    for text in ("I'll see 12345  ships", "in  1999,\n\n12 of them<|end|>don't", "\t7 8 9 100!!\n", "naïve 你好 🦊"):
        assert tokenizer.encode(text) == original.encode(text).ids, text
    assert tokenizer.end_ids == {len(tokens) - 1}
    begun = read_tokenizer({f"tokenizer.ggml.{key}": value for key, value in (metadata | {"add_bos_token": True, "bos_token_id": 3}).items()})
    assert begun.encode("ships")[0] == 3 and begun.encode("ships")[1:] == original.encode("ships").ids
