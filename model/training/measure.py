"""What a trained model can do, measured on text it never saw, and what its peers can.

`measure` puts all that the model card and the app say of a storyteller into its record.
"""

from __future__ import annotations

import json
import lzma
import math
from dataclasses import replace

import numpy as np

from ..config import MoEConfig
from ..files.whole import write_text
from ..generate import generate
from ..language_model import LanguageModel
from ..measure import experts, heads
from . import evaluate, ngram
from .folder import TrainingFolder

BEFORE_SUMS = {"alone": "", "in a list": "30 + 4 = 34\n71 + 8 = 79\n"}  # what a sum to be solved stands after


def sums_solved(lm: LanguageModel, texts: list[str], before: str = "", most: int = 300) -> float:
    """Share of the held-out additions that greedy decoding answers rightly, prompted as ``12 + 7 =`` after `before`."""
    lines = [line for line in dict.fromkeys("\n".join(texts).splitlines()) if " + " in line][:most]
    right = 0
    for line in lines:
        question, answer = line.split(" = ")
        text = "".join(step.text for step in generate(lm, f"{before}{question} =", max_new_tokens=6, temperature=0.0))
        right += text.split("\n")[0].strip() == answer
    return right / len(lines)


def measure(lm: LanguageModel, texts: dict[str, list[str]]) -> LanguageModel:
    """The same model with what was measured on `texts` in its record."""
    scores = {kind: evaluate.score(lm, own, label=f"{lm.name}: {kind}") for kind, own in texts.items()}
    table = heads.head_scores(lm)
    record = lm.record | {
        "scores": {
            kind: {"bits_per_byte": round(s.bits_per_byte, 4), "top1": round(s.top1, 4)} for kind, s in scores.items()
        },
        "sums_solved": {name: round(sums_solved(lm, texts["sums"], before), 4) for name, before in BEFORE_SUMS.items()}
        if "sums" in texts
        else None,
        "heads": heads.best_heads(table),
        "head_scores": {name: np.round(each, 4).tolist() for name, each in table.items()},
    }
    if isinstance(lm.config.feed_forward, MoEConfig):
        record["experts"] = experts.statistics(lm, texts, label=lm.name)
        total: dict[int, np.ndarray] = {}
        for s in scores.values():
            for layer, counts in s.load.items():
                total[layer] = total.get(layer, 0) + counts
        record["load"] = {
            str(layer): np.round(counts / counts.sum(), 4).tolist() for layer, counts in sorted(total.items())
        }
    return replace(lm, record=record)


def baselines(folder: TrainingFolder) -> dict[str, dict[str, float]]:
    """Bits per byte of the 5-gram model and of `xz -9` on the validation texts, counted once: they cannot change."""
    if folder.peers.exists():
        return json.loads(folder.peers.read_text(encoding="utf-8"))
    found = peers(folder, folder.validation)
    write_text(folder.peers, json.dumps(found))
    return found


def peers(folder: TrainingFolder, texts: dict[str, list[str]]) -> dict[str, dict[str, float]]:
    """Bits per byte on `texts` of a 5-gram model of the training text in `folder`, and of `xz -9`."""
    tokenizer, run = folder.tokenizer, folder.tokens
    ends = np.flatnonzero(run == min(tokenizer.end_ids)) + 1
    peer = ngram.KneserNey(np.split(run, ends[:-1]), tokenizer.vocab_size)
    found: dict[str, dict[str, float]] = {"5-gram, Kneser-Ney": {}, "xz -9": {}}
    for kind, own in texts.items():
        size = sum(len(text.encode()) for text in own)
        nats = sum(peer.surprise(np.array(tokenizer.encode(text), np.uint64)) for text in own)
        found["5-gram, Kneser-Ney"][kind] = nats / math.log(2) / size
        found["xz -9"][kind] = 8 * len(lzma.compress("".join(own).encode(), preset=9)) / size
    return found
