"""Weights from a file into a `Transformer`, one at a time.

The model is first built without memory; each of its weights is then filled from the
pieces that a recipe names.  So peak memory is the model plus a few
tensors of the file.  A weight with no source, a source with no place, and a wrong shape are errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ...config import ModelConfig
from ...errors import BadInput
from ...footprint import require_memory
from ...language_model import LanguageModel
from ...transformer import Transformer
from ..tokenizer import Tokenizer
from ..unfilled import unfilled

_WORKERS = 2  # unpacking is arithmetic that runs beside Python; more would hold more tensors at once


class Source(Protocol):
    """Named tensors in a file or a folder."""

    def names(self) -> set[str]: ...

    def shape(self, name: str) -> tuple[int, ...]: ...

    def read(self, name: str) -> Tensor: ...


@dataclass(frozen=True)
class Piece:
    """One tensor of the source, on its way into (a part of) one of ours."""

    name: str
    change: Callable[[Tensor], Tensor] | None = None  # such as a transposition


Recipe = dict[str, list[Piece]]  # our weight's name -> pieces that follow each other along its rows


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A model in files of others, understood and not yet read."""

    family: str  # as the files call it
    config: ModelConfig
    tokenizer: Tokenizer
    recipe: Recipe
    source: Source
    ignored: Callable[[str], bool]  # says of a name in `source` that it is no weight
    description: str
    passed_over: tuple[str, ...] = ()  # options that leave the result alone

    def load(self, name: str, dtype: torch.dtype) -> LanguageModel:
        """The model, its weights as `dtype`; raises as `assemble`."""
        transformer = assemble(self.config, self.recipe, self.source, self.ignored, dtype)
        return LanguageModel(name, transformer, self.tokenizer, description=self.description)


def assemble(
    config: ModelConfig,
    recipe: Recipe,
    source: Source,
    ignored: Callable[[str], bool] = lambda name: False,
    dtype: torch.dtype = torch.float32,
) -> Transformer:
    """Build the model of `config` with weights from `source`, as `dtype`.

    Args:
        recipe: for every weight of the model, the pieces it is made of.
        ignored: says of a name in `source` that it is no weight (a mask, a table).

    Raises:
        BadInput: "wrong_weights" naming the first weight that is missing, left over or of another shape,
            "no_memory" if the whole does not fit in this machine's memory.
    """
    check_names(recipe, source, ignored)
    try:
        transformer = unfilled(config)
    except (RuntimeError, OverflowError, TypeError) as error:  # sizes whose product no tensor can have
        raise BadInput(
            "wrong_weights", "The config has sizes that no model can have: config and weights do not belong together."
        ) from error
    shapes = {name: tuple(weight.shape) for name, weight in transformer.state_dict().items()}
    for name, shape in shapes.items():  # before memory is asked for
        if sum(math.prod(source.shape(piece.name)) for piece in recipe[name]) != math.prod(shape):
            raise _wrong_shape(recipe[name][-1].name, source, name, shape)
    needed = sum(math.prod(shape) for shape in shapes.values()) * dtype.itemsize
    advice = "choose a smaller model" + ("" if dtype.itemsize < 4 else ", or keep its weights in bf16, half of that")
    require_memory(needed, f"This model in {str(dtype).removeprefix('torch.')}", advice, passing=1.05)
    with ThreadPoolExecutor(_WORKERS) as workers:
        filled = workers.map(lambda name: _fill(name, shapes[name], recipe[name], source, dtype), shapes)
        transformer.load_state_dict(dict(zip(shapes, filled, strict=True)), assign=True)
    return transformer.requires_grad_(False)


def check_names(recipe: Recipe, source: Source, ignored: Callable[[str], bool]) -> None:
    """Refuse weights that are missing or left over.

    Raises:
        BadInput: "wrong_weights" naming the first.
    """
    names = source.names()
    needed = {piece.name for pieces in recipe.values() for piece in pieces}
    _refuse_if(needed - names, "lacks the weight")
    _refuse_if(
        {name for name in names - needed if not ignored(name)}, "has a weight that this architecture has no place for:"
    )


def _fill(name: str, shape: tuple[int, ...], pieces: list[Piece], source: Source, dtype: torch.dtype) -> Tensor:
    # A selection bias moves in steps of a thousandth: bfloat16 could not tell two of them apart.
    target = torch.empty(shape, dtype=torch.float32 if name.endswith("selection_bias") else dtype)
    rows = target.flatten(0, -2) if target.dim() > 1 else target  # experts lie one below the other
    start = 0
    for piece in pieces:
        tensor = source.read(piece.name)
        if piece.change is not None:
            tensor = piece.change(tensor)
        tensor = tensor.flatten(0, -2) if tensor.dim() > 1 else tensor
        end = start + len(tensor)
        if tensor.shape[1:] != rows.shape[1:] or end > len(rows):
            raise _wrong_shape(piece.name, source, name, shape)
        rows[start:end] = tensor
        start = end
    return target


def check_counts(n_layers: int, n_experts: int, source: Source) -> None:
    """Refuse counts that the weights cannot bear out, before anybody makes a list that long.

    Raises:
        BadInput: "wrong_weights".
    """
    names = source.names()
    largest = max((max(source.shape(name), default=0) for name in names), default=0)
    if not 0 < n_layers <= len(names) or n_experts > max(len(names), largest):
        raise BadInput(
            "wrong_weights",
            f"The config says {n_layers} layers and {n_experts} experts, but there are {len(names)} weights: "
            "config and weights do not belong together.",
        )


def _refuse_if(names: set[str], what: str) -> None:
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise BadInput(
            "wrong_weights",
            f"The model {what} {min(names)[:120]}{more}: config and weights do not belong together.",
            names=sorted(names)[:10],
        )


def _wrong_shape(piece: str, source: Source, name: str, shape: tuple[int, ...]) -> BadInput:
    return BadInput(
        "wrong_weights",
        f"The weight {piece} has shape {list(source.shape(piece))}, which does not fit into {name} "
        f"{list(shape)}: config and weights do not belong together.",
        name=piece,
    )
