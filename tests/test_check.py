"""What a folder or file is, told before it is loaded."""

import json

import pytest
import torch

from model import check, load
from model.__main__ import main
from model.errors import BadInput
from model.measure import check as check_module
from tests.gguf_models import tiny as tiny_gguf
from tests.hf_families import CONFIGS
from tests.test_hf_families import make_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gemma")
    make_folder(CONFIGS["gemma3"] | {"attn_implementation": "eager"}, 0, folder)
    return folder


@pytest.mark.parametrize("inside", ["", "config.json"])
def test_a_folder_is_told_without_loading_it(inside, folder, monkeypatch, capsys):
    monkeypatch.setattr("model.files.convert.assembly.assemble", None)  # would fail if it were called
    found = check(str(folder / inside))
    assert (found.family, found.supported, found.reason) == ("gemma3_text", True, None)
    assert (found.layers, found.tokens, found.context) == (3, 257, 71)
    assert "attn_implementation" in found.passed_over
    assert main(["list", str(folder)]) == 0
    assert "gemma3_text" in (said := capsys.readouterr().out) and "passed over" in said and "yes" in said


def test_its_numbers_are_those_of_the_loaded_model(folder, tmp_path):
    for path in (folder, tiny_gguf(tmp_path)):
        found, lm = check(str(path)), load(path)
        assert found.parameters == lm.parameters
        assert found.bytes_fp32 == sum(weight.nbytes for weight in lm.transformer.parameters())
    assert found.family == "llama"


def test_why_not_is_one_sentence(tmp_path, capsys):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    torch.save({}, tmp_path / "pytorch_model.bin")
    found = check(str(tmp_path))
    assert (found.family, found.supported) == ("bert", False) and "bert" in found.reason
    assert main(["list", str(tmp_path), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["reason"] == found.reason
    with pytest.raises(BadInput, match="There is no folder or file"):
        check(str(tmp_path / "nothing"))


def test_what_does_not_fit_says_both_numbers(folder, monkeypatch):
    monkeypatch.setattr(check_module, "free_bytes", lambda: 10_000)
    found = check(str(folder))
    assert not found.supported and "GB even in bf16, and 0.00 GB of memory are free" in found.reason
