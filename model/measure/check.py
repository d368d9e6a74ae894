"""What a folder or file of a model is, before it is loaded: family, sizes, memory needed, supported or why not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..config import ModelConfig
from ..errors import BadInput
from ..files import checkpoint, convert
from ..files.catalog import find_path
from ..files.convert.foreign import read_bytes
from ..footprint import free_bytes
from .memory import count_parameters

BYTES = {"fp32": 4, "bf16": 2}  # of one weight in memory


@dataclass(frozen=True, kw_only=True)
class Check:
    """What is known of a model without reading a weight; None where the files do not say or cannot be followed."""

    path: str
    family: str | None
    supported: bool
    reason: str | None  # why not, in one sentence that says what would help
    layers: int | None = None
    context: int | None = None  # tokens that it reads at most
    tokens: int | None = None  # of its vocabulary
    attention: str | None = None
    feed_forward: str | None = None
    parameters: int | None = None
    bytes_fp32: int | None = None  # of memory that the weights take
    bytes_bf16: int | None = None
    free_bytes: int | None = None  # of memory on this machine
    passed_over: tuple[str, ...] = ()  # options of config.json that leave the result alone


def check(name: str) -> Check:
    """Look at the folder, .gguf or .safetensors file `name` without loading it.

    Raises:
        BadInput: "unknown_model" if nothing is there.
    """
    path = find_path(name)
    if path is None:
        raise BadInput(
            "unknown_model", f"There is no folder or file {name[:200]!r}: give the path of a model.", name=name[:200]
        )
    try:
        if path.is_dir():
            return _planned(path, convert.plan_huggingface(path))
        if path.suffix == ".safetensors":
            config = checkpoint.describe(path).config
            return _understood(path, "glassformer", config, ())
        return _planned(path, convert.plan_gguf(path))
    except BadInput as error:
        return Check(path=str(path), family=_family(path), supported=False, reason=str(error))


def _planned(path: Path, plan: convert.Plan) -> Check:
    convert.check_names(plan.recipe, plan.source, plan.ignored)
    return _understood(path, plan.family, plan.config, plan.passed_over)


def _understood(path: Path, family: str, config: ModelConfig, passed_over: tuple[str, ...]) -> Check:
    parameters, free = count_parameters(config).total, free_bytes()
    needed = {kind: parameters * nbytes for kind, nbytes in BYTES.items()}
    fits = free is None or needed["bf16"] <= free
    reason = None
    if free is not None and not fits:
        least = needed["bf16"] / 1e9
        reason = f"Its weights take {least:,.2f} GB even in bf16, and {free / 1e9:,.2f} GB of memory are free."
    return Check(
        path=str(path),
        family=family,
        supported=fits,
        reason=reason,
        layers=config.n_layers,
        context=config.context,
        tokens=config.vocab_size,
        attention=config.attention.kind,
        feed_forward=config.feed_forward.kind,
        parameters=parameters,
        bytes_fp32=needed["fp32"],
        bytes_bf16=needed["bf16"],
        free_bytes=free,
        passed_over=passed_over,
    )


def _family(path: Path) -> str | None:
    """What the files of a model that cannot be followed call it."""
    try:
        data = json.loads(read_bytes(path / "config.json").decode())
        return str(data["model_type"])[:40]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
