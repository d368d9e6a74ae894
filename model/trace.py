"""Everything a model computed on one prompt, as numpy arrays that nothing can change.

T tokens (queries), S = T keys, H heads, K key/value heads, Dh head width, D width,
V vocabulary, L layers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import IO, Any, Literal

import numpy as np
import torch
from torch import Tensor

from .attention import causal_mask, score_scale
from .capture import Recorder, as_array, recording
from .config import MLAConfig, ModelConfig
from .errors import BadInput
from .footprint import keep_memory, require_memory, trace_bytes
from .interventions import Intervention, collect
from .language_model import LanguageModel
from .linear import affine
from .norm import LayerNorm, RMSNorm
from .transformer import finish_logits

Stage = Literal["dot", "scaled", "capped", "masked", "softmax"]
STAGES: tuple[Stage, ...] = ("dot", "scaled", "masked", "softmax")  # of every model; `Trace.stages` knows of a cap

LONG = 256  # tokens from which on a trace's memory is reckoned before it runs
MOST_DERIVED = 2**28  # bytes of scores and patterns that are kept rather than derived

# Large (H, T, S) arrays that follow exactly from the queries and keys.
DERIVED = (
    ".hook_capped",
    ".hook_attn_scores",
    ".hook_pattern",
    ".hook_sink_pattern",
    ".hook_mask",
    ".hook_scaling",
)


@dataclass(frozen=True, eq=False)
class Readout:
    """Final norm and unembedding: how a residual stream becomes logits.

    `norm` and `unembedding` (V, D) are the model's own, shared and never written.
    """

    norm: RMSNorm | LayerNorm
    unembedding: Tensor
    config: ModelConfig

    def logits(self, resid: np.ndarray) -> np.ndarray:
        """Logits (..., V) float32 of residual streams (..., D)."""
        return self._unembed(self.norm, resid, self.config)

    def push(self, update: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """What `update` (..., D), one addend of the stream, adds to the logits: (..., V).

        Exact once the final norm's `scale` (..., 1) is held at its value on this prompt: the
        rest is linear, so the pushes of all addends sum to the logits (direct logit attribution).
        A LayerNorm's bias belongs to no addend and is left out.  Where the model caps its logits, the
        pushes sum to what the cap is put on.
        """

        def normalise(x: Tensor) -> Tensor:
            if isinstance(self.norm, LayerNorm):
                x = x - x.mean(-1, keepdim=True)
            return x / torch.tensor(scale) * self.norm.weight

        return self._unembed(normalise, update, replace(self.config, logit_cap=None))

    def _unembed(self, prepare: Callable[[Tensor], Tensor], resid: np.ndarray, finish: ModelConfig) -> np.ndarray:
        with torch.inference_mode():
            ready = prepare(torch.tensor(resid)).to(self.unembedding.dtype)
            logits = finish_logits(affine(ready, self.unembedding), finish)
            return logits.float().numpy()


@dataclass(frozen=True, eq=False)
class Trace(Mapping[str, np.ndarray]):
    """One prompt's path through a model: ``trace["blocks.0.attn.hook_pattern"]``.

    A mapping from hook name to a read-only float32, bool or integer array, the batch
    dimension dropped.  Names, shapes and meanings: model/HOOKS.md, or ``python -m model hooks``.

    A trace equals only itself, and can be a key of a dict: what two of them have in common is
    asked array by array, with ``numpy.array_equal``.
    """

    __eq__ = object.__eq__  # a Mapping's would compare arrays, which have no one truth value
    __hash__ = object.__hash__

    model: str
    fingerprint: str
    config: ModelConfig
    prompt: str
    ids: tuple[int, ...]
    tokens: list[str]  # as shown to people
    interventions: tuple[Intervention, ...]
    arrays: Mapping[str, np.ndarray] = field(repr=False)
    readout: Readout = field(repr=False, compare=False)

    def __getitem__(self, name: str) -> np.ndarray:
        if name in self.arrays:
            return self.arrays[name]
        layer, derive = self._derivable(name)
        return derive(layer)

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)

    def __contains__(self, name: object) -> bool:
        return name in self.arrays

    def _derivable(self, name: str) -> tuple[int, Callable[[int], np.ndarray]]:
        parts = name.split(".")
        ways: dict[str, Callable[[int], np.ndarray]] = {
            "hook_attn_scores": self.scores,
            "hook_pattern": self.pattern,
            "hook_mask": self.mask,
            "hook_scaling": lambda layer: np.asarray(self.scale(layer)),
        }
        if parts[1:2] and parts[1].isdecimal() and int(parts[1]) < self.config.n_layers:
            attention = self.config.attention_at(int(parts[1]))
            ways |= {"hook_capped": self.capped} if attention.score_cap is not None else {}
            ways |= {"hook_sink_pattern": self.sink_pattern} if attention.sinks else {}
        if (
            len(parts) == 4
            and parts[0] == "blocks"
            and parts[1].isdecimal()
            and int(parts[1]) < self.config.n_layers
            and parts[2] == "attn"
            and parts[3] in ways
        ):
            return int(parts[1]), ways[parts[3]]
        raise KeyError(f"{name!r} is not in this trace; list(trace) has the names that are.")

    @property
    def logits(self) -> np.ndarray:
        """(T, V): row t scores every candidate for token t + 1."""
        return self.arrays["logits"]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays held."""
        return sum(array.nbytes for array in self.arrays.values())

    def save(self, file: str | os.PathLike[str] | IO[bytes]) -> None:
        """Write the arrays as a compressed .npz, by hook name, with "tokens" and "ids": `numpy.load` reads it."""
        arrays: dict[str, Any] = {"tokens": np.array(self.tokens), "ids": np.array(self.ids), **self}
        np.savez_compressed(file, **arrays)

    # What is not stored is derived, here and nowhere else, by the steps of attention.attend.

    def query(self, layer: int) -> np.ndarray:
        """(T, H, Dh): the vectors whose dot products with `key(layer)` are the scores."""
        return self._attention_input(layer, "q")

    def key(self, layer: int) -> np.ndarray:
        """(T, K, Dh); head h meets key head h // (H / K)."""
        return self._attention_input(layer, "k")

    def value(self, layer: int) -> np.ndarray:
        """(T, K, Dv)."""
        return self[f"blocks.{layer}.attn.hook_v"]

    def _attention_input(self, layer: int, letter: str) -> np.ndarray:
        attention = self.config.attention_at(layer)
        if isinstance(attention, MLAConfig):
            changed = ""
        elif self.config.rope_at(layer) is not None:
            changed = "rot_"
        else:
            changed = "norm_" if attention.qk_norm else ""
        return self[f"blocks.{layer}.attn.hook_{changed}{letter}"]

    def scale(self, layer: int) -> np.float32:
        """The factor on the dot products: 1 / sqrt(Dh), unless the config, YaRN or an intervention changed it."""
        touched = self.arrays.get(f"blocks.{layer}.attn.hook_scaling")
        return np.float32(score_scale(self.config, layer) if touched is None else touched)

    def mask(self, layer: int) -> np.ndarray:
        """(T, S) bool, True where a query may look."""
        touched = self.arrays.get(f"blocks.{layer}.attn.hook_mask")
        T = len(self.ids)
        return (
            causal_mask(T, T, self.config.attention_at(layer).sliding_window)[0].numpy() if touched is None else touched
        )

    def dots(self, layer: int) -> np.ndarray:
        """(H, T, S): every query times every key."""
        q, k = self.query(layer), self.key(layer)
        T, H, Dh = q.shape
        K = k.shape[1]
        stacked = q.transpose(1, 0, 2).reshape(K, H // K * T, Dh)  # heads that share a key head, as in attend()
        return (stacked @ k.transpose(1, 2, 0)).reshape(H, T, T)

    def capped(self, layer: int) -> np.ndarray:
        """(H, T, S): dot products, scaled, and capped where the layer does so."""
        stored = self.arrays.get(f"blocks.{layer}.attn.hook_capped")
        if stored is not None:
            return stored
        cap, scaled = self.config.attention_at(layer).score_cap, self.dots(layer) * self.scale(layer)
        return scaled if cap is None else np.float32(cap) * np.tanh(scaled / np.float32(cap))

    def scores(self, layer: int) -> np.ndarray:
        """(H, T, S): dot products, scaled (and capped); minus infinity where masked."""
        stored = self.arrays.get(f"blocks.{layer}.attn.hook_attn_scores")
        if stored is not None:
            return stored
        return np.where(self.mask(layer), self.capped(layer), np.float32("-inf"))

    def pattern(self, layer: int) -> np.ndarray:
        """(H, T, S): softmax of each row of the scores."""
        stored = self.arrays.get(f"blocks.{layer}.attn.hook_pattern")
        if stored is not None:
            return stored
        return self._softmax(layer)[..., : len(self.ids)]

    def sink_pattern(self, layer: int) -> np.ndarray:
        """(H, T): what each query gives to its head's sink: with it a row of `pattern` sums to 1; 0 without sinks."""
        stored = self.arrays.get(f"blocks.{layer}.attn.hook_sink_pattern")
        if stored is not None:
            return stored
        return self._softmax(layer)[..., len(self.ids) :].sum(-1)

    def _softmax(self, layer: int) -> np.ndarray:
        """(H, T, S), or (H, T, S + 1) where each head has a sink in the last column."""
        scores = self.scores(layer)
        if self.config.attention_at(layer).sinks:
            sinks = self[f"blocks.{layer}.attn.hook_sinks"]  # (H,)
            scores = np.concatenate((scores, np.broadcast_to(sinks[:, None, None], (*scores.shape[:2], 1))), -1)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True)

    def stages(self, layer: int) -> tuple[Stage, ...]:
        """What the scores of `layer` go through: `STAGES`, with "capped" before the mask where there is a cap."""
        if self.config.attention_at(layer).score_cap is None:
            return STAGES
        return ("dot", "scaled", "capped", "masked", "softmax")

    def stage(self, layer: int, stage: Stage) -> np.ndarray:
        """(H, T, S): attention after one of `stages(layer)`: dot product, scaled, capped, masked, softmax."""
        if stage == "dot":
            return self.dots(layer)
        if stage == "scaled":
            return self.dots(layer) * self.scale(layer)
        return {"capped": self.capped, "masked": self.scores, "softmax": self.pattern}[stage](layer)

    # The lens: what the model would say if it stopped after a layer.

    @cached_property
    def lens(self) -> np.ndarray:
        """(L, T, V): logits read off the residual stream after each layer (nostalgebraist 2020, the logit lens).

        Computed when first asked for: L T V float32 numbers. For one position use `lens_at`.
        """
        return self.readout.logits(np.stack([self[f"blocks.{i}.hook_resid_post"] for i in range(self.config.n_layers)]))

    def lens_at(self, position: int) -> np.ndarray:
        """(L, V): the lens at one position, negative counted from the end."""
        return self.readout.logits(
            np.stack([self[f"blocks.{i}.hook_resid_post"][position] for i in range(self.config.n_layers)])
        )

    def push(self, update: np.ndarray, position: int) -> np.ndarray:
        """(..., V): what `update` (..., D), added to the stream at `position`, adds to the logits there.

        See `Readout.push`.
        """
        return self.readout.push(update, self["ln_final.hook_scale"][position])


