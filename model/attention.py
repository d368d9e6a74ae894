"""Attention: every token asks (query), can be found (key) and answers (value).

Two kinds share one core, `attend`: grouped-query attention, whose ends are multi-head and
multi-query attention, and multi-head latent attention.

B batch, T queries, S keys, H query heads, K key/value heads, G = H / K, D width,
Dh head width, Dv value width, R kv latent, Rq query latent, Dn unrotated and Dr rotated part of a head.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .cache import Cache
from .capture import HookPoint
from .config import GQAConfig, MLAConfig, ModelConfig
from .linear import Linear
from .norm import RMSNorm
from .rope import Rotation, rotate, score_factor


def causal_mask(n_queries: int, n_keys: int, window: int | None = None, device: torch.device | None = None) -> Tensor:
    """Which key each query may look at: (1, T, S) bool, True where it may.

    The queries are the last `n_queries` of `n_keys` tokens, so query t sits at position
    S - T + t and sees no later key; with a sliding `window`, none further back than window - 1.
    """
    query = torch.arange(n_keys - n_queries, n_keys, device=device)[:, None]  # (T, 1) positions
    key = torch.arange(n_keys, device=device)  # (S,)
    allowed = key <= query
    if window is not None:
        allowed &= key > query - window
    return allowed[None]


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    scale: float,
    mask: Tensor,
    hook_scores: HookPoint,
    hook_pattern: HookPoint,
    extras: SoftmaxExtras | None = None,
) -> Tensor:
    """softmax(q k^T * scale, masked) v (Vaswani et al. 2017, arXiv 1706.03762, eq. 1).

    Args:
        q: (B, T, H, Dh); k: (B, S, K, Dh); v: (B, S, K, Dv), K a divisor of H.
        scale: factor on the dot products, 1 / sqrt(Dh) unless an intervention says otherwise.
        mask: (1, T, S) bool, True where a query may look.
        hook_scores, hook_pattern: see scaled, masked scores and softmax weights, (B, H, T, S).
        extras: the cap and the sinks of models that have them.

    Returns:
        z, (B, T, H, Dv): for each query the sum of the values, weighted by its pattern.
    """
    B, T, H, Dh = q.shape
    K, Dv = k.shape[2], v.shape[-1]
    q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)  # (B, H | K | K, T | S | S, Dh | Dh | Dv)

    if extras is not None or hook_scores.listening or hook_pattern.listening:
        # The G heads that share one key head are stacked as more queries of it: no key is copied.
        dots = (q.reshape(B, K, -1, Dh) @ k.transpose(-1, -2)).view(B, H, T, -1)  # (B, H, T, S) stage 1
        scaled = dots * scale  # stage 2
        if extras is not None:
            scaled = extras.capped(scaled)
        masked = hook_scores(scaled.masked_fill(~mask[:, None], float("-inf")))  # stage 3
        pattern = hook_pattern(masked.softmax(-1) if extras is None else extras.softmax(masked))  # stage 4
        z = (pattern.view(B, K, -1, pattern.shape[-1]) @ v).view(B, H, T, Dv)
    else:
        # The CPU's fused kernel wants values as wide as keys: pad with zeros, cut them off again.
        v = F.pad(v, (0, Dh - Dv)) if Dv < Dh else v
        if (
            T == 1
        ):  # the kernel would copy every shared key for each of its G heads; as above, they are more queries of it
            q = q.reshape(B, K, -1, Dh)
        z = F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask[:, None], scale=scale, enable_gqa=q.shape[1] > K
        ).view(B, H, T, -1)[..., :Dv]
    return z.transpose(1, 2)


class SoftmaxExtras(NamedTuple):
    """What few models do around the softmax; the fused kernel knows neither.

    A cap bends scores softly into -cap to cap (Gemma 2 report, arXiv 2408.00118, section 2).  A sink is a
    learned score that stands in each row's softmax without a value: where a head rests (GPT-OSS).
    """

    cap: float | None
    hook_capped: HookPoint | None  # (B, H, T, S)
    sinks: Tensor | None  # (H,)
    hook_sink_pattern: HookPoint | None  # (B, H, T) what each row gives to the sink

    def capped(self, scaled: Tensor) -> Tensor:
        """Scores (B, H, T, S) between -cap and cap."""
        if self.cap is None or self.hook_capped is None:
            return scaled
        return self.hook_capped(self.cap * (scaled / self.cap).tanh())

    def softmax(self, masked: Tensor) -> Tensor:
        """Softmax weights of scores (B, H, T, S); with a sink their sum over the keys is below 1."""
        if self.sinks is None or self.hook_sink_pattern is None:
            return masked.softmax(-1)
        column = self.sinks[:, None, None].expand(*masked.shape[:-1], 1)  # the same for every query
        weights = torch.cat((masked, column), -1).softmax(-1)  # (B, H, T, S + 1)
        self.hook_sink_pattern(weights[..., -1])
        return weights[..., :-1]


def score_scale(config: ModelConfig, layer: int) -> float:
    """The factor on a layer's dot products: 1 / sqrt(Dh), unless the config names another or YaRN corrects it."""
    attention = config.attention_at(layer)
    plain = attention.head_dim**-0.5 if attention.scale is None else attention.scale
    return plain * score_factor(config.rope_at(layer))


