"""What is added to one token's residual stream, and what each addition does to the logits.

T tokens, D width, H heads, Dv value width, L layers, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from model import LanguageModel, Trace
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
    real: float  # the model's own difference


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

    parts, heads, biases = [], [], 0.0
    for addition in additions(trace, position):
        effect = float(addition.vector @ direction)
        if addition.layer is not None:
            block = lm.transformer.blocks[addition.layer]
            bias = _bias(block, addition.kind)
            biases += 0.0 if bias is None else float(bias @ direction)
            effect -= 0.0 if bias is None else float(bias @ direction)
            if addition.kind == "attention":
                z = trace[f"blocks.{addition.layer}.attn.hook_z"][position]  # (H, Dv)
                read = direction @ block.attn.out.weight.float().numpy()  # (H Dv,)
                heads.append((z * read.reshape(z.shape)).sum(-1))
        parts.append(Part(addition.kind, addition.layer, effect))
    if biases:
        parts.append(Part("bias", None, biases))
    if isinstance(norm, LayerNorm):
        parts.append(Part("shift", None, float(norm.bias.float().numpy() @ difference)))
    logits = trace.logits[position]
    return Effects(
        parts=tuple(parts),
        heads=np.stack(heads),
        total=float(sum(part.effect for part in parts)),
        real=float(logits[target]) - float(logits[against]),
    )


def _bias(block, kind: Kind) -> np.ndarray | None:
    """What an output matrix adds whatever it reads; experts have none."""
    matrix = block.attn.out if kind == "attention" else block.mlp.down
    bias = getattr(matrix, "bias", None)
    return None if bias is None else bias.float().numpy()


def ranked(heads: np.ndarray, count: int) -> list[tuple[int, int, float]]:
    """(layer, head, effect) of the `count` heads with the largest effect either way; `heads` (L, H)."""
    order = np.argsort(-np.abs(heads), axis=None, kind="stable")[:count]
    return [(int(i) // heads.shape[1], int(i) % heads.shape[1], float(heads.flat[i])) for i in order]


def pair(logits: np.ndarray, target: int | None, against: int | None) -> tuple[int, int]:
    """The two tokens compared: those named, where the vocabulary has them, else the two best; never one twice."""
    first, second = (int(i) for i in np.argsort(-logits, kind="stable")[:2])
    named = [None if token is None or token >= len(logits) else token for token in (target, against)]
    left = first if named[0] is None and named[1] != first else second if named[0] is None else named[0]
    if named[1] is None or named[1] == left:
        return left, second if left == first else first
    return left, named[1]
