"""What is added to one token's residual stream, and what each addition does to the logits.

T tokens, D width, H heads, Dv value width, L layers, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from model import LanguageModel, Trace
from model.config import GQAConfig
from model.norm import LayerNorm

Kind = Literal["embedding", "position", "attention", "feed_forward", "bias", "shift"]


@dataclass(frozen=True)
class Addition:
    """One addend of the stream."""

    kind: Kind
    layer: int | None  # None of what comes before the first layer
    vector: np.ndarray  # (D,)


def additions(trace: Trace, position: int) -> list[Addition]:
    """All that is added to the stream of the token at `position`, in order: they sum to what the final norm reads."""
    found = [Addition("embedding", None, trace["hook_embed"][position])]
    if "hook_pos_embed" in trace:
        found.append(Addition("position", None, trace["hook_pos_embed"][position]))
    for layer in range(trace.config.n_layers):
        found.append(Addition("attention", layer, trace[f"blocks.{layer}.hook_attn_out"][position]))
        found.append(Addition("feed_forward", layer, trace[f"blocks.{layer}.hook_mlp_out"][position]))
    return found


@dataclass(frozen=True)
class Growth:
    """How the stream grows; n additions."""

    lengths: np.ndarray  # (n,) of each addition
    stream: np.ndarray  # (n,) length of the stream after it
    cosines: np.ndarray  # (n,) of each addition with what was there before; NaN for the first
    apart: float  # largest difference of their sum from what the final norm reads


def growth(trace: Trace, position: int) -> Growth:
    """Length and direction of everything that is added to the stream at `position`."""
    vectors = np.stack([addition.vector for addition in additions(trace, position)])  # (n, D)
    sums = vectors.cumsum(0)
    lengths, stream = np.linalg.norm(vectors, axis=-1), np.linalg.norm(sums, axis=-1)
    dots = (vectors[1:] * sums[:-1]).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):  # nothing has no direction
        cosines = np.concatenate([[np.nan], dots / (lengths[1:] * stream[:-1])])
    last = trace[f"blocks.{trace.config.n_layers - 1}.hook_resid_post"][position]
    return Growth(lengths, stream, cosines, float(np.abs(sums[-1] - last).max()))


@dataclass(frozen=True)
class Part:
    """One bar: what `kind` (of `layer`) adds to the difference of the two logits."""

    kind: Kind
    layer: int | None
    effect: float


@dataclass(frozen=True)
class Effects:
    """Direct effects on logit(target) - logit(against), in logits."""

    parts: tuple[Part, ...]  # in the order of computation; they sum to `total`
    heads: np.ndarray  # (L, H): what of each attention part comes from each head
    total: float
    real: float  # the model's own difference, before a cap on its logits


def effects(lm: LanguageModel, trace: Trace, position: int, target: int, against: int) -> Effects:
    """Direct logit attribution (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits").

    The final norm's divisor is held at its value on this prompt; the rest is linear, so that every
    addition has its own share.  Biases of the output matrices belong to no head or neuron: together
    they are one part, and the final norm's shift is another.
    """
    norm, unembedding = trace.readout.norm, trace.readout.unembedding
    difference = (unembedding[target].float() - unembedding[against].float()).numpy()  # (D,)
    direction = difference * norm.weight.float().numpy()
    if isinstance(norm, LayerNorm):
        direction = direction - direction.mean()  # the norm takes the mean off: so does the direction that reads it
    direction = direction / trace["ln_final.hook_scale"][position, 0]

    direction = direction * trace.config.logit_scale

    parts, heads, biases = [], [], 0.0
    for addition in additions(trace, position):
        effect = float(addition.vector @ direction)
        if addition.layer is not None:
            written, shift = _as_written(lm, trace, addition, position, direction)
            bias = _bias(lm, addition.kind, addition.layer)
            always = shift if bias is None else shift + float(bias @ written)
            biases += always
            effect -= always
            if addition.kind == "attention":
                z = trace[f"blocks.{addition.layer}.attn.hook_z"][position]  # (H, Dv)
                read = written @ _weight(lm, f"blocks.{addition.layer}.attn.out.weight")  # (H Dv,)
                heads.append((z * read.reshape(z.shape)).sum(-1))
        parts.append(Part(addition.kind, addition.layer, effect))
    if biases:
        parts.append(Part("bias", None, biases))
    if isinstance(norm, LayerNorm):
        shift = float(norm.bias.float().numpy() @ difference) * trace.config.logit_scale
        parts.append(Part("shift", None, shift))
    logits = _uncapped(trace.logits[position, [target, against]], trace.config.logit_cap)
    return Effects(
        parts=tuple(parts),
        heads=np.stack(heads),
        total=float(sum(part.effect for part in parts)),
        real=float(logits[0] - logits[1]),
    )


def _as_written(
    lm: LanguageModel, trace: Trace, addition: Addition, position: int, direction: np.ndarray
) -> tuple[np.ndarray, float]:
    """The direction (D,) that reads what an output matrix wrote as `direction` reads what of it is added to the stream.

    In most models these are the same; some norm what is added (its divisor is held too), or scale it.
    Beside it the effect of such a norm's shift.
    """
    config = trace.config
    written, shift = direction * np.float32(config.residual_scale), 0.0
    if config.norm_placement == "before":
        return written, shift
    norm = f"blocks.{addition.layer}.{'ln1' if addition.kind == 'attention' else 'ln2'}_post"
    if config.norm == "layer":
        shift = float(_weight(lm, f"{norm}.bias") @ written)
    written = written * _weight(lm, f"{norm}.weight") / trace[f"{norm}.hook_scale"][position]
    return (written - written.mean() if config.norm == "layer" else written), shift


def _uncapped(logits: np.ndarray, cap: float | None) -> np.ndarray:
    """Logits before the cap that Gemma 2 puts on them: effects sum to those."""
    wide = logits.astype(np.float64)
    return wide if cap is None else cap * np.arctanh(wide / cap)


def _weight(lm: LanguageModel, name: str) -> np.ndarray:
    return lm.transformer.get_parameter(name).float().numpy()


def _bias(lm: LanguageModel, kind: Kind, layer: int) -> np.ndarray | None:
    """What an output matrix adds whatever it reads; those of experts count with their experts."""
    attention, dense = lm.config.attention_at(layer), lm.config.dense_at(layer)
    if kind == "attention":
        biased, part = isinstance(attention, GQAConfig) and attention.out_bias, "attn.out"
    else:
        biased, part = dense is not None and dense.bias, "mlp.down"
    return _weight(lm, f"blocks.{layer}.{part}.bias") if biased else None


def ranked(heads: np.ndarray, count: int) -> list[tuple[int, int, float]]:
    """(layer, head, effect) of the `count` heads with the largest effect either way; `heads` (L, H)."""
    order = np.argsort(-np.abs(heads), axis=None, kind="stable")[:count]
    return [(int(i) // heads.shape[1], int(i) % heads.shape[1], float(heads.flat[i])) for i in order]


def named(vocabulary: Sequence[str], logits: np.ndarray, text: str | None) -> int | None:
    """Id of the token that is shown as `text`, of several the most probable; None where there is none."""
    ids = [] if text is None else [i for i, token in enumerate(vocabulary) if token == text]
    return max(ids, key=lambda i: float(logits[i]), default=None)


def pair(logits: np.ndarray, target: int | None, against: int | None) -> tuple[int, int]:
    """The two tokens compared, by id: those named, else the two best; never one twice. `logits` (V,)."""
    first, second = (int(i) for i in np.argsort(-logits, kind="stable")[:2])
    if target is None:
        target = second if against == first else first
    if against is None or against == target:
        against = second if target == first else first
    return target, against