class _Attention(nn.Module):
    """What both kinds share: the scale, the mask, and hook points for what `attend` computes."""

    def __init__(self, config: ModelConfig, layer: int):
        super().__init__()
        attention = config.attention_at(layer)
        self.scale = score_scale(config, layer)
        self.hook_mask = HookPoint()  # (1, T, S)
        self.hook_scaling = HookPoint()  # (1,)
        self.hook_attn_scores = HookPoint()  # (B, H, T, S) scaled and masked
        self.hook_pattern = HookPoint()  # (B, H, T, S)
        self.hook_z = HookPoint()  # (B, T, H, Dv)
        self.cap, self.has_sinks = attention.score_cap, attention.sinks
        if self.cap is not None:
            self.hook_capped = HookPoint()  # (B, H, T, S)
        if self.has_sinks:
            self.sinks = nn.Parameter(torch.zeros(attention.n_heads))
            self.hook_sinks = HookPoint()  # (1, H)
            self.hook_sink_pattern = HookPoint()  # (B, H, T)

    def _scale(self) -> float:
        if not self.hook_scaling.listening:
            return self.scale
        return self.hook_scaling(torch.tensor([self.scale])).item()

    def _extras(self) -> SoftmaxExtras | None:
        if self.cap is None and not self.has_sinks:
            return None
        sinks = self.hook_sinks(self.sinks[None].clone())[0] if self.has_sinks else None
        hook_capped, hook_sink = getattr(self, "hook_capped", None), getattr(self, "hook_sink_pattern", None)
        return SoftmaxExtras(self.cap, hook_capped, sinks, hook_sink)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
        scale, mask, extras = self._scale(), self.hook_mask(mask), self._extras()
        return self.hook_z(attend(q, k, v, scale, mask, self.hook_attn_scores, self.hook_pattern, extras))


