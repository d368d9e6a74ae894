"""What a family of models is to the reader of Hugging Face folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ....config import ModelConfig
from ..assembly import Recipe
from ..options import Options


@dataclass(frozen=True, kw_only=True)
class Family:
    """How one `model_type` is read.

    `config` turns its options into our architecture.  `recipe` says where each of our weights lies,
    given the config and the names of the folder's weights, both without the `trunk`, the beginning
    that all names but the head's share.
    """

    config: Callable[[Options], ModelConfig]
    recipe: Callable[[ModelConfig], Recipe]
    defaults: Mapping[str, Any]
    aliases: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()  # published options that its code never reads
    trunk: str = "model."
    head: str = "lm_head.weight"
    embedding: str = "embed_tokens.weight"
    layer: str = "layers."
    further_layers: bool = False  # layers beyond the last predict further tokens, and are left out
    no_weight: str | None = None  # a regular expression of tensors that are none
