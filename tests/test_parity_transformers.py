"""SmolLM2 from its GGUF file: our loader and model against transformers reading the same file."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from model.trace import run_trace

LONG = "The lighthouse keeper counted the ships each night, and wrote their names in a book. " * 12

PROMPTS = {
    "english": "The capital of France is",
    "chinese": "人工智能正在改变我们的生活，它可以",
    "code": "def fibonacci(n):\n    if n",
    "emoji": "🦊",
    "200 tokens": LONG,
}


@pytest.fixture(scope="module")
def reference(smollm2_file):
    made = AutoModelForCausalLM.from_pretrained(
        smollm2_file.parent, gguf_file=smollm2_file.name, dtype=torch.float32, attn_implementation="eager"
    )
    return made.eval()


@pytest.mark.parametrize("name", PROMPTS)
def test_same_logits_as_transformers(name, smollm2, reference):
    """Guards unpacking, the order of queries and keys, rotation, and every name in the file."""
    ids = smollm2.tokenizer.encode(PROMPTS[name])
    if name == "200 tokens":
        ids = ids[:200]
        assert len(ids) == 200
    with torch.no_grad():
        expected = reference(torch.tensor([ids])).logits[0].numpy()
    logits = run_trace(smollm2, ids).logits
    np.testing.assert_allclose(logits, expected, atol=2e-3, rtol=0)
    np.testing.assert_array_equal(np.argsort(-logits[-1])[:10], np.argsort(-expected[-1])[:10])


def test_predictions_people_know(smollm2):
    """The three probabilities that transformers 5.23 gives for this file in float32, to three digits."""
    logits = run_trace(smollm2, "The capital of France is").logits[-1].astype(np.float64)
    probabilities = np.exp(logits - logits.max())
    probabilities /= probabilities.sum()
    for text, expected in ((" Paris", 0.773), (" the", 0.065), (" London", 0.012)):
        (token,) = smollm2.tokenizer.encode(text)
        assert probabilities[token] == pytest.approx(expected, abs=5e-4), text


def test_same_attention_as_transformers(smollm2, reference):
    """Guards the order of heads, which logits alone would not show for the pictures."""
    ids = smollm2.tokenizer.encode(PROMPTS["english"])
    with torch.no_grad():
        attentions = reference(torch.tensor([ids]), output_attentions=True).attentions
    trace = run_trace(smollm2, ids)
    for layer, attention in enumerate(attentions):
        np.testing.assert_allclose(trace[f"blocks.{layer}.attn.hook_pattern"], attention[0].numpy(), atol=1e-4)