def stream_factor(lm: LanguageModel, trace: Trace, layer: int, part: Literal["attn", "mlp"]) -> np.ndarray:
    """What each number that a part of `layer` writes is multiplied with before it joins the stream: (T, 1) or (T, D).

    1 in most models; Granite's factor; where a norm stands after the part, its gain over its divisor,
    which is held at its value on this prompt, so that the rest stays linear.
    """
    factor = np.full((len(trace.ids), 1), lm.config.residual_scale, np.float32)
    name = {"attn": "ln1_post", "mlp": "ln2_post"}[part]
    norm = getattr(lm.transformer.blocks[layer], name)
    if norm is None:
        return factor
    return factor * norm.weight.float().numpy() / trace[f"blocks.{layer}.{name}.hook_scale"]


def run_trace(
    lm: LanguageModel,
    prompt: str | list[int],
    *,
    capture: Literal["all", "light"] | Callable[[str], bool] = "all",
    interventions: tuple[Intervention, ...] | list[Intervention] = (),
) -> Trace:
    """Run `lm` once on `prompt` and keep what it computed.

    Args:
        prompt: text, or token ids.
        capture: "all" keeps every hook, but of a long prompt, whose scores and patterns would take
            more than `MOST_DERIVED` bytes, no more than "light"; "light" leaves out scores and patterns,
            which the trace then derives from queries and keys when asked (memory linear in T, and
            the model may use its fused attention); or a function of the hook name.
        interventions: changes of the computation, applied in order.

    Raises:
        BadInput: for an empty prompt, one longer than the context, a `capture` that is none of
            these, an intervention that does not fit this model, or ("no_memory") a trace that does
            not fit in this machine's memory.
    """
    keep_memory()
    ids = lm.read_prompt(prompt)
    wants = _that_fits(lm, ids, _wanted(capture), capture == "all")
    recorder = Recorder(lambda name: name == "logits" or wants(name), collect(interventions, lm.config))
    with torch.inference_mode(), recording(recorder):
        lm.transformer(torch.tensor([ids]))
    arrays = {name: as_array(tensor) for name, tensor in recorder.tensors.items()}
    return Trace(
        model=lm.name,
        fingerprint=lm.fingerprint,
        config=lm.config,
        prompt=prompt if isinstance(prompt, str) else lm.tokenizer.decode(ids),
        ids=tuple(ids),
        tokens=[lm.tokenizer.shown(token) for token in ids],
        interventions=tuple(interventions),
        arrays=MappingProxyType(arrays),
        readout=Readout(lm.transformer.ln_final, lm.transformer.unembedding, lm.config),
    )