class GroupedQueryAttention(_Attention):
    """Grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245)."""

    def __init__(self, config: ModelConfig, layer: int):
        super().__init__(config, layer)
        attention = config.attention_at(layer)
        assert isinstance(attention, GQAConfig)
        self.n_heads, self.n_kv_heads = attention.n_heads, attention.n_kv_heads
        H, K, Dh = attention.n_heads, attention.n_kv_heads, attention.head_dim
        self.qkv = Linear(config.d_model, (H + 2 * K) * Dh, bias=attention.qkv_bias)  # one product is faster than three
        self.out = Linear(H * Dh, config.d_model, bias=attention.out_bias)
        self.hook_q = HookPoint()  # (B, T, H, Dh)
        self.hook_k = HookPoint()  # (B, T, K, Dh)
        self.hook_v = HookPoint()  # (B, T, K, Dh)
        if attention.qk_norm:
            together = attention.qk_norm_over == "projection"  # all heads are one vector to the norm
            self.q_norm = RMSNorm(H * Dh if together else Dh, config.norm_eps)
            self.k_norm = RMSNorm(K * Dh if together else Dh, config.norm_eps)
        self.qk_norm, self.qk_norm_over = attention.qk_norm, attention.qk_norm_over
        if config.rope_at(layer) is not None:
            self.hook_rot_q = HookPoint()  # (B, T, H, Dh)
            self.hook_rot_k = HookPoint()  # (B, T, K, Dh)
        elif attention.qk_norm:
            self.hook_norm_q = HookPoint()  # (B, T, H, Dh) where nothing rotates: as they meet
            self.hook_norm_k = HookPoint()  # (B, T, K, Dh)

    def forward(self, x: Tensor, turn: Rotation | None, mask: Tensor, cache: Cache | None, layer: int) -> Tensor:
        """Attend from the tokens `x` (B, T, D) to themselves and to those in `cache`; (B, T, D)."""
        H, K = self.n_heads, self.n_kv_heads
        q, k, v = self.qkv(x).unflatten(-1, (H + 2 * K, -1)).split((H, K, K), dim=2)  # (B, T, H | K | K, Dh)
        q, k, v = self.hook_q(q), self.hook_k(k), self.hook_v(v)
        if self.qk_norm and self.qk_norm_over == "head":
            q, k = self.q_norm(q), self.k_norm(k)
        elif self.qk_norm:
            q, k = self.q_norm(q.flatten(2)).view_as(q), self.k_norm(k.flatten(2)).view_as(k)
        if turn is not None:
            q, k = self.hook_rot_q(rotate(q, turn)), self.hook_rot_k(rotate(k, turn))
        elif self.qk_norm:
            q, k = self.hook_norm_q(q), self.hook_norm_k(k)
        if cache is not None:
            k, v = cache.append(layer, k, v)  # (B, S, K, Dh) each
        return self.out(self._attend(q, k, v, mask).flatten(-2))


