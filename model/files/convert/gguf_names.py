"""Where each of our weights lies among llama.cpp's.

H heads, Dh head width, Dn its part without rotation, Dv value width, R kv latent, E experts, F hidden, D width.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from ...config import DenseConfig, GQAConfig, MLAConfig, ModelConfig, MoEConfig
from .assembly import Piece, Recipe
from .gguf_file import GGUFFile

# Tables that config and rotation are read from: no weights.
TABLES = {"rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"}


class Arranged:
    """A GGUF file's tensors one by one: those that stand for several of ours, or half of one, under names of their own.

    blk.i.ffn_gate_exps.weight (E, F, D)     E tensors blk.i.ffn_gate.e.weight (F, D), as older files have them
    blk.i.attn_k_b.weight, attn_v_b.weight   blk.i.attn_kv_b.weight (H (Dn + Dv), R), as older files have it
    blk.i.ffn_gate_exps.bias, ffn_up_exps    blk.i.ffn_gate_up_exps.bias (E, 2 F)
    """

    def __init__(self, file: GGUFFile):
        self._file = file
        self._made: dict[str, tuple[tuple[int, ...], Callable[[], Tensor]]] = {}
        self._names = file.names()
        for name in sorted(file.names()):
            if (stacked := re.fullmatch(r"(blk\.\d+\.ffn_\w+)_exps\.weight", name)) and len(file.shape(name)) == 3:
                self._names.remove(name)
                for expert in range(file.shape(name)[0]):
                    self._add(f"{stacked[1]}.{expert}.weight", file.shape(name)[1:], self._slice(name, expert))
            elif name.endswith("attn_k_b.weight"):
                self._join(name, name.replace("attn_k_b", "attn_v_b"), name.replace("attn_k_b", "attn_kv_b"), _halves)
            elif name.endswith("ffn_gate_exps.bias"):
                both = name.replace("ffn_gate_exps", "ffn_gate_up_exps")
                self._join(name, name.replace("ffn_gate_exps", "ffn_up_exps"), both, _side_by_side)

    def _add(self, name: str, shape: tuple[int, ...], read: Callable[[], Tensor]) -> None:
        self._names.add(name)
        self._made[name] = (shape, read)

    def _slice(self, name: str, expert: int) -> Callable[[], Tensor]:
        return lambda: self._file.read(name, expert)

    def _join(self, one: str, other: str, name: str, join: Callable[[Tensor, Tensor], Tensor]) -> None:
        if other not in self._names or self._file.shape(one)[0] != self._file.shape(other)[0]:
            return  # what is missing will be missed by its name
        self._names -= {one, other}
        with torch.device("meta"):
            shape = tuple(join(torch.empty(self._file.shape(one)), torch.empty(self._file.shape(other))).shape)
        self._add(name, shape, lambda: join(self._file.read(one), self._file.read(other)))

    def names(self) -> set[str]:
        """Names of all tensors."""
        return set(self._names)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, without reading it."""
        return self._made[name][0] if name in self._made else self._file.shape(name)

    def read(self, name: str) -> Tensor:
        """One tensor in float32."""
        return self._made[name][1]() if name in self._made else self._file.read(name)


def _halves(key: Tensor, value: Tensor) -> Tensor:
    """(H, R, Dn) and (H, Dv, R), ready to be absorbed, as the rows that expand the latent: (H (Dn + Dv), R)."""
    return torch.cat([key.transpose(1, 2), value], 1).flatten(0, 1)


def _side_by_side(gate: Tensor, up: Tensor) -> Tensor:
    return torch.cat([gate, up], -1)


def unpermute(n_heads: int) -> Callable[[Tensor], Tensor]:
    """Undo llama.cpp's reordering of query and key rows, from neighbours that turn together to halves.

    Rows of a head lie as (Dh / 2, 2) in the file and as (2, Dh / 2) here.
    """

    def change(rows: Tensor) -> Tensor:
        return rows.unflatten(0, (n_heads, -1, 2)).transpose(1, 2).flatten(0, 2)  # (H Dh, ...)

    return change


def recipe_of(config: ModelConfig, source: Arranged, permuted: bool) -> Recipe:
    """For every weight of `config`'s model, the pieces it is made of; `permuted`: queries and keys are reordered."""
    names = source.names()
    recipe = {"embed.weight": [Piece("token_embd.weight")]}
    if not config.tied_embeddings:
        recipe["unembed.weight"] = [Piece("output.weight")]
    if config.positions == "learned":
        recipe["pos_embed.weight"] = [Piece("position_embd.weight")]
    parts = ("weight", "bias") if config.norm == "layer" else ("weight",)
    recipe |= {f"ln_final.{part}": [Piece(f"output_norm.{part}")] for part in parts}
    for layer in range(config.n_layers):
        attention, network = config.attention_at(layer), config.feed_forward_at(layer)
        home = f"blk.{layer}."
        made = _norms(config, names, home, parts)
        made |= _latent(attention) if isinstance(attention, MLAConfig) else _grouped(attention, names, home, permuted)
        made |= _dense(network, names, home) if isinstance(network, DenseConfig) else _experts(network)
        for ours, pieces in made.items():
            recipe[f"blocks.{layer}.{ours}"] = [replace(piece, name=home + piece.name) for piece in pieces]
    return recipe


