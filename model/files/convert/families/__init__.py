"""The families of models that Hugging Face folders are read of, a module for each group: `model_type` -> `Family`."""

from __future__ import annotations

from . import deepseek, experts, gemma, gpt, llama, olmo
from .family import Family

FAMILIES: dict[str, Family] = (
    gpt.FAMILIES | llama.FAMILIES | gemma.FAMILIES | olmo.FAMILIES | experts.FAMILIES | deepseek.FAMILIES
)

__all__ = ["FAMILIES", "Family"]
