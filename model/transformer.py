"""The whole model, top down: embedding, blocks, final norm, logits.

B batch, T new tokens, S tokens seen (in the cache and new), D width, V vocabulary, L layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .attention import GroupedQueryAttention, MultiHeadLatentAttention, causal_mask
from .cache import Cache
from .capture import HookPoint, name_hooks
from .config import MLAConfig, ModelConfig, RopeConfig
from .feed_forward import make_feed_forward
from .linear import Linear, affine
from .norm import LayerNorm, RMSNorm, make_norm
from .rope import Rotation, rotation


class Block(nn.Module):
    """One layer: attention moves information between tokens, then each token thinks alone.

    Both read the residual stream through a norm and add to it.  OLMo 2 norms what is added
    instead, Gemma 2 does both; in Pythia both read the stream as it enters the layer.
    """

    def __init__(self, config: ModelConfig, layer: int):
        super().__init__()
        self.layer = layer
        self.parallel, self.residual_scale = config.parallel, config.residual_scale
        before, after = config.norm_placement != "after", config.norm_placement != "before"
        attention = MultiHeadLatentAttention if isinstance(config.attention, MLAConfig) else GroupedQueryAttention

        self.hook_resid_pre = HookPoint()  # (B, T, D), as all of a block's own
        self.ln1 = _norm(config) if before else None
        self.attn = attention(config, layer)
        self.ln1_post = _norm(config) if after else None
        if after:
            self.hook_attn_unnormed = HookPoint()
        self.hook_attn_out = HookPoint()  # as it is added: normed and scaled
        self.hook_resid_mid = HookPoint()  # the stream with it; where `parallel`, not what ln2 reads
        self.ln2 = _norm(config) if before else None
        self.mlp = make_feed_forward(config, layer)
        self.ln2_post = _norm(config) if after else None
        if after:
            self.hook_mlp_unnormed = HookPoint()
        self.hook_mlp_out = HookPoint()
        self.hook_resid_post = HookPoint()

    def forward(self, resid: Tensor, turn: Rotation | None, mask: Tensor, cache: Cache | None) -> Tensor:
        """Read the residual stream `resid` (B, T, D), add to it twice."""
        start = self.hook_resid_pre(resid)
        read = start if self.ln1 is None else self.ln1(start)
        wrote = self.attn(read, turn, mask, cache, self.layer)
        if self.ln1_post is not None:
            wrote = self.ln1_post(self.hook_attn_unnormed(wrote))
        middle = self.hook_resid_mid(start + self.hook_attn_out(self._scaled(wrote)))
        read = start if self.parallel else middle
        read = read if self.ln2 is None else self.ln2(read)
        wrote = self.mlp(read)
        if self.ln2_post is not None:
            wrote = self.ln2_post(self.hook_mlp_unnormed(wrote))
        return self.hook_resid_post(middle + self.hook_mlp_out(self._scaled(wrote)))

    def _scaled(self, update: Tensor) -> Tensor:
        return update if self.residual_scale == 1 else update * self.residual_scale


def _norm(config: ModelConfig) -> RMSNorm | LayerNorm:
    return make_norm(config.norm, config.d_model, config.norm_eps)


class Transformer(nn.Module):
    """A decoder-only language model: token ids in, logits for the next token out."""

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.d_model)
        self.hook_positions = HookPoint()  # (1, T)
        self.hook_embed = HookPoint()  # (B, T, D)
        if config.positions == "learned":
            self.pos_embed = nn.Embedding(config.context, config.d_model)
            self.hook_pos_embed = HookPoint()  # (1, T, D)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.n_layers))
        self.ln_final = _norm(config)
        if not config.tied_embeddings:
            self.unembed = Linear(config.d_model, config.vocab_size, bias=False)
        self.logits = HookPoint()  # (B, T, V) scaled and capped
        self.hook_names = name_hooks(self)

    @property
    def unembedding(self) -> Tensor:
        """The matrix (V, D) that turns the final residual stream into logits; tied models reuse the embedding."""
        return self.embed.weight if self.config.tied_embeddings else self.unembed.weight

    def forward(self, tokens: Tensor, cache: Cache | None = None, last: int | None = None) -> Tensor:
        """Logits (B, T, V) for `tokens` (B, T) int64, which follow those already in `cache`.

        With `last`, logits of so many tokens at the end, (B, last, V): all that generation needs.
        """
        resid = self.residual_stream(tokens, cache)
        if last is not None:
            resid = resid[:, -last:]
        return self.logits(finish_logits(affine(self.ln_final(resid), self.unembedding), self.config))

    def residual_stream(self, tokens: Tensor, cache: Cache | None = None) -> Tensor:
        """The stream after the last block, (B, T, D), for `tokens` (B, T)."""
        past, T = (0 if cache is None else cache.length), tokens.shape[1]
        positions = self.hook_positions(torch.arange(past, past + T, device=tokens.device)[None])  # (1, T)
        resid = self.embed(tokens)  # (B, T, D)
        resid = self.hook_embed(resid if self.config.embed_scale == 1 else resid * self.config.embed_scale)
        if self.config.positions == "learned":
            resid = resid + self.hook_pos_embed(self.pos_embed(positions))
        masks: dict[int | None, Tensor] = {}  # by window, (1, T, S) each
        turns: dict[tuple[RopeConfig | None, int], Rotation | None] = {}
        for layer, block in enumerate(self.blocks):
            attention, rope = self.config.attention_at(layer), self.config.rope_at(layer)
            window, turning = attention.sliding_window, (rope, attention.rope_dim)
            if window not in masks:
                masks[window] = causal_mask(T, past + T, window, tokens.device)
            if turning not in turns:
                turns[turning] = None if rope is None else rotation(rope, attention.rope_dim, positions[0], resid.dtype)
            resid = block(resid, turns[turning], masks[window], cache)
        return resid

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> Transformer:
        """Fill the weights for training: normal, std 0.02; what writes to the stream, smaller by sqrt(2 L).

        GPT-2's recipe (Radford et al. 2019, section 2.3), so that the stream's variance does not grow with depth.
        """
        shrink = (2 * self.config.n_layers) ** -0.5
        for name, weight in self.named_parameters():
            if name.endswith("bias"):
                weight.zero_()
            elif weight.dim() > 1:  # norms keep their ones
                writes = name.endswith(("attn.out.weight", "mlp.down.weight", "mlp.down", "shared.down.weight"))
                weight.normal_(0.0, 0.02 * (shrink if writes else 1.0), generator=generator)
        return self


def finish_logits(logits: Tensor, config: ModelConfig) -> Tensor:
    """What the unembedding gives, (..., V), scaled (Granite) and capped (Gemma 2) where the model does so."""
    if config.logit_scale != 1:
        logits = logits * config.logit_scale
    if config.logit_cap is not None:
        logits = config.logit_cap * (logits / config.logit_cap).tanh()
    return logits
