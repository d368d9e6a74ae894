"""Every supported family of Hugging Face models against transformers itself, on tiny random checkpoints.

Sizes differ from each other, and are primes where transformers allows it (it wants widths
that are multiples of the number of heads, and for experts multiples of 4), so that no
swapped axis can pass.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch
import transformers

from model.files.convert import read_huggingface
from model.files.tokenizer import Tokenizer
from model.generate import generate
from model.trace import run_trace

V, T = 257, 23  # as many ids as the byte tokenizer has
SEEDS = (0, 1)

_TRUNK = {
    "vocab_size": V,
    "num_hidden_layers": 3,
    "max_position_embeddings": 71,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
}
_DENSE = _TRUNK | {
    "hidden_size": 30,
    "intermediate_size": 37,
    "num_attention_heads": 10,
    "num_key_value_heads": 5,
    "head_dim": 6,
}
_NARROW = {name: value for name, value in _DENSE.items() if name != "head_dim"} | {"hidden_size": 60}
_EXPERTS = _TRUNK | {"hidden_size": 60, "num_attention_heads": 10, "num_key_value_heads": 5, "num_experts_per_tok": 3}
_DEEPSEEK = _TRUNK | {
    "hidden_size": 40, "intermediate_size": 52, "moe_intermediate_size": 28, "num_attention_heads": 5,
    "num_key_value_heads": 5,
    "kv_lora_rank": 13, "qk_rope_head_dim": 6, "qk_nope_head_dim": 7, "v_head_dim": 11, "q_lora_rank": 17,
    "n_routed_experts": 12, "n_shared_experts": 2, "num_experts_per_tok": 3, "first_k_dense_replace": 1,
    "routed_scaling_factor": 1.7,
}  # fmt: skip
_V2 = _DEEPSEEK | {"kv_lora_rank": 12, "qk_nope_head_dim": 8}  # transformers wants these even


def _rope(kind: str, **values) -> dict:
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10_000.0} | values}


_YARN = _rope("yarn", factor=3.0, original_max_position_embeddings=24, beta_fast=16.0, beta_slow=2.0)
_LLAMA3 = _rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)

FAMILIES = {
    "gpt2": (
        "GPT2",
        {
            "vocab_size": V,
            "n_layer": 3,
            "n_positions": 71,
            "n_embd": 35,
            "n_head": 5,
            "n_inner": 41,
            "bos_token_id": None,
            "eos_token_id": None,
        },
    ),
    "gpt2, relu": (
        "GPT2",
        {
            "vocab_size": V,
            "n_layer": 2,
            "n_positions": 71,
            "n_embd": 33,
            "n_head": 11,
            "activation_function": "relu",
            "bos_token_id": None,
            "eos_token_id": None,
        },
    ),
    "llama": ("Llama", _DENSE),
    "llama, tied": ("Llama", _DENSE | {"tie_word_embeddings": True}),
    "llama, biases": ("Llama", _DENSE | {"attention_bias": True, "mlp_bias": True}),
    "llama, multi-query": ("Llama", _DENSE | {"num_key_value_heads": 1}),
    "llama, linear rope": ("Llama", _DENSE | _rope("linear", factor=2.5)),
    "llama, llama3 rope": ("Llama", _DENSE | _LLAMA3),
    "llama, yarn rope": ("Llama", _DENSE | _YARN),
    "mistral": ("Mistral", _DENSE | {"sliding_window": None}),
    "mistral, window": ("Mistral", _DENSE | {"sliding_window": 7}),
    "qwen2": ("Qwen2", _NARROW),
    "qwen2, window": ("Qwen2", _NARROW | {"use_sliding_window": True, "sliding_window": 5, "max_window_layers": 0}),
    "qwen3": ("Qwen3", _DENSE),
    "qwen3, biases": ("Qwen3", _DENSE | {"attention_bias": True}),
    "mixtral": ("Mixtral", _EXPERTS | {"head_dim": 6, "intermediate_size": 28, "num_local_experts": 7}),
    "qwen2_moe": (
        "Qwen2Moe",
        _EXPERTS
        | {
            "intermediate_size": 52,
            "moe_intermediate_size": 28,
            "shared_expert_intermediate_size": 44,
            "num_experts": 7,
            "mlp_only_layers": [0],
        },
    ),
    "qwen2_moe, normalised": (
        "Qwen2Moe",
        _EXPERTS
        | {
            "intermediate_size": 52,
            "moe_intermediate_size": 28,
            "shared_expert_intermediate_size": 44,
            "num_experts": 7,
            "norm_topk_prob": True,
        },
    ),
    "qwen3_moe": (
        "Qwen3Moe",
        _EXPERTS
        | {
            "head_dim": 6,
            "intermediate_size": 52,
            "moe_intermediate_size": 28,
            "num_experts": 7,
            "norm_topk_prob": True,
        },
    ),
    "deepseek_v2": ("DeepseekV2", _V2 | {"topk_method": "group_limited_greedy", "n_group": 4, "topk_group": 3}),
    "deepseek_v2, lite": ("DeepseekV2", _V2 | {"q_lora_rank": None, "topk_method": "greedy"}),
    "deepseek_v2, yarn": (
        "DeepseekV2",
        _V2 | _rope("yarn", factor=3.0, original_max_position_embeddings=24, mscale=0.707, mscale_all_dim=0.8),
    ),
    "deepseek_v3": ("DeepseekV3", _DEEPSEEK | {"n_group": 4, "topk_group": 3}),
    "deepseek_v3, one group": ("DeepseekV3", _DEEPSEEK | {"n_group": 1, "topk_group": 1, "norm_topk_prob": False}),
    "deepseek_v3, halves": ("DeepseekV3", _DEEPSEEK | {"n_group": 3, "topk_group": 2, "rope_interleave": False}),
    "deepseek_v3, yarn": (
        "DeepseekV3",
        _DEEPSEEK
        | {"n_group": 4, "topk_group": 2}
        | _rope("yarn", factor=3.0, original_max_position_embeddings=24, mscale=1.0, mscale_all_dim=1.0),
    ),
}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """These models are so small that a second thread only waits for the first."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass
class Reference:
    """What transformers computes: logits (T, V), attention (H, T, S) by layer, routing (T, k) by layer."""

    logits: np.ndarray
    attentions: list[np.ndarray]
    continuation: list[int]
    routing: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)  # layer -> weights, experts


