"""Models in GGUF files, as llama.cpp writes them: header, tokenizer and weights.

What the header means is in gguf_config.py, where each weight lies in gguf_names.py.
"""

from __future__ import annotations

from pathlib import Path

import torch

from ...errors import BadInput
from ...language_model import LanguageModel
from .assembly import Plan, check_counts
from .foreign import foreign
from .gguf_config import FAMILIES, PERMUTED, read_config, unsupported
from .gguf_file import GGUFFile, not_a_model_file
from .gguf_names import TABLES, Arranged, recipe_of
from .gguf_tokenizer import read_tokenizer


def read_gguf(path: Path, name: str, dtype: torch.dtype = torch.float32) -> LanguageModel:
    """Load the model and tokenizer in a GGUF file, its weights unpacked to `dtype`.

    Raises:
        BadInput: "not_a_model_file" for a file that is damaged or no GGUF, "unsupported"
            naming what cannot be computed faithfully, "wrong_weights" for weights that
            don't fit the header, "no_memory" for a model that does not fit in this machine's memory.
    """
    return plan_gguf(path).load(name, dtype)


def plan_gguf(path: Path) -> Plan:
    """What loading `path` would do, before any weight is read; raises as `read_gguf`."""
    file = GGUFFile(path)
    with foreign(lambda why: not_a_model_file(path, f"a value in its header is of the wrong kind: {why}")):
        return _plan(path, file)


def _plan(path: Path, file: GGUFFile) -> Plan:
    family = family_of(file)
    counts = [file.metadata.get(f"{family}.{key}", 0) for key in ("block_count", "expert_count")]
    layers, experts = (count if isinstance(count, int) else 0 for count in counts)
    check_counts(layers, experts, file)
    config = read_config(file, family)
    tokenizer = read_tokenizer(file.metadata)
    if tokenizer.ordinary_size > config.vocab_size:
        raise BadInput(
            "wrong_weights",
            f"The tokenizer of {path.name} has {tokenizer.ordinary_size} tokens, its embedding only "
            f"{config.vocab_size} rows: the file is damaged.",
        )
    source = Arranged(file)
    return Plan(
        family=family,
        config=config,
        tokenizer=tokenizer,
        recipe=recipe_of(config, source, permuted=family in PERMUTED),
        source=source,
        ignored=TABLES.__contains__,
        description=str(file.metadata.get("general.name") or path.stem),
    )


def family_of(file: GGUFFile) -> str:
    """The architecture of `file`, one of `FAMILIES`.

    Raises:
        BadInput: "unsupported" naming any other.
    """
    family = file.metadata.get("general.architecture")
    if family not in FAMILIES:
        raise unsupported(
            f"The architecture {str(family)[:40]!r} in {file.path.name}", f"use a GGUF of {', '.join(FAMILIES)}"
        )
    return family