def _that_fits(
    lm: LanguageModel, ids: list[int], wants: Callable[[str], bool], may_derive: bool
) -> Callable[[str], bool]:
    """`wants`, for a long prompt without what the trace can derive; refused where even that would not fit."""
    if len(ids) < LONG:
        return wants
    sizes = trace_bytes(lm, ids, wants)
    derived = {name for name in sizes if name.endswith(DERIVED)}
    if may_derive and sum(sizes[name] for name in derived) > MOST_DERIVED:
        wants = _wanted("light")
        sizes = {name: nbytes for name, nbytes in sizes.items() if name not in derived}
    advice = "give a shorter prompt, or capture less, such as one layer: " + (
        "capture=lambda name: name.startswith('blocks.0.')"
    )
    require_memory(sum(sizes.values()), f"A trace of {len(ids):,} tokens of {lm.name}", advice)
    return wants


def _wanted(capture: str | Callable[[str], bool]) -> Callable[[str], bool]:
    if capture == "all":
        return lambda name: True
    if capture == "light":
        return lambda name: not name.endswith(DERIVED)
    if callable(capture):
        return capture
    raise BadInput(
        "bad_capture",
        f"capture must be 'all', 'light' or a function of the hook name (for a list: lambda name: name in names), "
        f"not {str(capture)[:60]!r}.",
    )
