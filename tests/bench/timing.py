"""Fair timing on a machine that has other work: candidates take turns, the best turn of each counts.

With one thread, what counts is the processor's time, which leaves out the turns of other programs.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch


def best_seconds(candidates: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of each candidate's fastest call.

    All candidates run once in every round, so that a change of the machine's mood meets all of
    them; what disturbs a call can only make it slower, so the fastest one is nearest the truth.
    """
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    for work in candidates.values():
        work()  # the first call pays for what later ones find ready
    best = dict.fromkeys(candidates, float("inf"))
    for _ in range(rounds):
        for name, work in candidates.items():
            start = clock()
            work()
            best[name] = min(best[name], clock() - start)
    return best


def print_table(title: str, rows: dict[str, list[str]], columns: list[str]) -> None:
    """`rows` under `columns`, aligned."""
    print(f"\n{title}")
    first = max(map(len, rows))
    widths = [max(map(len, column)) for column in zip(columns, *rows.values(), strict=True)]
    for name, cells in {"": columns, **rows}.items():
        print(
            f"  {name:{first}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)),
            flush=True,
        )
