"""GGUF files of the Llama, Qwen 2, Qwen 3 and GPT-2 families, as llama.cpp writes them.

The names of values and tensors are llama.cpp's (gguf-py/gguf/constants.py).

H heads, K key/value heads, Dh head width.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...config import DenseConfig, GQAConfig, LinearScaling, Llama3Scaling, ModelConfig, RopeConfig, YarnScaling
from ...errors import BadInput
from ...language_model import LanguageModel
from ...rope import frequencies
from .assembly import Piece, Recipe, assemble, check_counts
from .gguf_file import GGUFFile
from .gguf_tokenizer import read_tokenizer

# Values that change what the model computes, by family; a file with any other is refused.
_COMMON = {
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "attention.head_count",
    "vocab_size",
    "tensor_data_layout",
}
_ROPE = {
    "rope.freq_base",
    "rope.dimension_count",
    "rope.scaling.type",
    "rope.scaling.factor",
    "rope.scaling.original_context_length",
    "rope.scaling.finetuned",
    "rope.scale_linear",
}
_LLAMA = (
    _COMMON
    | _ROPE
    | {"attention.head_count_kv", "attention.layer_norm_rms_epsilon", "attention.key_length", "attention.value_length"}
)
_KNOWN = {"llama": _LLAMA, "qwen2": _LLAMA, "qwen3": _LLAMA, "gpt2": _COMMON | {"attention.layer_norm_epsilon"}}


def read_gguf(path: Path, name: str) -> LanguageModel:
    """Load the model and tokenizer in a GGUF file, weights unpacked to float32.

    Raises:
        BadInput: "not_a_model_file" for a file that is damaged or no GGUF, "unsupported"
            naming what cannot be computed faithfully, "wrong_weights" for weights that
            don't fit the header.
    """
    file = GGUFFile(path)
    family = file.metadata.get("general.architecture")
    if family not in _KNOWN:
        raise unsupported(
            f"The architecture {str(family)[:40]!r} in {path.name}",
            "use a GGUF of the llama, qwen2, qwen3 or gpt2 family",
        )
    config = read_config(file, family)
    tokenizer = read_tokenizer(file.metadata)
    if tokenizer.vocab_size > config.vocab_size:
        raise BadInput(
            "wrong_weights",
            f"The tokenizer of {path.name} has {tokenizer.vocab_size} tokens, its embedding only "
            f"{config.vocab_size} rows: the file is damaged.",
        )
    recipe = gpt2_recipe(config) if family == "gpt2" else llama_recipe(config, permuted=family == "llama")
    transformer = assemble(config, recipe, file, ignored=lambda name: name == "rope_freqs.weight")
    description = str(file.metadata.get("general.name") or path.stem)
    return LanguageModel(name, transformer, tokenizer, description=description)


def unsupported(what: str, advice: str) -> BadInput:
    """The error for something that would be loaded wrongly."""
    return BadInput("unsupported", f"{what} is not supported: {advice}.", what=what)


class _Values:
    """The header's values of one family, checked for type as they are asked for."""

    def __init__(self, file: GGUFFile, family: str):
        self._metadata, self._family, self._file = file.metadata, family, file.path.name
        prefix = family + "."
        unknown = sorted(
            key for key in self._metadata if key.startswith(prefix) and key[len(prefix) :] not in _KNOWN[family]
        )
        # A count of zero experts says that there are none.
        unknown = [
            key
            for key in unknown
            if not (key.endswith(("expert_count", "expert_used_count")) and self._metadata[key] == 0)
        ]
        if unknown:
            raise unsupported(
                f"The setting {unknown[0][:60]} = {str(self._metadata[unknown[0]])[:40]} in {self._file}",
                "use another file",
            )

    def number(self, key: str, kind: type[int] | type[float], default: Any = None) -> Any:
        value = self._metadata.get(f"{self._family}.{key}", default)
        if isinstance(value, bool) or not isinstance(value, (int, kind)) or not math.isfinite(value):
            problem = "is missing" if value is None else f"is {str(value)[:40]!r}"
            raise unsupported(f"The setting {self._family}.{key} {problem} in {self._file}, which", "use another file")
        return kind(value)

    def get(self, key: str) -> Any:
        return self._metadata.get(f"{self._family}.{key}")


