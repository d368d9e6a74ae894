"""The folder of a training: its text in tokens, its held-out texts, the states of its runs.

One module knows the names and formats of these files; what trains, compares and measures
asks it.  `finished` makes a model with its record of a run.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from ..errors import BadInput
from ..files.tokenizer import Tokenizer
from ..files.whole import write_text
from ..language_model import LanguageModel
from . import corpus, recipes
from .loop import LOG_STEPS, Run

LARGEST_VOCABULARY = 2**16  # tokens are kept in two bytes each


@dataclass(frozen=True)
class TrainingFolder:
    """What `python -m model train` keeps in `path`."""

    path: Path

    @classmethod
    def of_a_run(cls, path: Path) -> TrainingFolder:
        """A folder where a run has prepared its text.

        Raises:
            BadInput: "unreadable_text" if none has.
        """
        folder = cls(path)
        if not folder._marker.exists():
            message = f"{path} is no folder of python -m model train: it holds no {folder._marker.name}."
            raise BadInput("unreadable_text", message, path=str(path))
        return folder

    @property
    def _marker(self) -> Path:
        return self.path / "text.json"  # written last: where it is, everything is

    @property
    def _validation(self) -> Path:
        return self.path / "validation.json"

    @property
    def tokenizer(self) -> Tokenizer:
        """Of this text."""
        return Tokenizer.from_file(self.path / "tokenizer.json")

    @property
    def tokens(self) -> np.ndarray:
        """The training text, (n,) uint16."""
        return np.load(self.path / "tokens.npy", allow_pickle=False)

    @property
    def validation(self) -> dict[str, list[str]]:
        """Documents held out from training, by kind."""
        return json.loads(self._validation.read_text(encoding="utf-8"))

    @property
    def peers(self) -> Path:
        """Where the scores of the peers on the held-out texts are kept."""
        return self.path / "peers.json"

    def state(self, run: str) -> Path:
        """Where the state of the run of that name is kept."""
        return self.path / f"{run}.run.safetensors"

    def model(self, name: str) -> Path:
        """Where a finished model goes if nothing else is said."""
        return self.path / f"{name}.safetensors"

    def prepare(
        self, files: list[Path], vocabulary: int | None, tokenizer: Tokenizer | None
    ) -> tuple[Tokenizer, np.ndarray]:
        """The tokenizer and the training tokens of `files`, made once and kept.

        Args:
            vocabulary: tokens of a new tokenizer; None takes the usual number, or the kept one.
            tokenizer: the one to use; None trains a new one.

        Validation texts go to ``validation/KIND.txt``, for `evaluate`, and document by
        document to ``validation.json``.

        Raises:
            BadInput: for files that cannot be read, or a folder that belongs to other files, another
                tokenizer or another vocabulary.
        """
        if tokenizer is not None and vocabulary not in (None, tokenizer.vocab_size):
            raise BadInput(
                "bad_count",
                f"The tokenizer to go on with has {tokenizer.vocab_size} tokens, not {vocabulary}: leave out "
                "--vocabulary.",
                option="--vocabulary",
                value=vocabulary,
            )
        hashes = [hashlib.sha256(corpus.read_bytes(path)).digest() for path in files]
        stamp = hashlib.sha256(b"".join(hashes)).hexdigest()
        if self._marker.exists():
            return self._kept(stamp, vocabulary, tokenizer)
        texts = corpus.read_files(files)
        vocabulary = recipes.VOCABULARY if vocabulary is None else vocabulary
        tokenizer = tokenizer or corpus.train_tokenizer(texts, vocabulary)
        encoded = {kind: corpus.encode(each, tokenizer, kind) for kind, each in texts.train.items()}
        tokens = corpus.stream(encoded, seed=0)
        (self.path / "validation").mkdir(exist_ok=True)
        for kind, each in texts.validation.items():
            (self.path / "validation" / f"{kind}.txt").write_text("\n".join(each), encoding="utf-8")
        validation = json.dumps(texts.validation, ensure_ascii=False)
        self._validation.write_text(validation, encoding="utf-8")
        tokenizer.save(self.path / "tokenizer.json")
        np.save(self.path / "tokens.npy", tokens)
        marker = {"sha256": stamp, "files": [path.name for path in files], "vocabulary": vocabulary}
        write_text(self._marker, json.dumps(marker))
        return tokenizer, tokens

    def _kept(self, stamp: str, vocabulary: int | None, tokenizer: Tokenizer | None) -> tuple[Tokenizer, np.ndarray]:
        marker, kept = json.loads(self._marker.read_text(encoding="utf-8")), self.tokenizer
        if marker["sha256"] != stamp:
            raise self._other("holds a run on other texts")
        if tokenizer is not None and tokenizer.fingerprint != kept.fingerprint:
            raise self._other("holds the text in tokens of another tokenizer")
        # A text can be too short for as many tokens as were asked for: both numbers name this tokenizer.
        known = {kept.vocab_size, marker.get("vocabulary", kept.vocab_size)}
        if vocabulary is not None and vocabulary not in known:
            raise self._other(f"holds the text in a vocabulary of {kept.vocab_size} tokens, not {vocabulary}")
        return kept, self.tokens

    def _other(self, holds: str) -> BadInput:
        return BadInput("other_text", f"{self.path} {holds}: choose another --folder.", folder=str(self.path))


def finished(
    run: Run, name: str, tokenizer: Tokenizer, before: dict | None = None, description: str | None = None
) -> LanguageModel:
    """The model of `run`, with the record of its training.

    Args:
        before: the record of the model it went on from.
        description: what it is, where it is none of the storytellers.
    """
    record = {
        "tokens": run.step * run.schedule.batch * run.schedule.length,
        "seconds": round(run.seconds),
        "machine": torch.cuda.get_device_name(run.device)
        if run.device.type == "cuda"
        else f"{torch.get_num_threads()} of {os.cpu_count()} shared cores",
        "losses": [round(loss, 4) for loss in run.losses],
        "steps_per_loss": LOG_STEPS,
        "schedule": asdict(run.schedule),
    }
    if before is not None:
        facts = {key: before[key] for key in (*record, "before") if key in before}
        record["before"] = facts
        record["tokens"] += facts["tokens"]
        record["seconds"] += facts["seconds"]
    said = recipes.DESCRIPTIONS[name] if description is None else description
    return LanguageModel(name, run.model.cpu(), tokenizer, description=said, record=record)


def digest(weights: dict[str, torch.Tensor]) -> str:
    """Eight hexadecimal digits that tell these weights from others."""
    return hashlib.sha256(b"".join(weight.numpy().tobytes() for weight in weights.values())).hexdigest()[:8]
