"""What is refused, is refused with advice that helps."""

import json

import gguf
import pytest
import torch

from model import load
from model.commands import memory as memory_command
from model.errors import BadInput
from model.files.catalog import find_path

LLAMA = {
    "model_type": "llama", "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "vocab_size": 257,
}  # fmt: skip


@pytest.mark.parametrize("family", ["bert", "t5", "llama"])
def test_pickled_weights_of_a_family_are_refused_by_its_name(family, tmp_path):
    """Told to look for .safetensors, people came back with them and were refused again: BERT writes no text."""
    (tmp_path / "config.json").write_text(json.dumps(LLAMA | {"model_type": family}))
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(BadInput, match=family) as error:
        load(tmp_path)
    assert (".safetensors" in str(error.value)) == (family == "llama")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors.index.json", "model-00001-of-00002.safetensors"])
def test_a_file_of_a_folder_means_the_folder(name, tmp_path):
    """config.json "is not a whole GGUF model file", said the error, of a file that nobody took for one."""
    folder = tmp_path / "my-llama"
    folder.mkdir()
    for each in (name, "config.json"):
        (folder / each).write_text(json.dumps(LLAMA))
    assert find_path(str(folder / name)) == folder
    found = memory_command.make_report(str(folder / name), context=1)
    assert (found["model"], found["elements_per_token"]) == ("my-llama", 2 * 2 * 2 * 8)
    with pytest.raises(BadInput, match="my-llama is not a whole Hugging Face model folder"):
        load(folder / "config.json")


def test_a_big_endian_gguf_is_told_what_turns_its_bytes(tmp_path):
    """It is of version 3 already: "convert it to version 3" cannot help."""
    writer = gguf.GGUFWriter(tmp_path / "m.gguf", "llama", endianess=gguf.GGUFEndian.BIG)
    writer.add_uint32("llama.block_count", 1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(BadInput, match="big-endian.*gguf_convert_endian"):
        load(tmp_path / "m.gguf")
