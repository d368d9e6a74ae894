"""The whole model, top down: embedding, blocks, final norm, logits.

B batch, T new tokens, S tokens seen (in the cache and new), D width, V vocabulary, L layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .attention import GroupedQueryAttention, MultiHeadLatentAttention, causal_mask
from .cache import Cache
from .capture import HookPoint, name_hooks
from .config import MLAConfig, ModelConfig
from .feed_forward import make_feed_forward
from .norm import make_norm
from .rope import Rotation, rotation


class Block(nn.Module):
    """One layer, pre-norm: attention moves information between tokens, feed-forward works on each token alone."""

    def __init__(self, config: ModelConfig, layer: int):
        super().__init__()
        attention = MultiHeadLatentAttention if isinstance(config.attention, MLAConfig) else GroupedQueryAttention
        self.layer = layer
        self.hook_resid_pre = HookPoint()  # (B, T, D), as all of a block's own
        self.ln1 = make_norm(config.norm, config.d_model, config.norm_eps)
        self.attn = attention(config)
        self.hook_attn_out = HookPoint()
        self.hook_resid_mid = HookPoint()
        self.ln2 = make_norm(config.norm, config.d_model, config.norm_eps)
        self.mlp = make_feed_forward(config, layer)
        self.hook_mlp_out = HookPoint()
        self.hook_resid_post = HookPoint()

    def forward(self, resid: Tensor, turn: Rotation | None, mask: Tensor, cache: Cache | None) -> Tensor:
        """Read the residual stream `resid` (B, T, D), add to it twice."""
        resid = self.hook_resid_pre(resid)
        resid = self.hook_resid_mid(
            resid + self.hook_attn_out(self.attn(self.ln1(resid), turn, mask, cache, self.layer))
        )
        return self.hook_resid_post(resid + self.hook_mlp_out(self.mlp(self.ln2(resid))))


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
        self.ln_final = make_norm(config.norm, config.d_model, config.norm_eps)
        if not config.tied_embeddings:
            self.unembed = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.logits = HookPoint()  # (B, T, V)
        self.hook_names = name_hooks(self)

    @property
    def unembedding(self) -> Tensor:
        """The matrix (V, D) that turns the final residual stream into logits; tied models reuse the embedding."""
        return self.embed.weight if self.config.tied_embeddings else self.unembed.weight

    def forward(self, tokens: Tensor, cache: Cache | None = None, last_only: bool = False) -> Tensor:
        """Logits (B, T, V) for `tokens` (B, T) int64, which follow those already in `cache`.

        With `last_only`, logits of the last token alone, (B, 1, V): all that generation needs.
        """
        resid = self.residual_stream(tokens, cache)
        if last_only:
            resid = resid[:, -1:]
        return self.logits(nn.functional.linear(self.ln_final(resid), self.unembedding))

    def residual_stream(self, tokens: Tensor, cache: Cache | None = None) -> Tensor:
        """The stream after the last block, (B, T, D), for `tokens` (B, T)."""
        past, T = (0 if cache is None else cache.length), tokens.shape[1]
        positions = self.hook_positions(torch.arange(past, past + T, device=tokens.device)[None])  # (1, T)
        mask = causal_mask(T, past + T, self.config.attention.sliding_window, tokens.device)  # (1, T, S)
        resid = self.hook_embed(self.embed(tokens))  # (B, T, D)
        turn = None
        if self.config.positions == "learned":
            resid = resid + self.hook_pos_embed(self.pos_embed(positions))
        else:
            turn = rotation(self.config.rope, self.config.attention.rope_dim, positions[0], resid.dtype)
        for block in self.blocks:
            resid = block(resid, turn, mask, cache)
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
