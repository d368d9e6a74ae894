"""Looking into a running model, and reaching into it, without changing the model.

Every tensor worth seeing passes through a `HookPoint`.  A hook point holds no state but
its name: it asks a `ContextVar` whether *this call* has a listener.  So one model can
serve many threads at once, each with its own `Recorder`, and none sees another's numbers
(per-call `register_forward_hook` on a shared model mixes them up).

This module knows nothing about attention, experts or prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from torch import Tensor, nn

Edit = Callable[[Tensor], Tensor]

_recorder: ContextVar[Recorder | None] = ContextVar("recorder", default=None)


class Recorder:
    """What one call wants to see and to change.

    Args:
        wants: says of a hook name whether its tensor is kept.
        edits: hook name -> functions applied in order to the tensor that passes there.
            What an edit touched is always kept: the change must be visible.
    """

    def __init__(self, wants: Callable[[str], bool], edits: Mapping[str, tuple[Edit, ...]] | None = None):
        self._wants = wants
        self._edits = dict(edits or {})
        self.tensors: dict[str, Tensor] = {}

    def listens(self, name: str) -> bool:
        """Whether the tensor at `name` is kept or edited."""
        return name in self._edits or self._wants(name)

    def visit(self, name: str, value: Tensor) -> Tensor:
        """Edit and keep `value`; return what the model goes on with.

        Raises:
            RuntimeError: if `name` was kept before: two places would share one name.
        """
        if not self.listens(name):
            return value
        for edit in self._edits.get(name, ()):
            value = edit(value)
        if name in self.tensors:
            raise RuntimeError(f"hook {name!r} fired twice in one call: open one recording() for each forward pass.")
        self.tensors[name] = value.detach()
        return value


class HookPoint(nn.Module):
    """The identity function, with a name.

    `Transformer` sets the name to the module's path, such as ``blocks.0.attn.hook_q``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.name = ""

    def __call__(self, value: Tensor) -> Tensor:
        # Module.__call__ would cost as much as a small matrix product; this is one ContextVar read.
        recorder = _recorder.get()
        return value if recorder is None else recorder.visit(self.name, value)

    @property
    def listening(self) -> bool:
        """Whether this call wants what passes here: lets a faster path be taken where nobody looks."""
        recorder = _recorder.get()
        return recorder is not None and recorder.listens(self.name)


def name_hooks(model: nn.Module) -> list[str]:
    """Give every `HookPoint` in `model` its path as name; return the names in order."""
    names = []
    for path, module in model.named_modules():
        if isinstance(module, HookPoint):
            module.name = path
            names.append(path)
    return names


@contextmanager
def recording(recorder: Recorder) -> Iterator[Recorder]:
    """Within the block, in this thread or task only, hook points report to `recorder`."""
    token = _recorder.set(recorder)
    try:
        yield recorder
    finally:
        _recorder.reset(token)


def as_array(value: Tensor) -> np.ndarray:
    """`value` (1, ...) as a read-only numpy array (...), float32 where it is a float.

    Nothing is copied where the dtype fits: the model never writes into a tensor that it has
    made.  A hook point must not be handed a weight itself, only what was computed from one.
    """
    value = value.detach()[0].cpu()
    array = (value.float() if value.is_floating_point() else value).numpy()
    array.flags.writeable = False
    return array
