"""How a trace grows with the prompt, the layers and the heads: its time beside the bytes that it holds.

Nothing may grow faster than the arrays that are shown.  A trace of everything holds scores and patterns, whose
bytes grow with the square of the prompt.
"""

from __future__ import annotations

from dataclasses import replace

import model
from model.config import DenseConfig, GQAConfig, ModelConfig
from tests.bench.timing import best_seconds, print_table
from tests.random_models import random_model

TOKENS, LAYERS, HEADS = (16, 64, 256, 1024), (2, 4, 8, 16), (2, 4, 8, 16)
HEAD = GQAConfig(n_heads=8, n_kv_heads=8, head_dim=32)
SHAPE = ModelConfig(
    vocab_size=512, d_model=256, n_layers=4, context=1024, attention=HEAD, feed_forward=DenseConfig(hidden=512)
)


def bench_growth(rounds: int) -> dict[str, list[dict[str, float]]]:
    """Seconds and bytes of full traces; each row four or two times the one before."""
    by_layers = [replace(SHAPE, n_layers=count) for count in LAYERS]
    by_heads = [replace(SHAPE, attention=replace(HEAD, n_heads=count, n_kv_heads=count)) for count in HEADS]
    return {
        "tokens": _grow("tokens", TOKENS, [SHAPE] * len(TOKENS), TOKENS, rounds),
        "layers": _grow("layers", LAYERS, by_layers, [256] * len(LAYERS), rounds),
        "heads": _grow("heads", HEADS, by_heads, [256] * len(HEADS), rounds),
    }


def _grow(name: str, sizes, shapes, tokens, rounds: int) -> list[dict[str, float]]:
    works, held = {}, {}
    for size, shape, count in zip(sizes, shapes, tokens, strict=True):
        lm, ids = random_model(shape), [index % 500 for index in range(count)]
        works[size] = lambda lm=lm, ids=ids: model.run_trace(lm, ids)
        held[size] = model.run_trace(lm, ids).nbytes
    seconds = best_seconds(works, rounds)
    found, rows, before = [], {}, None
    for size in sizes:
        found.append({name: size, "seconds": seconds[size], "bytes": held[size]})
        times = ["", ""]
        if before is not None:
            times = [f"x {seconds[size] / seconds[before]:.1f}", f"x {held[size] / held[before]:.1f}"]
        rows[f"{size} {name}"] = [f"{1000 * seconds[size]:.1f} ms", times[0], f"{held[size] / 1e6:.1f} MB", times[1]]
        before = size
    print_table(f"A trace of everything, by {name}", rows, ["time", "grows", "bytes", "grow"])
    return found