class MultiHeadLatentAttention(_Attention):
    """Multi-head latent attention (DeepSeek-V2 report, arXiv 2405.04434, section 2.1 and appendix C).

        x -> kv_down -> | latent (R) -> kv_norm --+--> cached --> kv_up -> k_nope, v of every head
                        | k_pe (Dr) -> rotate ----+--> cached, one for all heads
        x -> [q_down -> q_norm ->] q_up -> q_nope | q_pe -> rotate

    `expanded` multiplies the latents out to keys and values per head: the form to look at.
    `absorbed` moves kv_up's two halves into the query and the result, and attends in latent
    space: the same numbers, without ever rebuilding the keys of earlier tokens.
    """

    def __init__(self, config: ModelConfig, layer: int):
        super().__init__(config, layer)
        attention = config.attention_at(layer)
        assert isinstance(attention, MLAConfig)
        eps = config.norm_eps if attention.latent_norm_eps is None else attention.latent_norm_eps
        H, R, Rq = attention.n_heads, attention.kv_lora_rank, attention.q_lora_rank
        self.n_heads, self.kv_lora_rank = H, R
        self.qk_nope_head_dim, self.qk_rope_head_dim = attention.qk_nope_head_dim, attention.qk_rope_head_dim
        Dn, Dr, Dv = attention.qk_nope_head_dim, attention.qk_rope_head_dim, attention.v_head_dim
        self.compresses_queries = Rq is not None
        if Rq is not None:
            self.q_down = Linear(config.d_model, Rq, bias=False)
            self.q_norm = RMSNorm(Rq, eps)
            self.hook_q_latent = HookPoint()  # (B, T, Rq) normalised
        self.q_up = Linear(Rq or config.d_model, H * (Dn + Dr), bias=False)
        self.kv_down = Linear(config.d_model, R + Dr, bias=False)
        self.kv_norm = RMSNorm(R, eps)
        self.kv_up = Linear(R, H * (Dn + Dv), bias=False)
        self.out = Linear(H * Dv, config.d_model, bias=False)
        self.hook_kv_latent = HookPoint()  # (B, T, R) normalised, as cached
        self.hook_rot_q = HookPoint()  # (B, T, H, Dr) the part of the query that rotates
        self.hook_rot_k = HookPoint()  # (B, T, 1, Dr) the one rotated key part, as cached
        self.hook_q = HookPoint()  # (B, T, H, Dn + Dr) as it meets the keys: after rotation, as in TransformerLens
        self.hook_k = HookPoint()  # (B, S, H, Dn + Dr)
        self.hook_v = HookPoint()  # (B, S, H, Dv)

    def forward(self, x: Tensor, turn: Rotation, mask: Tensor, cache: Cache | None, layer: int) -> Tensor:
        """Attend from the tokens `x` (B, T, D) to themselves and to those in `cache`; (B, T, D)."""
        past = 0 if cache is None else mask.shape[-1] - x.shape[1]
        q_nope, q_pe = self.query(x, turn)
        latent, k_pe = self.compress(x, turn)
        if cache is not None:
            latent, k_pe = cache.append(layer, latent, k_pe)  # (B, S, R), (B, S, Dr)
        # Keys of the past would have to be rebuilt at every step; without a past, expanding is less work.
        form = self.absorbed if past else self.expanded
        return self.out(form(q_nope, q_pe, latent, k_pe, mask).flatten(-2))

    def query(self, x: Tensor, turn: Rotation) -> tuple[Tensor, Tensor]:
        """Queries of `x` (B, T, D): q_nope (B, T, H, Dn) and the rotated q_pe (B, T, H, Dr)."""
        if self.compresses_queries:
            x = self.hook_q_latent(self.q_norm(self.q_down(x)))  # (B, T, Rq)
        q = self.q_up(x).unflatten(-1, (self.n_heads, -1))  # (B, T, H, Dn + Dr)
        q_nope, q_pe = q.split((self.qk_nope_head_dim, self.qk_rope_head_dim), dim=-1)
        return q_nope, self.hook_rot_q(rotate(q_pe, turn))

    def compress(self, x: Tensor, turn: Rotation) -> tuple[Tensor, Tensor]:
        """What the cache keeps of `x` (B, T, D): the latent (B, T, R) and the rotated key part (B, T, Dr)."""
        latent, k_pe = self.kv_down(x).split((self.kv_lora_rank, self.qk_rope_head_dim), dim=-1)
        latent = self.hook_kv_latent(self.kv_norm(latent))
        k_pe = self.hook_rot_k(rotate(k_pe[:, :, None], turn))  # (B, T, 1, Dr)
        return latent, k_pe[:, :, 0]

    def expanded(self, q_nope: Tensor, q_pe: Tensor, latent: Tensor, k_pe: Tensor, mask: Tensor) -> Tensor:
        """z (B, T, H, Dv) by way of per-head keys and values of all S tokens."""
        kv = self.kv_up(latent).unflatten(-1, (self.n_heads, -1))  # (B, S, H, Dn + Dv)
        k_nope, v = kv[..., : self.qk_nope_head_dim], self.hook_v(kv[..., self.qk_nope_head_dim :])
        k_pe = k_pe[:, :, None].expand(-1, -1, self.n_heads, -1)  # (B, S, H, Dr) the same for every head
        q = self.hook_q(torch.cat((q_nope, q_pe), -1))
        k = self.hook_k(torch.cat((k_nope, k_pe), -1))
        return self._attend(q, k, v, mask)

    def absorbed(self, q_nope: Tensor, q_pe: Tensor, latent: Tensor, k_pe: Tensor, mask: Tensor) -> Tensor:
        """z (B, T, H, Dv) attending in latent space: q W_uk is multiplied with the latents themselves."""
        w_uk, w_uv = self.kv_up.weight.unflatten(0, (self.n_heads, -1)).split(  # (H, Dn, R), (H, Dv, R)
            (self.qk_nope_head_dim, self.kv_up.out_features // self.n_heads - self.qk_nope_head_dim), dim=1
        )
        q = torch.cat((torch.einsum("bthn,hnr->bthr", q_nope, w_uk), q_pe), -1)  # (B, T, H, R + Dr)
        k = torch.cat((latent, k_pe), -1)[:, :, None]  # (B, S, 1, R + Dr): one key for all heads, as in MQA
        # The latents are the values too; with the rotated part left on, no copy of them has to be cut out.
        mixed = attend(q, k, k, self._scale(), self.hook_mask(mask), self.hook_attn_scores, self.hook_pattern)
        return self.hook_z(torch.einsum("bthr,hvr->bthv", mixed[..., : self.kv_lora_rank], w_uv))
