"""The second part of validation: texts of sources that no training text shares.

Held-out documents of a source that was trained on say how well a model knows that source: its
authors, names and habits.  Whole authors, poets, projects and ranges of operands that were never
trained on say what it has learned of the kind.  The texts are in assets/texts/elsewhere, their
sources in sources.toml beside them; what the storytellers score there is kept beside their files,
by fingerprint.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..files.catalog import MODELS
from ..files.whole import write_text
from ..language_model import LanguageModel
from . import corpus, evaluate
from .folder import TrainingFolder

TEXTS = MODELS.parent / "texts" / "elsewhere"
SCORES = MODELS / "elsewhere.json"
LONG = 40  # characters of a line that two texts have in common only where one has it from the other


def texts() -> dict[str, list[str]]:
    """Their documents, by kind."""
    return {path.stem: corpus.whole(path.read_text(encoding="utf-8")) for path in sorted(TEXTS.glob("*.txt"))}


def kept() -> dict[str, Any]:
    """What was measured: "models" by name, "peers" and "shared"."""
    return json.loads(SCORES.read_text(encoding="utf-8")) if SCORES.exists() else {"models": {}}


def scores(lm: LanguageModel) -> dict[str, dict[str, float]]:
    """Bits per byte and top-1 of these very weights, by kind; empty where they were not measured."""
    own = kept()["models"].get(lm.name, {})
    return own["scores"] if own.get("fingerprint") == lm.fingerprint else {}


def measure(lm: LanguageModel) -> None:
    """Score `lm` on every kind and keep it."""
    found = {kind: evaluate.score(lm, own, label=f"{lm.name}: {kind}, elsewhere") for kind, own in texts().items()}
    rounded = {
        kind: {"bits_per_byte": round(each.bits_per_byte, 4), "top1": round(each.top1, 4)}
        for kind, each in found.items()
    }
    keep("models", kept()["models"] | {lm.name: {"fingerprint": lm.fingerprint, "scores": rounded}})


def keep(name: str, value: dict[str, Any]) -> None:
    """Write one part of what was measured."""
    write_text(SCORES, json.dumps(kept() | {name: value}, indent=1, sort_keys=True) + "\n")


def shared(folder: TrainingFolder) -> dict[str, float]:
    """The share of each kind's long lines that stand in the training text of `folder`, word for word."""
    tokenizer, tokens = folder.tokenizer, folder.tokens
    lines = {kind: {line for text in own for line in _long(text)} for kind, own in texts().items()}
    seen: set[str] = set()
    ends = np.flatnonzero(tokens == min(tokenizer.end_ids)) + 1
    for document in np.split(tokens, ends[:-1]):
        seen.update(_long(tokenizer.decode(document[:-1].tolist())))
    return {kind: round(len(own & seen) / max(1, len(own)), 4) for kind, own in lines.items()}


def _long(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if len(line) >= LONG]
