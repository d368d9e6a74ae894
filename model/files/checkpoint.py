"""Our own file format: safetensors with the config, the tokenizer and the training record in its header.

One file is one model; nothing in it is ever executed.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..config import ModelConfig
from ..errors import BadInput
from ..language_model import LanguageModel
from ..transformer import Transformer
from .tokenizer import Tokenizer
from .unfilled import unfilled
from .whole import put_in_place

FORMAT = "glassformer-1"
SELECTION_BIAS = ("selection_bias", "router.bias")  # today's name and the first files'


@dataclass(frozen=True)
class Header:
    """What a checkpoint says of itself before any weight is read."""

    name: str
    config: ModelConfig
    description: str
    parameters: int
    record: dict  # how it was trained: tokens, seeds, losses, hours


def save(lm: LanguageModel, path: Path, dtype: torch.dtype = torch.bfloat16) -> None:
    """Write `lm` to `path`, atomically, its floats as `dtype`; the selection bias of experts stays float32.

    That bias moves in steps of a thousandth: bfloat16 could not tell two of them apart.
    """
    tensors = {
        name: tensor.to(torch.float32 if name.endswith(SELECTION_BIAS) else dtype).contiguous()
        for name, tensor in lm.transformer.state_dict().items()
    }
    header = {
        "format": FORMAT,
        "name": lm.name,
        "description": lm.description,
        "config": json.dumps(lm.config.to_dict()),
        "tokenizer": lm.tokenizer.to_json(),
        "record": json.dumps(lm.record),
    }
    partial = path.with_name(path.name + ".part")
    save_file(tensors, partial, header)
    put_in_place(partial, path)


def is_ours(path: Path) -> bool:
    """Whether `path` is a checkpoint of ours, damaged or not, rather than another safetensors file."""
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get("format") == FORMAT
    except (OSError, SafetensorError):
        return False


def describe(path: Path) -> Header:
    """Read the header of a checkpoint.

    Raises:
        BadInput: "not_a_model_file" if `path` is no checkpoint of ours.
    """
    with _open(path) as file:
        return _header(path, file)


def read_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a checkpoint; errors as `describe`."""
    with _open(path) as file:
        _header(path, file)
        return Tokenizer.from_json(file.metadata()["tokenizer"])


def read(path: Path, dtype: torch.dtype = torch.float32) -> LanguageModel:
    """Load a checkpoint, its weights as `dtype`.

    Raises:
        BadInput: "not_a_model_file" if `path` is no checkpoint of ours, or its weights do not fit its config.
    """
    with _open(path) as file:
        header, metadata = _header(path, file), file.metadata()
        tensors = {
            name: file.get_tensor(name).to(torch.float32 if name.endswith(("router.bias", "selection_bias")) else dtype)
            for name in _names(file)
        }
    if header.config.n_layers > len(tensors):  # before anybody makes a list that long
        raise _not_ours(path, "its weights do not fit its config")
    try:
        transformer = unfilled(header.config)
        transformer.load_state_dict(with_todays_names(tensors, transformer), assign=True)
        tokenizer = Tokenizer.from_json(metadata["tokenizer"])
    except (RuntimeError, OverflowError, TypeError, KeyError, ValueError) as error:  # torch: sizes too large
        raise _not_ours(path, "its weights or tokenizer do not fit its config") from error
    return LanguageModel(header.name, transformer, tokenizer, description=header.description, record=header.record)


def with_todays_names(tensors: dict[str, torch.Tensor], transformer: Transformer) -> dict[str, torch.Tensor]:
    """`tensors` by the names of `transformer`'s weights.

    In the first files a weight that holds gate and up was called up, and the selection bias router.bias.
    """
    known = transformer.state_dict().keys()
    return {
        name if name in known else name.replace(".up", ".gate_up").replace("router.bias", "selection_bias"): tensor
        for name, tensor in tensors.items()
    }


def _open(path: Path) -> safe_open:
    try:
        return safe_open(path, framework="pt")
    except (OSError, SafetensorError) as error:
        raise _not_ours(path, "it is not a safetensors file") from error


def _header(path: Path, file: safe_open) -> Header:
    metadata = file.metadata() or {}
    if metadata.get("format") != FORMAT:
        raise _not_ours(path, f"its header does not say {FORMAT}")
    try:
        config = ModelConfig.from_dict(json.loads(metadata["config"]))
        record = json.loads(metadata["record"])
        name, description = metadata["name"], metadata["description"]
    except (KeyError, ValueError, RecursionError) as error:
        raise _not_ours(path, "its header is damaged") from error
    if not isinstance(record, dict):
        raise _not_ours(path, "its training record is damaged")
    weights = [weight for weight in _names(file) if not weight.endswith(SELECTION_BIAS)]
    parameters = sum(math.prod(file.get_slice(weight).get_shape()) for weight in weights)
    return Header(name, config, description, parameters, record)


def _names(file: safe_open) -> list[str]:
    """Names of all tensors in `file`, which is no mapping."""
    return list(file.keys())


def _not_ours(path: Path, reason: str) -> BadInput:
    return BadInput(
        "not_a_model_file",
        f"{path} is not a Glassformer checkpoint: {reason}; for other formats give a Hugging Face folder or a "
        ".gguf file.",
        path=str(path),
        reason=reason,
    )