def _norms(config: ModelConfig, names: set[str], home: str, parts: tuple[str, ...]) -> Recipe:
    second = "ffn_norm" if f"{home}ffn_norm.weight" in names else "post_attention_norm"  # GPT-OSS calls it so
    before, after = (
        {"ln1": "attn_norm", "ln2": second},
        {"ln1_post": "post_attention_norm", "ln2_post": "post_ffw_norm"},
    )
    places = {"before": before, "after": after, "both": before | after}[config.norm_placement]
    return {f"{ours}.{part}": [Piece(f"{theirs}.{part}")] for ours, theirs in places.items() for part in parts}


def _grouped(attention: GQAConfig, names: set[str], home: str, permuted: bool) -> Recipe:
    change_q = unpermute(attention.n_heads) if permuted else None
    change_k = unpermute(attention.n_kv_heads) if permuted else None
    recipe = {}
    for part in ("weight", "bias") if attention.qkv_bias else ("weight",):
        if f"{home}attn_qkv.weight" in names:
            recipe[f"attn.qkv.{part}"] = [Piece(f"attn_qkv.{part}")]
        else:
            changes = {"q": change_q, "k": change_k, "v": None}
            recipe[f"attn.qkv.{part}"] = [Piece(f"attn_{x}.{part}", change) for x, change in changes.items()]
    for part in ("weight", "bias") if attention.out_bias else ("weight",):
        recipe[f"attn.out.{part}"] = [Piece(f"attn_output.{part}")]
    if attention.qk_norm:
        recipe |= {f"attn.{x}_norm.weight": [Piece(f"attn_{x}_norm.weight")] for x in "qk"}
    if attention.sinks:
        recipe["attn.sinks"] = [Piece("attn_sinks.weight")]
    return recipe


def _latent(attention: MLAConfig) -> Recipe:
    places = {"kv_down": "attn_kv_a_mqa", "kv_norm": "attn_kv_a_norm", "kv_up": "attn_kv_b", "out": "attn_output"}
    if attention.q_lora_rank is None:
        places |= {"q_up": "attn_q"}
    else:
        places |= {"q_down": "attn_q_a", "q_norm": "attn_q_a_norm", "q_up": "attn_q_b"}
    return {f"attn.{ours}.weight": [Piece(f"{theirs}.weight")] for ours, theirs in places.items()}


def _dense(network: DenseConfig, names: set[str], home: str) -> Recipe:
    apart = f"{home}ffn_gate.weight" in names  # else the two lie in one tensor, gate first (Phi-3)
    ours, theirs = ("gate_up", ["ffn_gate", "ffn_up"] if apart else ["ffn_up"]) if network.gated else ("up", ["ffn_up"])
    recipe = {}
    for part in ("weight", "bias") if network.bias else ("weight",):
        recipe[f"mlp.{ours}.{part}"] = [Piece(f"{name}.{part}") for name in theirs]
        recipe[f"mlp.down.{part}"] = [Piece(f"ffn_down.{part}")]
    return recipe


def _experts(moe: MoEConfig) -> Recipe:
    each = range(moe.n_routed_experts)
    recipe = {
        "mlp.router.weight": [Piece("ffn_gate_inp.weight")],
        "mlp.gate_up": [Piece(f"ffn_{part}.{expert}.weight") for expert in each for part in ("gate", "up")],
        "mlp.down": [Piece(f"ffn_down.{expert}.weight") for expert in each],
    }
    if moe.router_bias:
        recipe["mlp.router.bias"] = [Piece("ffn_gate_inp.bias")]
    if moe.bias:
        recipe["mlp.gate_up_bias"] = [Piece("ffn_gate_up_exps.bias")]
        recipe["mlp.down_bias"] = [Piece("ffn_down_exps.bias")]
    if moe.selection_bias:
        recipe["mlp.selection_bias"] = [Piece("exp_probs_b.bias")]
    if moe.n_shared_experts:
        recipe["mlp.shared.gate_up.weight"] = [Piece("ffn_gate_shexp.weight"), Piece("ffn_up_shexp.weight")]
        recipe["mlp.shared.down.weight"] = [Piece("ffn_down_shexp.weight")]
    if moe.shared_gate:
        recipe["mlp.shared_gate.weight"] = [Piece("ffn_gate_inp_shexp.weight", lambda row: row.reshape(1, -1))]
    return recipe
