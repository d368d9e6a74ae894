"""A transformer without numbers, for weights that come from a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from ..config import ModelConfig
from ..transformer import Transformer

_FILLING = {nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_}


class _LeftEmpty(TorchFunctionMode):
    """New layers keep what they find. To draw normal numbers that take no memory, torch would import its compiler."""

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        words = kwargs or {}
        if function in _FILLING:
            return args[0] if args else words["tensor"]
        return function(*args, **words)


def unfilled(config: ModelConfig) -> Transformer:
    """A transformer whose weights have shapes and take no memory; of this thread only."""
    with torch.device("meta"), _LeftEmpty():
        return Transformer(config)
