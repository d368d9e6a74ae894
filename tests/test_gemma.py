"""The real Gemma 3 270M (K-quants, SentencePiece, windows, four norms a block) against transformers on its file."""

import numpy as np
import pytest
import torch
import transformers

from model import load, run_trace
from model.files.fetchable import MODELS

PROMPTS = ["The capital of France is", "Once upon a time", "def fibonacci(n):\n    if n", "你好，世界", "1, 2, 3, 4,"]


@pytest.fixture(scope="module")
def gemma(gemma_file):
    return load("gemma3-270m")


@pytest.fixture(scope="module")
def expected(gemma, gemma_file, request):
    """The ten likeliest tokens after each prompt, by transformers; kept for the next run, for it reads for a minute."""
    kept = f"gemma/{transformers.__version__}-{MODELS['gemma3-270m'].sha256[:16]}"
    found = request.config.cache.get(kept, None)
    if found is None:
        made = transformers.AutoModelForCausalLM.from_pretrained(
            gemma_file.parent, gguf_file=gemma_file.name, dtype=torch.float32
        ).eval()
        with torch.no_grad():
            logits = [made(torch.tensor([gemma.tokenizer.encode(prompt)])).logits[0, -1] for prompt in PROMPTS]
        found = [row.topk(10).indices.tolist() for row in logits]
        request.config.cache.set(kept, found)
    return found


def test_the_ten_likeliest_tokens_are_transformers(gemma, expected):
    for prompt, ten in zip(PROMPTS, expected, strict=True):
        last = run_trace(gemma, prompt).logits[-1]
        assert np.argsort(-last)[:10].tolist() == ten, prompt


def test_its_text_survives_and_its_start_token_is_seen(gemma):
    tokenizer = gemma.tokenizer
    for text in [*PROMPTS, "  two  blanks\n\n\n", "🦊 <start_of_turn>user"]:
        ids = tokenizer.encode(text)
        assert tokenizer.shown(ids[0]) == "<bos>" and ids.count(ids[0]) == 1
        assert tokenizer.decode(ids) == text
    assert gemma.parameters == MODELS["gemma3-270m"].parameters
    assert (gemma.config.attention.kind, gemma.config.feed_forward.kind) == ("MQA", "GEGLU")
    windows = [gemma.config.attention_at(layer).sliding_window for layer in range(18)]
    assert windows == ([512] * 5 + [None]) * 3
