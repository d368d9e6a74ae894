"""python -m tests.bench: our speed beside our peers', on SmolLM2, as ratios measured in one run.

Everything runs in float32 on the CPU, on the same weights and the same token ids.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch
import transformers

import model  # before torch, which reads the thread settings made there when it is loaded
from model.attention import MultiHeadLatentAttention, causal_mask
from model.config import DenseConfig, MLAConfig, ModelConfig
from model.rope import rotation
from tests import peers
from tests.bench.hookless import without_hooks
from tests.bench.timing import best_seconds, print_table

TEXT = "The lighthouse keeper counted the ships each night, and wrote their names in a book. " * 12
LENGTHS = (16, 64, 128)
ATTENTION_PAGE = ("hook_rot_q", "hook_rot_k", "hook_v")  # the rest of the page is derived from these


def bench_traces(lm: model.LanguageModel, plain, lens, rounds: int) -> None:
    """One pass over a prompt, seeing everything, something or nothing."""
    seconds = {}
    for length in LENGTHS:
        ids = lm.tokenizer.encode(TEXT)[:length]
        tokens = torch.tensor([ids])

        def eager_with_attentions(tokens=tokens):
            plain.set_attn_implementation("eager")
            plain(tokens, use_cache=False, output_attentions=True)
            plain.set_attn_implementation("sdpa")

        seconds[length] = best_seconds(
            {
                "ours, full trace": lambda ids=ids: model.run_trace(lm, ids),
                "ours, light trace": lambda ids=ids: model.run_trace(lm, ids, capture="light"),
                "ours, attention page": lambda ids=ids: model.run_trace(
                    lm, ids, capture=lambda name: name.endswith(ATTENTION_PAGE)
                ),
                "ours, nothing captured": lambda tokens=tokens: lm.transformer(tokens),
                "transformers, plain": lambda tokens=tokens: plain(tokens, use_cache=False),
                "transformers, eager with attentions": eager_with_attentions,
                "TransformerLens, run_with_cache": lambda tokens=tokens: lens.run_with_cache(tokens),
            },
            rounds,
        )
    for peer in ("transformers, plain", "TransformerLens, run_with_cache"):
        rows = {
            name: [f"{seconds[length][name] / seconds[length][peer]:.2f}" for length in LENGTHS] for name in seconds[16]
        }
        rows[peer] = [f"1 ({seconds[length][peer] * 1000:.0f} ms)" for length in LENGTHS]
        print_table(f"Time of one pass, as a multiple of {peer}", rows, [f"{length} tokens" for length in LENGTHS])


def bench_generation(lm: model.LanguageModel, plain, rounds: int) -> None:
    """Greedy generation of 32 tokens after 16."""
    ids, new = lm.tokenizer.encode(TEXT)[:16], 32
    tokens = torch.tensor([ids])
    options = {
        "attention_mask": torch.ones_like(tokens),
        "max_new_tokens": new,
        "min_new_tokens": new,
        "do_sample": False,
    }
    seconds = best_seconds(
        {
            "ours": lambda: list(model.generate(lm, ids, max_new_tokens=new, temperature=0)),
            "transformers": lambda: plain.generate(tokens, **options),
        },
        rounds,
    )
    rows = {name: [f"{new / taken:.1f}", f"{seconds['transformers'] / taken:.2f}"] for name, taken in seconds.items()}
    print_table("Cached generation, tokens per second", rows, ["tokens/s", "times transformers"])


def bench_latent_attention(rounds: int) -> None:
    """One decoding step of one layer in the shape of DeepSeek-V2-Lite, both forms."""
    shape = MLAConfig(n_heads=16, kv_lora_rank=512, qk_nope_head_dim=128, qk_rope_head_dim=64, v_head_dim=128)
    config = ModelConfig(
        vocab_size=2, d_model=2048, n_layers=1, context=8192, attention=shape, feed_forward=DenseConfig(hidden=1)
    )
    layer = MultiHeadLatentAttention(config, 0).eval()
    rows = {}
    for held in (512, 4096):
        turn = rotation(config.rope, shape.rope_dim, torch.tensor([held - 1]), torch.float32)
        x, latent, k_pe = torch.randn(1, 1, config.d_model), torch.randn(1, held, 512), torch.randn(1, held, 64)
        inputs = *layer.query(x, turn), latent, k_pe, causal_mask(1, held)
        seconds = best_seconds(
            {form: lambda form=form, inputs=inputs: getattr(layer, form)(*inputs) for form in ("expanded", "absorbed")},
            rounds,
        )
        rows[f"{held} tokens held"] = [f"{1000 * seconds[form]:.2f} ms" for form in seconds] + [
            f"{seconds['expanded'] / seconds['absorbed']:.1f}"
        ]
    print_table("Latent attention, one step of decoding", rows, ["expanded", "absorbed", "times faster"])


def bench_inert_hooks(lm: model.LanguageModel, rounds: int) -> None:
    """The price of being able to look, paid by those who do not."""
    ids = lm.tokenizer.encode(TEXT)
    with tempfile.TemporaryDirectory() as folder:
        bare = without_hooks(lm.transformer, Path(folder))
    rows = {}
    for length in LENGTHS:
        tokens = torch.tensor([ids[:length]])
        seconds = best_seconds(
            {"with": lambda tokens=tokens: lm.transformer(tokens), "without": lambda tokens=tokens: bare(tokens)},
            2 * rounds,
        )
        rows[f"{length} tokens"] = [f"{100 * (seconds['with'] / seconds['without'] - 1):+.1f} %"]
    print_table("Inert hooks, extra time against the same source without them", rows, ["SmolLM2"])


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=8, help="turns of each candidate; the best counts (default 8)")
    parser.add_argument(
        "--threads",
        type=int,
        default=torch.get_num_threads(),
        help="CPU threads, for us and our peers alike (default %(default)s); 1 on a machine with other work",
    )
    asked = parser.parse_args()
    rounds = asked.rounds
    torch.set_num_threads(asked.threads)
    transformers.logging.set_verbosity_error()
    gguf = model.fetch_smollm2()
    lm = model.load("smollm2")
    with torch.inference_mode():
        bench_latent_attention(rounds)
        bench_inert_hooks(lm, rounds)
    plain = peers.hugging_face(gguf)
    with tempfile.TemporaryDirectory() as folder:
        lens = peers.transformer_lens(gguf, Path(folder))
    with torch.inference_mode():
        bench_traces(lm, plain, lens, rounds)
        bench_generation(lm, plain, max(2, rounds // 2))


if __name__ == "__main__":
    main()
