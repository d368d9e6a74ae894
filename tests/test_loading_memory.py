"""What loading takes: near the model's own size, refused before it is taken where it does not fit, half in bf16."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

from model import footprint, load, run_trace
from model.errors import BadInput
from model.files.tokenizer import Tokenizer

LOAD = """
import resource, sys
import torch
import model
from model.files.tokenizer import Tokenizer
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
model.load("tiny")
before = peak()
lm = model.load(sys.argv[1], weights=sys.argv[2])
print(peak() - before, sum(weight.nbytes for weight in lm.transformer.state_dict().values()))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bfloat16 checkpoint of 110 MB in four files."""
    folder = tmp_path_factory.mktemp("large") / "sharded"
    config = LlamaConfig(
        vocab_size=257, hidden_size=640, intermediate_size=2560, num_hidden_layers=8, num_attention_heads=10,
        num_key_value_heads=5, max_position_embeddings=64, tie_word_embeddings=True, bos_token_id=None,
    )  # fmt: skip
    torch.manual_seed(0)
    made = LlamaForCausalLM(config).to(torch.bfloat16)
    made.save_pretrained(folder, max_shard_size="30MB")
    Tokenizer.of_bytes()._backend.save(str(folder / "tokenizer.json"))
    assert len(list(folder.glob("*.safetensors"))) >= 4
    return folder


@pytest.mark.parametrize("weights", ["fp32", "bf16"])
def test_loading_takes_little_more_than_the_model(weights, folder):
    """Guards against whole files held beside the model made of them."""
    done = subprocess.run([sys.executable, "-c", LOAD, folder, weights], capture_output=True, text=True, check=True)
    taken, own = map(int, done.stdout.split())
    assert own == pytest.approx({"fp32": 4, "bf16": 2}[weights] * 55e6, rel=0.2)
    assert taken < 1.3 * own + 20e6  # a few tensors of the file on their way


def test_weights_may_stay_bf16_and_traces_are_float32(folder):
    ids = list(range(20))
    exact, coarse = (run_trace(load(folder, weights=weights), ids) for weights in ("fp32", "bf16"))
    assert coarse.fingerprint != exact.fingerprint  # another result, so nothing may be taken from the other's cache
    assert all(array.dtype == np.float32 for array in coarse.values() if array.dtype.kind == "f")
    assert 0 < np.abs(coarse.logits - exact.logits).max() < 0.05 * np.abs(exact.logits).max()


def test_what_does_not_fit_is_refused_before_it_is_read(folder, monkeypatch):
    monkeypatch.setattr(footprint, "free_bytes", lambda: 150_000_000)
    with pytest.raises(
        BadInput, match=r"float32 takes 0.2\d GB of memory, and 0.15 GB are free.*keep its weights in bf16"
    ):
        load(folder)
    assert load(folder, weights="bf16").parameters > 49e6
    monkeypatch.setattr(footprint, "free_bytes", lambda: 50_000_000)
    with pytest.raises(BadInput, match="choose a smaller model") as error:
        load(folder, weights="bf16")
    assert error.value.code == "no_memory"


def test_empty_tensors_and_other_types(tmp_path):
    """Guards reading tensors by their place: nothing between them, and each type in its own width."""
    from model.files.convert.huggingface import SafetensorsFolder

    tensors = {
        "a": torch.zeros(0, 3), "b": torch.arange(6, dtype=torch.float16).view(2, 3), "c": torch.ones(3).double(),
        "d": torch.tensor([1.5, -2.0]).bfloat16(), "e": torch.tensor(4.0),
    }  # fmt: skip
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({}))
    source = SafetensorsFolder(tmp_path)
    for name, tensor in tensors.items():
        assert torch.equal(source.read(name), tensor) and source.read(name).dtype == tensor.dtype
