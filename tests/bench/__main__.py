"""python -m tests.bench: our speed beside our peers', on SmolLM2, as ratios measured in one run.

Everything runs in float32 on the CPU, on the same weights and the same token ids.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import torch
import transformers

import model  # before torch, which reads the thread settings made there when it is loaded
from model.attention import MultiHeadLatentAttention, causal_mask
from model.config import DenseConfig, MLAConfig, ModelConfig
from model.rope import rotation
from tests import peers
from tests.bench.decoding import bench_decoding
from tests.bench.growth import bench_growth
from tests.bench.hookless import without_hooks
from tests.bench.timing import best_seconds, print_table

TEXT = "The lighthouse keeper counted the ships each night, and wrote their names in a book. " * 12
LENGTHS = (16, 64, 128, 512)
ATTENTION_PAGE = ("hook_rot_q", "hook_rot_k", "hook_v")  # the rest of the page is derived from these


def bench_traces(lm: model.LanguageModel, plain, lens, rounds: int) -> dict[str, dict[int, float]]:
    """One pass over a prompt, seeing everything, something or nothing: each as a multiple of transformers' pass."""
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
    return {
        name: {length: seconds[length][name] / seconds[length]["transformers, plain"] for length in LENGTHS}
        for name in seconds[16]
    }


def bench_latent_attention(rounds: int) -> dict[int, float]:
    """One decoding step of one layer in the shape of DeepSeek-V2-Lite: how much sooner absorbed is than expanded."""
    shape = MLAConfig(n_heads=16, kv_lora_rank=512, qk_nope_head_dim=128, qk_rope_head_dim=64, v_head_dim=128)
    config = ModelConfig(
        vocab_size=2, d_model=2048, n_layers=1, context=8192, attention=shape, feed_forward=DenseConfig(hidden=1)
    )
    layer = MultiHeadLatentAttention(config, 0).eval()
    rows, sooner = {}, {}
    for held in (512, 4096):
        turn = rotation(config.rope, shape.rope_dim, torch.tensor([held - 1]), torch.float32)
        x, latent, k_pe = torch.randn(1, 1, config.d_model), torch.randn(1, held, 512), torch.randn(1, held, 64)
        inputs = *layer.query(x, turn), latent, k_pe, causal_mask(1, held)
        seconds = best_seconds(
            {form: lambda form=form, inputs=inputs: getattr(layer, form)(*inputs) for form in ("expanded", "absorbed")},
            rounds,
        )
        sooner[held] = seconds["expanded"] / seconds["absorbed"]
        milliseconds = [f"{1000 * seconds[form]:.2f} ms" for form in seconds]
        rows[f"{held} tokens held"] = [*milliseconds, f"{sooner[held]:.1f}"]
    print_table("Latent attention, one step of decoding", rows, ["expanded", "absorbed", "times faster"])
    return sooner


def bench_inert_hooks(lm: model.LanguageModel, rounds: int) -> dict[int, float]:
    """The price of being able to look, paid by those who do not: extra time, as a share."""
    ids = lm.tokenizer.encode(TEXT)
    with tempfile.TemporaryDirectory() as folder:
        bare = without_hooks(lm.transformer, Path(folder))
    extra = {}
    for length in LENGTHS:
        tokens = torch.tensor([ids[:length]])
        seconds = best_seconds(
            {"with": lambda tokens=tokens: lm.transformer(tokens), "without": lambda tokens=tokens: bare(tokens)},
            2 * rounds,
        )
        extra[length] = seconds["with"] / seconds["without"] - 1
    rows = {f"{length} tokens": [f"{100 * share:+.1f} %"] for length, share in extra.items()}
    print_table("Inert hooks, extra time against the same source without them", rows, ["SmolLM2"])
    return extra


PARTS = ("latent attention", "hooks", "traces", "decoding", "growth")


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
    parser.add_argument("--only", choices=PARTS, help="one of the parts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the ratios there too")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    found = {}
    with torch.inference_mode():
        for part in PARTS:
            if asked.only in (None, part):
                found[part] = _measure(part, asked.rounds)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=2) + "\n")


def _measure(part: str, rounds: int) -> dict:
    if part == "latent attention":
        return bench_latent_attention(rounds)
    if part == "growth":
        return bench_growth(rounds)
    gguf, lm = model.fetch_smollm2(), model.load("smollm2")
    if part == "hooks":
        return bench_inert_hooks(lm, rounds)
    plain = peers.hugging_face(gguf)
    if part == "decoding":
        return bench_decoding(lm, plain)
    with tempfile.TemporaryDirectory() as folder:
        lens = peers.transformer_lens(gguf, Path(folder))
    return bench_traces(lm, plain, lens, rounds)


if __name__ == "__main__":
    main()
