"""A transformer with its tokenizer and its name: what `model.load` returns.

Knows nothing about files; `files.catalog` and `files.convert` make these.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .config import ModelConfig
from .draft import Draft, make_draft
from .errors import BadInput
from .transformer import Transformer

if TYPE_CHECKING:
    from .files.tokenizer import Tokenizer


@dataclass(frozen=True)
class LanguageModel:
    """A loaded model, shared by every thread: nothing in it is written after this point."""

    name: str
    transformer: Transformer
    tokenizer: Tokenizer
    trained: bool = True
    description: str = ""
    record: dict = field(default_factory=dict, compare=False)  # how it was trained, where the file says so

    def __post_init__(self) -> None:
        self.transformer.eval().requires_grad_(False)

    @property
    def config(self) -> ModelConfig:
        """The architecture."""
        return self.transformer.config

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that change whenever config, tokenizer or any weight does.

        SHA-256 of every byte, once, when first asked for: 14 ms for a storyteller, 160 ms for the
        540 MB of SmolLM2 (two cores), a fraction of what loading them takes.
        """
        digest = hashlib.sha256(json.dumps(self.config.to_dict(), sort_keys=True).encode())
        digest.update(self.tokenizer.fingerprint.encode())
        weights = self.transformer.state_dict()
        with ThreadPoolExecutor(2) as workers:  # hashing runs beside Python
            for name, weight in zip(weights, workers.map(_sha256, weights.values()), strict=True):
                digest.update(name.encode() + weight)
        return digest.hexdigest()[:16]

    @cached_property
    def draft(self) -> Draft | None:
        """The model's rounded copy, which guesses tokens for generation; made when first asked for."""
        return make_draft(self.transformer)

    @property
    def parameters(self) -> int:
        """Learned numbers, each counted once."""
        return sum(weight.numel() for weight in self.transformer.parameters())

    def read_prompt(self, prompt: str | list[int]) -> list[int]:
        """Token ids of `prompt`, at least one, at most the model's context.

        Raises:
            BadInput: "empty_prompt", "too_long" or "bad_token".
        """
        if isinstance(prompt, str):
            # Every token stands for at least one byte, but for at most ~100 in any vocabulary met:
            # far too long a text is refused before minutes go into splitting it.
            if len(prompt) > 200 * self.config.context:
                raise self._too_long(f"{len(prompt):,} characters")
            ids = self.tokenizer.encode(prompt)
        else:
            ids = list(prompt)
        for token in ids:  # a tokenizer may have more than the model has rows for, such as an added <pad>
            if not 0 <= token < self.config.vocab_size:
                raise BadInput(
                    "bad_token",
                    f"Token id {token} does not exist: this model has ids 0 to {self.config.vocab_size - 1}.",
                    token=token,
                    last=self.config.vocab_size - 1,
                )
        if not ids:
            raise BadInput("empty_prompt", "The prompt is empty: type at least one character.")
        if len(ids) > self.config.context:
            raise self._too_long(f"{len(ids):,} tokens")
        return ids

    def _too_long(self, length: str) -> BadInput:
        context = self.config.context
        return BadInput(
            "too_long",
            f"The prompt has {length}; {self.name} reads at most {context:,} tokens: shorten it.",
            length=length,
            name=self.name,
            context=context,
        )


def _sha256(weight: Tensor) -> bytes:
    return hashlib.sha256(weight.detach().flatten().view(torch.uint8).numpy().data).digest()
