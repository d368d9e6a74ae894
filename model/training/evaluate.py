"""How well a model predicts a text, in units that compare across tokenizers.

T tokens, V vocabulary, E experts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from tqdm import tqdm

from ..capture import Recorder, recording
from ..language_model import LanguageModel


@dataclass
class Score:
    """Sums over the tokens of one or more texts."""

    nats: float = 0.0  # of surprise, - sum of log p(token | before)
    bytes: int = 0  # of the texts, UTF-8
    tokens: int = 0
    hits: int = 0  # tokens that were the most probable
    load: dict[int, np.ndarray] = field(default_factory=dict)  # layer -> (E,) choices of each expert

    @property
    def bits_per_byte(self) -> float:
        """Surprise in bits per byte of text: what an ideal compressor with this model would need."""
        return self.nats / math.log(2) / self.bytes

    @property
    def top1(self) -> float:
        """Share of tokens that were the most probable."""
        return self.hits / self.tokens


def score(lm: LanguageModel, texts: Iterable[str], label: str | None = None) -> Score:
    """Read each of `texts` from its first byte to its last, each on its own.

    The first token is predicted from the end-of-text token, as in training; a text longer than
    the context is read in windows that overlap by half, so that every token counts once and
    is predicted from at least half a context (where there is one).
    """
    total = Score()
    start = min(lm.tokenizer.end_ids, default=0)
    window = min(lm.config.context, 1024)
    for text in tqdm(list(texts), desc=label, leave=False, disable=label is None):
        ids = lm.tokenizer.encode(text)
        total.bytes += len(text.encode(errors="replace"))
        total.tokens += len(ids)
        run = [start, *ids]
        known = 0  # tokens of `ids` that have been counted
        while known < len(ids):
            begin = max(0, known - window // 2)
            read = run[begin : begin + window]
            targets = torch.tensor(run[begin + 1 : begin + window + 1])
            logits = _read(lm, read, total)[: len(targets)]
            fresh = known - begin  # the first target that is new
            surprise = torch.nn.functional.cross_entropy(logits[fresh:], targets[fresh:], reduction="sum")
            total.nats += surprise.item()
            total.hits += int((logits[fresh:].argmax(-1) == targets[fresh:]).sum())
            known = begin + len(targets)
    return total


def _read(lm: LanguageModel, ids: list[int], total: Score) -> torch.Tensor:
    """Logits (T, V); what experts were chosen is added to `total`."""
    recorder = Recorder(lambda name: name.endswith("hook_expert_indices"))
    with torch.inference_mode(), recording(recorder):
        logits = lm.transformer(torch.tensor([ids]))[0].float()
    for name, indices in recorder.tensors.items():
        layer = int(name.split(".")[1])
        counts = np.bincount(indices.flatten().numpy(), minlength=lm.config.experts.n_routed_experts)
        total.load[layer] = total.load.get(layer, 0) + counts
    return logits
