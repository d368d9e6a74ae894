"""Cached greedy generation beside transformers': 64 tokens after each of 20 prompts, and whether they are the same."""

from __future__ import annotations

import time

import torch

import model
from tests.bench.timing import print_table

NEW = 64
PROMPTS = (
    "The lighthouse keeper counted the ships each night, and wrote their names in a book.",
    "The capital of France is",
    "Once upon a time there was a king who had a daughter,",
    "def fibonacci(n):\n",
    "Water boils when",
    "Three things to pack for a week by the sea:\n1.",
    "Dear Professor,\n\nI am writing to",
    "The mitochondrion is",
    "In 1969, the first",
    "A recipe for bread: mix",
    "import numpy as np\n\ndef mean(values):\n",
    "The old woman opened the door and saw",
    "Photosynthesis turns light into",
    "To be or not to be,",
    "The three states of matter are",
    "Two plus two is four. Three plus three is",
    "The best way to learn a language is",
    "Rain fell on the city for seven days.",
    "SELECT name FROM students WHERE",
    "The train to the north leaves at",
)


def bench_decoding(lm: model.LanguageModel, plain) -> dict[str, float]:
    """Seconds for all prompts; the two take turns, prompt by prompt."""
    seconds, tokens, same = {"ours": 0.0, "transformers": 0.0}, 0, 0
    options = {"max_new_tokens": NEW, "do_sample": False, "eos_token_id": sorted(lm.tokenizer.end_ids)}
    list(model.generate(lm, PROMPTS[0], max_new_tokens=16, temperature=0))  # makes the draft
    for prompt in PROMPTS:
        ids = lm.read_prompt(prompt)
        began = time.perf_counter()
        ours = [step.id for step in model.generate(lm, ids, max_new_tokens=NEW, temperature=0)]
        between = time.perf_counter()
        read = torch.tensor([ids])
        theirs = plain.generate(read, attention_mask=torch.ones_like(read), **options)[0, len(ids) :].tolist()
        seconds["ours"] += between - began
        seconds["transformers"] += time.perf_counter() - between
        tokens += len(ours)
        same += ours == [token for token in theirs if token not in lm.tokenizer.end_ids]
    rows = {
        name: [f"{1000 * taken / tokens:.1f}", f"{seconds['transformers'] / taken:.2f}"]
        for name, taken in seconds.items()
    }
    print_table(f"Greedy generation with a cache, {tokens} tokens", rows, ["ms a token", "times transformers"])
    print(f"  the same tokens after {same} of {len(PROMPTS)} prompts", flush=True)
    return {"speed": seconds["transformers"] / seconds["ours"], "same": same, "prompts": len(PROMPTS)}