def make_reference(kind: str, values: dict, seed: int) -> transformers.PreTrainedModel:
    """A random model of transformers whose every weight matters."""
    torch.manual_seed(seed)
    config = getattr(transformers, f"{kind}Config")(**values, attn_implementation="eager")
    made = getattr(transformers, "GPT2LMHeadModel" if kind == "GPT2" else f"{kind}ForCausalLM")(config).eval()
    with torch.no_grad():
        for name, weight in [*made.named_parameters(), *made.named_buffers()]:
            if name.endswith("e_score_correction_bias"):
                weight.normal_(0, 0.2)  # left at zero, the selection bias would never be tested
            elif "inv_freq" not in name:
                weight.normal_(1 if "norm" in name and name.endswith("weight") else 0, 0.15)
    return made


def ask(made: transformers.PreTrainedModel, ids: list[int]) -> Reference:
    """Run the reference on `ids`, looking into its routers."""
    chosen = {}

    def remember(layer):
        def hook(module, inputs, output):
            chosen[layer] = (output[1].numpy(), output[2].numpy())

        return hook

    handles = [
        module.register_forward_hook(remember(int(name.split(".")[2])))
        for name, module in made.named_modules()
        if name.endswith("mlp.gate")
    ]
    with torch.no_grad():
        out = made(torch.tensor([ids]), output_attentions=True)
        for handle in handles:
            handle.remove()
        continued = made.generate(
            torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=30, do_sample=False
        )
    return Reference(
        out.logits[0].numpy(), [a[0].numpy() for a in out.attentions], continued[0, len(ids) :].tolist(), chosen
    )


def save(made: transformers.PreTrainedModel, folder, **options) -> None:
    """Write model and byte tokenizer as a Hugging Face folder."""
    made.save_pretrained(folder, **options)
    Tokenizer.of_bytes()._backend.save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_same_numbers_as_transformers(family, seed, tmp_path):
    """Guards every name, order, scale, norm and routing rule of the conversion at once."""
    made = make_reference(*FAMILIES[family], seed)
    save(made, tmp_path)
    ids = np.random.default_rng(seed).integers(0, 256, T).tolist()
    expected = ask(made, ids)

    lm = read_huggingface(tmp_path, "ours")
    lm = replace(lm, tokenizer=lm.tokenizer.ending_with(()))  # the reference goes on whatever comes
    trace = run_trace(lm, ids)

    np.testing.assert_allclose(trace.logits, expected.logits, atol=1e-4, rtol=0)
    for layer, attention in enumerate(expected.attentions):
        np.testing.assert_allclose(trace[f"blocks.{layer}.attn.hook_pattern"], attention, atol=1e-5, rtol=0)
    steps = list(generate(lm, ids, max_new_tokens=30, temperature=0.0))
    assert [step.id for step in steps] == expected.continuation
    for layer, (weights, experts) in expected.routing.items():
        ours = np.argsort(trace[f"blocks.{layer}.mlp.hook_expert_indices"], axis=-1)
        theirs = np.argsort(experts, axis=-1)  # neither promises an order among the chosen
        np.testing.assert_array_equal(
            np.take_along_axis(trace[f"blocks.{layer}.mlp.hook_expert_indices"], ours, -1),
            np.take_along_axis(experts, theirs, -1),
        )
        np.testing.assert_allclose(
            np.take_along_axis(trace[f"blocks.{layer}.mlp.hook_expert_weights"], ours, -1),
            np.take_along_axis(weights, theirs, -1),
            atol=1e-5,
        )


def test_routing_is_compared_wherever_there_are_experts():
    """Guards the test above: a renamed router in transformers would leave nothing to compare."""
    for family, n_layers in {"mixtral": 3, "qwen2_moe": 2, "qwen3_moe": 3, "deepseek_v2": 2, "deepseek_v3": 2}.items():
        assert len(ask(make_reference(*FAMILIES[family], 0), [1, 2, 3]).routing) == n_layers, family
