"""The options of a config.json, each marked as known once it is read.

What a file leaves out is what the family's own code assumes (families/defaults.py); what it says
and nobody here has read is refused by name, unless it is known to leave the result alone.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from ...errors import BadInput
from .harmless import is_harmless

ACTIVATIONS = {
    "silu": "silu",
    "swish": "silu",
    "relu": "relu",
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
}
MOST_LAYERS = 10_000  # far beyond any model: a count that nobody makes a list of


def unsupported(option: str, value: Any, advice: str = "use another model") -> BadInput:
    """The error for an option that would be computed wrongly."""
    what = f"{option} = {str(value)[:60]}"
    return BadInput("unsupported", f"The model's config.json says {what}, which is not supported: {advice}.", what=what)


class Options:
    """The options of one object in a config.json.

    Args:
        data: the object.
        defaults: what is meant where an option is absent.
        aliases: other names of options, such as "num_experts" for "num_local_experts".
        ignored: options that this family's code never reads.
        where: what to write before an option's name in errors, such as "rope ".
    """

    def __init__(
        self,
        data: Mapping[str, Any],
        defaults: Mapping[str, Any] | None = None,
        aliases: Mapping[str, str] | None = None,
        ignored: Collection[str] = (),
        where: str = "",
    ):
        self._data, self._defaults, self._ignored, self.where = dict(data), defaults or {}, ignored, where
        self._known: set[str] = set()
        for other, name in (aliases or {}).items():
            if other in self._data:
                value = self._data.pop(other)
                if self._data.setdefault(name, value) != value:
                    raise unsupported(where + other, value, f"it must not differ from {name}")

    def get(self, name: str, default: Any = None) -> Any:
        """The value, null being None; where it is absent the family's default, or else `default`."""
        self._known.add(name)
        return self._data.get(name, self._defaults.get(name, default))

    def has(self, name: str) -> bool:
        """Whether the file itself has the option, were it null."""
        return name in self._data

    def count(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        return int(self._checked(name, self.get(name, default), int))

    def number(self, name: str, default: float | None = None) -> float:
        """A number."""
        return float(self._checked(name, self.get(name, default), (int, float)))

    def number_or_none(self, name: str) -> float | None:
        """A number, or None for null."""
        return None if self.get(name) is None else self.number(name)

    def count_or_none(self, name: str) -> int | None:
        """A whole number, or None for null."""
        return None if self.get(name) is None else self.count(name)

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false; null is false, as in the Python of the family's code."""
        value = self.get(name, default)
        if value not in (None, False, True):
            raise unsupported(self.where + name, value, "true or false is expected there")
        return bool(value)

    def items(self, name: str) -> list[Any] | None:
        """A list, or None for null."""
        value = self.get(name)
        if value is not None and not isinstance(value, list):
            raise unsupported(self.where + name, value, "a list is expected there")
        return value

    def per_layer(self, name: str, n_layers: int) -> list[Any] | None:
        """A list with an entry for every layer, or None for null."""
        value = self.items(name)
        if value is not None and len(value) < n_layers:
            raise unsupported(self.where + name, value, f"an entry for each of the {n_layers} layers is expected there")
        return None if value is None else value[:n_layers]

    def layers(self, name: str = "num_hidden_layers") -> int:
        """The number of layers, one that a list can be made of."""
        n_layers = self.count(name)
        if not 0 < n_layers <= MOST_LAYERS:
            raise unsupported(name, n_layers, f"1 to {MOST_LAYERS:,} layers are known")
        return n_layers

    def activation(self, name: str = "hidden_act") -> Any:
        """An activation function by our name."""
        value = self.get(name)
        if not isinstance(value, str) or value not in ACTIVATIONS:
            raise unsupported(self.where + name, value, f"known are {', '.join(ACTIVATIONS)}")
        return ACTIVATIONS[value]

    def must_be(self, name: str, *allowed: Any, default: Any = None) -> None:
        """Refuse any value but those in `allowed`."""
        value = self.get(name, default)
        if value not in allowed:
            raise unsupported(self.where + name, value)

    def skip(self, *names: str) -> None:
        """Mark options as read that follow from others."""
        self._known.update(names)

    def refuse_unknown(self) -> None:
        """Refuse what is switched on and was never read."""
        for name, value in self._data.items():
            if name in self._known or name in self._ignored or is_harmless(name):
                continue
            if name in self._defaults and value == self._defaults[name]:
                continue
            if value not in (None, False, 0, "", [], {}):
                raise unsupported(self.where + name, value)

    def unread(self) -> list[str]:
        """Names of the options that were passed over."""
        return sorted(name for name in self._data if name not in self._known)

    def _checked(self, name: str, value: Any, kind: type[int] | tuple[type[int], type[float]]) -> Any:
        if value is None:
            raise BadInput(
                "not_a_model_folder",
                f"The model's config.json lacks {self.where}{name}: it is not a whole config of this kind of model.",
                reason=name,
            )
        if isinstance(value, bool) or not isinstance(value, kind) or not math.isfinite(value):
            raise unsupported(self.where + name, value, "a number is expected there")
        return value