def read_config(file: GGUFFile, family: str) -> ModelConfig:
    """The architecture that the header of `file` describes."""
    values, tensors = _Values(file, family), file.tensors
    n_layers = values.number("block_count", int)
    check_counts(n_layers, 0, file)
    d_model, n_heads = values.number("embedding_length", int), values.number("attention.head_count", int)
    if "token_embd.weight" not in tensors or n_heads < 1:
        raise BadInput("wrong_weights", f"{file.path.name} has no embedding or no heads: the file is damaged.")
    head_dim = values.number("attention.key_length", int, d_model // n_heads)
    if values.number("attention.value_length", int, head_dim) != head_dim:
        raise unsupported(f"Values of another width than keys in {file.path.name}", "use another file")
    common = {
        "vocab_size": tensors["token_embd.weight"].shape[0],
        "d_model": d_model,
        "n_layers": n_layers,
        "context": values.number("context_length", int),
        "tied_embeddings": "output.weight" not in tensors,
    }
    hidden = values.number("feed_forward_length", int)
    if family == "gpt2":
        return ModelConfig(
            **common,
            attention=GQAConfig(n_heads=n_heads, n_kv_heads=n_heads, head_dim=head_dim, qkv_bias=True, out_bias=True),
            feed_forward=DenseConfig(hidden=hidden, activation="gelu_tanh", gated=False, bias=True),
            norm="layer",
            norm_eps=values.number("attention.layer_norm_epsilon", float),
            positions="learned",
        )
    if values.number("rope.dimension_count", int, head_dim) != head_dim:
        raise unsupported(
            f"Rotating only part of each head ({family}.rope.dimension_count) in {file.path.name}", "use another file"
        )
    return ModelConfig(
        **common,
        attention=GQAConfig(
            n_heads=n_heads,
            n_kv_heads=values.number("attention.head_count_kv", int, n_heads),
            head_dim=head_dim,
            qkv_bias="blk.0.attn_q.bias" in tensors,
            out_bias="blk.0.attn_output.bias" in tensors,
            qk_norm="blk.0.attn_q_norm.weight" in tensors,
        ),
        feed_forward=DenseConfig(hidden=hidden, bias="blk.0.ffn_up.bias" in tensors),
        norm_eps=values.number("attention.layer_norm_rms_epsilon", float),
        rope=_read_rope(values, file, head_dim),
    )


def _read_rope(values: _Values, file: GGUFFile, head_dim: int) -> RopeConfig:
    theta = values.number("rope.freq_base", float, 10_000.0)
    kind = values.get("rope.scaling.type") or (
        "linear" if values.number("rope.scale_linear", float, 1.0) != 1.0 else "none"
    )
    if "rope_freqs.weight" in file.tensors:
        if kind != "none":
            raise unsupported(
                f"rope_freqs.weight together with rope scaling type {kind!r} in {file.path.name}", "use another file"
            )
        return RopeConfig(theta=theta, scaling=_llama3_scaling(file, theta, head_dim))
    if kind == "none":
        return RopeConfig(theta=theta)
    factor = values.number("rope.scaling.factor", float, values.get("rope.scale_linear"))
    if kind == "linear":
        return RopeConfig(theta=theta, scaling=LinearScaling(factor=factor))
    if kind == "yarn":
        return RopeConfig(
            theta=theta,
            scaling=YarnScaling(
                factor=factor, original_context=values.number("rope.scaling.original_context_length", int)
            ),
        )
    raise unsupported(
        f"The rope scaling type {str(kind)[:40]!r} in {file.path.name}", "use a model with none, linear or yarn"
    )


def _llama3_scaling(file: GGUFFile, theta: float, head_dim: int) -> Llama3Scaling:
    """The scaling that gives the file's table of divisors (Dh / 2,); the file holds only the table.

    All published Llama 3 models share three of the four settings; the fourth is the largest divisor.
    """
    divisors = file.read("rope_freqs.weight")
    scaling = Llama3Scaling(
        factor=float(divisors.max()), low_freq_factor=1.0, high_freq_factor=4.0, original_context=8192
    )
    expected = frequencies(RopeConfig(theta=theta), head_dim) / frequencies(
        RopeConfig(theta=theta, scaling=scaling), head_dim
    )
    if divisors.shape != expected.shape or not torch.allclose(divisors, expected, rtol=1e-3):
        raise unsupported(
            f"The table of rotary frequencies (rope_freqs.weight) in {file.path.name}",
            "only the scaling of Llama 3 is known",
        )
    return scaling


def unpermute(n_heads: int) -> Callable[[Tensor], Tensor]:
    """Undo llama.cpp's reordering of query and key rows, from neighbours that turn together to halves.

    Rows of a head lie as (Dh / 2, 2) in the file and as (2, Dh / 2) here.
    """

    def change(rows: Tensor) -> Tensor:
        return rows.unflatten(0, (n_heads, -1, 2)).transpose(1, 2).flatten(0, 2)  # (H Dh, ...)

    return change


def llama_recipe(config: ModelConfig, permuted: bool) -> Recipe:
    """Where each weight of a Llama-like model lies; `permuted` if queries and keys are reordered."""
    attention, feed_forward = config.attention, config.feed_forward
    assert isinstance(attention, GQAConfig) and isinstance(feed_forward, DenseConfig)
    change_q = unpermute(attention.n_heads) if permuted else None
    change_k = unpermute(attention.n_kv_heads) if permuted else None
    recipe = _trunk(config, ["weight"])
    for i in range(config.n_layers):
        ours, theirs = f"blocks.{i}.", f"blk.{i}."
        for part in ["weight", "bias"] if attention.qkv_bias else ["weight"]:
            recipe[f"{ours}attn.qkv.{part}"] = [
                Piece(f"{theirs}attn_q.{part}", change_q),
                Piece(f"{theirs}attn_k.{part}", change_k),
                Piece(f"{theirs}attn_v.{part}"),
            ]
        for part in ["weight", "bias"] if attention.out_bias else ["weight"]:
            recipe[f"{ours}attn.out.{part}"] = [Piece(f"{theirs}attn_output.{part}")]
        if attention.qk_norm:
            recipe[f"{ours}attn.q_norm.weight"] = [Piece(f"{theirs}attn_q_norm.weight")]
            recipe[f"{ours}attn.k_norm.weight"] = [Piece(f"{theirs}attn_k_norm.weight")]
        for part in ["weight", "bias"] if feed_forward.bias else ["weight"]:
            recipe[f"{ours}mlp.gate_up.{part}"] = [Piece(f"{theirs}ffn_gate.{part}"), Piece(f"{theirs}ffn_up.{part}")]
            recipe[f"{ours}mlp.down.{part}"] = [Piece(f"{theirs}ffn_down.{part}")]
    return recipe


def gpt2_recipe(config: ModelConfig) -> Recipe:
    """Where each weight of a GPT-2 lies."""
    recipe = _trunk(config, ["weight", "bias"]) | {"pos_embed.weight": [Piece("position_embd.weight")]}
    places = {"attn.qkv": "attn_qkv", "attn.out": "attn_output", "mlp.up": "ffn_up", "mlp.down": "ffn_down"}
    for i in range(config.n_layers):
        for ours, theirs in places.items():
            for part in ("weight", "bias"):
                recipe[f"blocks.{i}.{ours}.{part}"] = [Piece(f"blk.{i}.{theirs}.{part}")]
    return recipe


def _trunk(config: ModelConfig, norm_parts: list[str]) -> Recipe:
    recipe = {"embed.weight": [Piece("token_embd.weight")]}
    if not config.tied_embeddings:
        recipe["unembed.weight"] = [Piece("output.weight")]
    for part in norm_parts:
        recipe[f"ln_final.{part}"] = [Piece(f"output_norm.{part}")]
        for i in range(config.n_layers):
            recipe[f"blocks.{i}.ln1.{part}"] = [Piece(f"blk.{i}.attn_norm.{part}")]
            recipe[f"blocks.{i}.ln2.{part}"] = [Piece(f"blk.{i}.ffn_norm.{part}")]
    return recipe
