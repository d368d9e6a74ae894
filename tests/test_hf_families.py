"""Every family that is more than Llama, from config.json files as published, against transformers itself."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from model.cache import make_cache
from model.files.convert import read_huggingface
from model.files.tokenizer import Tokenizer
from model.generate import generate
from model.language_model import LanguageModel
from model.trace import run_trace
from tests.hf_families import CONFIGS, T

SEEDS = (0, 1)
_STORED_ELSEWHERE = {"kimi_k2": "deepseek_v3"}  # families whose code is another's


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """These models are so small that a second thread only waits for the first."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_folder(config: dict, seed: int, folder: Path) -> transformers.PreTrainedModel:
    """transformers' model of `config` with random weights, every one of them felt; saved, its config.json as given."""
    theirs = config | {"model_type": _STORED_ELSEWHERE.get(config["model_type"], config["model_type"])}
    (folder / "config.json").write_text(json.dumps(theirs))
    read = transformers.AutoConfig.from_pretrained(folder)
    torch.manual_seed(seed)
    made = transformers.AutoModelForCausalLM.from_config(read, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        for name, weight in [*made.named_parameters(), *made.named_buffers()]:
            if name.endswith("e_score_correction_bias"):
                weight.normal_(0, 0.2)  # left at zero, the selection bias would never be tested
            elif "inv_freq" not in name and "embed_scale" not in name:
                lifted = "norm" in name and name.endswith("weight") and "gemma" not in read.model_type
                weight.normal_(1 if lifted else 0, 0.15)
    made.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(config))
    Tokenizer.of_bytes()._backend.save(str(folder / "tokenizer.json"))
    return made


def read(folder: Path) -> LanguageModel:
    lm = read_huggingface(folder, "ours")
    return replace(lm, tokenizer=lm.tokenizer.ending_with(()))  # the reference goes on whatever comes


def chosen_experts(made: transformers.PreTrainedModel, found: dict[int, np.ndarray]):
    """Note which experts each router of `made` chooses, layer by layer."""

    def remember(layer):
        return lambda module, inputs, output: found.__setitem__(layer, np.sort(output[2].numpy(), -1))

    return [
        module.register_forward_hook(remember(int(name.split(".")[2])))
        for name, module in made.named_modules()
        if type(module).__name__.lower().endswith("topkrouter")
    ]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", CONFIGS)
def test_same_numbers_as_transformers(family, seed, tmp_path):
    """Guards every name, factor, order, window, cap, sink and default of the conversion at once."""
    made = make_folder(CONFIGS[family], seed, tmp_path)
    ids = np.random.default_rng(seed).integers(0, 256, T).tolist()
    experts: dict[int, np.ndarray] = {}
    hooks = chosen_experts(made, experts)
    with torch.no_grad():
        expected = made(torch.tensor([ids]), output_attentions=True)
        for hook in hooks:
            hook.remove()
        continued = made.generate(torch.tensor([ids]), max_new_tokens=30, do_sample=False, pad_token_id=0)[0, T:]
    lm = read(tmp_path)
    trace = run_trace(lm, ids)

    logits = expected.logits[0].numpy()
    assert np.abs(trace.logits - logits).max() <= 1e-4 * np.abs(logits).max()
    for layer, attention in enumerate(expected.attentions):
        np.testing.assert_allclose(trace[f"blocks.{layer}.attn.hook_pattern"], attention[0], atol=1e-5, rtol=0)
    assert set(experts) == {layer for layer in range(lm.config.n_layers) if lm.config.dense_at(layer) is None}
    for layer, indices in experts.items():
        ours = np.sort(trace[f"blocks.{layer}.mlp.hook_expert_indices"], -1)
        np.testing.assert_array_equal(ours, indices.reshape(ours.shape))
    # Generation reads with the cache, far beyond each window's edge.
    assert [step.id for step in generate(lm, ids, max_new_tokens=30, temperature=0.0)] == continued.tolist()
    with torch.inference_mode():
        cache = make_cache(lm.config)
        pieces = torch.cat([lm.transformer(piece, cache) for piece in torch.tensor([ids]).split((17, 1, 2, 3), 1)], 1)
    np.testing.assert_allclose(pieces[0], trace.logits, atol=1e-4 * np.abs(logits).max(), rtol=0)
