"""The storytellers: one text, one tokenizer, one schedule, two kinds of attention and of feed-forward.

Widths are chosen so that a token meets the same amount of feed-forward work in all: three
experts of 128 (two chosen, one shared), one SwiGLU of 384, one GELU of 576 (two matrices
instead of three), or five experts of 76 (four chosen, one shared; a hundredth less).

The first four are a controlled comparison.  `storyteller-v3` has every part that DeepSeek-V3
adds to them: a latent for the queries, experts in groups, scaled weights, a dense first layer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..config import DenseConfig, GQAConfig, MLAConfig, ModelConfig, MoEConfig

_MLA = MLAConfig(n_heads=8, kv_lora_rank=64, qk_nope_head_dim=32, qk_rope_head_dim=16, v_head_dim=32)
_MHA = GQAConfig(n_heads=8, n_kv_heads=8, head_dim=32)
_MOE = MoEConfig(
    n_routed_experts=8, num_experts_per_tok=2, moe_intermediate_size=128, n_shared_experts=1, selection_bias=True
)

Optimiser = Literal["muon", "adamw"]

VOCABULARY = 8192  # tokens of the storytellers' tokenizer
_STORYTELLER = ModelConfig(
    vocab_size=VOCABULARY, d_model=256, n_layers=6, context=512, attention=_MLA, feed_forward=_MOE
)

CONFIGS = {
    "storyteller": _STORYTELLER,
    "storyteller-mha": replace(_STORYTELLER, attention=_MHA),
    "storyteller-dense": replace(_STORYTELLER, feed_forward=DenseConfig(hidden=384)),
    "storyteller-classic": replace(
        _STORYTELLER,
        attention=replace(_MHA, qkv_bias=True, out_bias=True),
        feed_forward=DenseConfig(hidden=576, activation="gelu", gated=False, bias=True),
        norm="layer",
        positions="learned",
    ),
    # DeepSeek-V3 in small (report, section 4.2): 16 experts for its 256, 4 groups for its 8, half of them kept.
    "storyteller-v3": replace(
        _STORYTELLER,
        attention=replace(_MLA, q_lora_rank=96),
        feed_forward=replace(
            _MOE,
            n_routed_experts=16,
            num_experts_per_tok=4,
            moe_intermediate_size=76,
            n_group=4,
            topk_group=2,
            routed_scaling_factor=2.5,
            first_k_dense_replace=1,
            dense_intermediate_size=384,
        ),
    ),
}

DESCRIPTIONS = {
    "storyteller": "latent attention, mixture of experts; trained on children's books, Tang poems, Python and sums",
    "storyteller-mha": "the twin with multi-head attention; same experts, same text",
    "storyteller-dense": "the twin with a dense SwiGLU network; same latent attention, same text",
    "storyteller-classic": "built as GPT-2: multi-head attention, GELU, LayerNorm, learned positions; same text",
    "storyteller-v3": "DeepSeek-V3 in small: latent queries, 16 experts in 4 groups, a dense first layer; same text",
}


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How to train: the same for every model of the family.

    The rate rises over `warm_up` steps, stays, and falls to zero over the last `decay` of
    the run (warm-up, stable, decay; Hu et al. 2024, arXiv 2404.06395).  A run can so be
    made longer from any checkpoint of its stable part.

    As in that paper, the mix of text changes while the rate falls: some of each step's tokens
    are then single lines, and some are one passage repeated several times (`Run.batches`).
    What people type is short and begins where a line begins; a training sequence is long and
    begins anywhere.  Measured on runs of one pass, which are not kept: without the lines, a model
    solved 19 of 100 sums that stood alone and 85 in a list; without the passages, no head gave more
    than 0.14 of its attention to what followed last time; with as many passages as lines, models
    took the operands of sums for repetitions.

    For a finished model the rate is zero.  It continues with a second rise and fall, lower
    and shorter (`further`; Ibrahim et al. 2024, arXiv 2403.08763).
    """

    tokens: int
    batch: int = 8  # sequences a step
    length: int = 512  # tokens a sequence
    optimiser: Optimiser = "muon"  # of the blocks' matrices
    rate: float = 3e-3
    warm_up: int = 100  # steps
    decay: float = 0.25  # of the steps
    lines: int = 3  # half sequences of a step that are lines by themselves, while the rate falls
    again: int = 1  # half sequences that say a passage again and again, as `lines`: together an even number
    weight_decay: float = 0.1
    clip: float = 1.0  # largest norm of the gradient
    bias_rate: float = 1e-3  # u of the selection bias's update (DeepSeek-V3 report, section 2.1.2)
    seed: int = 0

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""
        return max(1, self.tokens // (self.batch * self.length))

    @property
    def stable_steps(self) -> int:
        """Steps before the rate begins to fall: a run of any length goes on from there."""
        return self.steps - round(self.decay * self.steps)

    def rate_at(self, step: int) -> float:
        """Learning rate of step 0, 1, ...; zero just after the last."""
        left = (self.steps - step) / max(1.0, self.decay * self.steps)
        return self.rate * min(1.0, (step + 1) / self.warm_up, left)

    def mixed_at(self, step: int) -> int:
        """Sequences of a step that give way to `lines` and `again`; none where that would leave no whole one."""
        mixed = (self.lines + self.again) // 2
        return mixed if step >= self.stable_steps and self.batch > mixed else 0


CARD_BATCH = 64  # sequences a step that keep a graphics card busy: 32,768 tokens


def on_card(schedule: Schedule) -> Schedule:
    """The same for a graphics card: larger steps with the same shares of whole sequences, lines and repetitions."""
    times = CARD_BATCH // schedule.batch
    return replace(schedule, batch=times * schedule.batch, lines=times * schedule.lines, again=times * schedule.again)


def further(schedule: Schedule) -> Schedule:
    """The same for a model that has been trained: the rate rises half as high and falls all the way from there."""
    return replace(schedule, rate=schedule.rate / 2, decay=1.0)
