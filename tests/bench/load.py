"""python -m tests.bench.load: thirty people on one server, each a widget a second and a new prompt every five.

With --training everything is measured twice on the same server, first as it is and then while one more session
trains.  Times are those of the server: from the request to the end of the page's run, without a browser's drawing.
What the visitors' own process takes of the same cores is said apart.  Ctrl-C ends it early, with the figures so far.
Linux only: memory and processor time are read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import model
from tests.bench.crowd import KINDS, Person, Tally, Trainer, compare
from tests.bench.serving import Usage, behind_nginx, servers, usage, wait_for
from tests.bench.timing import print_table

PERCENTILES = (50, 95, 99)
SAY_SECONDS = 5  # between two lines of progress
STEP = 0.1  # seconds between two people who arrive


@dataclass
class Window:
    """One measurement."""

    name: str
    tally: Tally = field(default_factory=Tally)
    seen: list[tuple[float, Usage, float]] = field(default_factory=list)  # seconds, of the servers, of this process
    share: float | None = None  # of a training's steps, at the end
    checked: int = 0  # pictures computed again


def say(words: str) -> None:
    """A line of progress."""
    print(words, file=sys.stderr, flush=True)


async def measure(window: Window, people: list[Person], seconds: float, pids: list[int]) -> None:
    """All visitors together, until the time is over."""
    begin = time.monotonic()

    async def watch() -> None:
        told = begin
        while True:
            window.seen.append((time.monotonic() - begin, usage(pids), time.process_time()))
            if time.monotonic() - told > SAY_SECONDS:
                told = time.monotonic()
                _say(window)
            await asyncio.sleep(1)

    stays = [asyncio.create_task(person.stay(begin, begin + seconds, window.tally)) for person in people]
    watching = asyncio.create_task(watch())
    try:
        for outcome in await asyncio.gather(*stays, return_exceptions=True):
            if isinstance(outcome, Exception):
                window.tally.errors.append(repr(outcome))
    finally:
        watching.cancel()
        for stay in stays:
            stay.cancel()
        window.seen.append((time.monotonic() - begin, usage(pids), time.process_time()))


def _say(window: Window) -> None:
    """A line about the last seconds."""
    tally = window.tally
    p50, p95 = np.percentile(tally.lately, (50, 95)) * 1000 if tally.lately else (0, 0)
    tally.lately.clear()
    (before, then, own_then), (now, last, own) = window.seen[-min(SAY_SECONDS + 1, len(window.seen))], window.seen[-1]
    passed = max(now - before, 1e-3)
    say(
        f"{window.name}, {now:3.0f} s: {sum(map(len, tally.answers.values()))} answers, "
        f"lately p50 {p50:.0f} p95 {p95:.0f} ms; {len(tally.errors)} errors, {len(tally.mixed)} mixed up; "
        f"{last.nbytes / 1e6:.0f} MB; cores: server {(last.seconds - then.seconds) / passed:.2f}, "
        f"visitors {(own - own_then) / passed:.2f}, training {(last.started - then.started) / passed:.2f}"
    )


async def visit(url: str, asked: argparse.Namespace, pids: list[int], windows: list[Window]) -> None:
    """Everybody arrives; then each window is measured."""
    people = [Person(number, url, asked.lm) for number in range(asked.sessions)]
    say(f"{asked.sessions} sessions arrive")
    await people[0].arrive()
    await asyncio.gather(*(_arrive(person, place * STEP) for place, person in enumerate(people[1:])))
    await measure(windows[0], people, 60 * asked.minutes, pids)
    if asked.training:
        trainer = Trainer(url)
        say("one more session begins a training")
        await trainer.begin()
        windows.append(Window("while one trains", share=0.0))
        try:
            await measure(windows[1], people, 60 * asked.minutes, pids)
        finally:
            windows[1].share = trainer.share
            if not await trainer.end():
                windows[1].tally.errors.append("the training was over before the measurement")
    for person in people:
        await person.leave()


async def _arrive(person: Person, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await person.arrive()


async def until_interrupted(url: str, asked: argparse.Namespace, pids: list[int], windows: list[Window]) -> bool:
    """`visit`; whether it came to its end."""
    visiting = asyncio.create_task(visit(url, asked, pids, windows))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, visiting.cancel)
    try:
        await visiting
    except asyncio.CancelledError:
        return False
    return True


def summary(window: Window) -> dict[str, Any]:
    """The numbers of one window."""
    tally, seen = window.tally, window.seen
    last, passed = seen[-1], max(seen[-1][0] - seen[0][0], 1e-3)
    after = [used.nbytes for at, used, _ in seen if at >= last[0] / 3]
    runs = sum(map(len, tally.answers.values()))
    server = last[1].seconds - seen[0][1].seconds
    report: dict[str, Any] = {"name": window.name, "seconds": round(passed, 1)}
    for kind, answers in tally.answers.items():
        times, nbytes = [answer.seconds for answer in answers], [answer.nbytes for answer in answers]
        report[kind] = {"count": len(times), "kB": round(float(np.median(nbytes)) / 1000, 1) if nbytes else None}
        for p in PERCENTILES:
            report[kind][f"p{p}"] = round(float(np.percentile(times, p)), 4) if times else None
    return report | {
        "late": tally.late,
        "errors": len(tally.errors),
        "mixed": len(tally.mixed),
        "pictures": len(tally.pictures),
        "computed_again": window.checked,
        "server_ms_per_run": round(1000 * server / max(1, runs), 1),
        "cores": {
            "server": round(server / passed, 2),
            "visitors": round((last[2] - seen[0][2]) / passed, 2),
            "training": round((last[1].started - seen[0][1].started) / passed, 2),
        },
        "training_share": window.share,
        "memory_MB": {"third": round(after[0] / 1e6), "end": round(after[-1] / 1e6), "most": round(max(after) / 1e6)},
        "growth_percent": round(100 * (after[-1] / after[0] - 1), 1),
        "load_average": round(os.getloadavg()[0], 1),
        "memory_over_time": [[round(at), round(used.nbytes / 1e6)] for at, used, _ in seen[:: max(1, len(seen) // 30)]],
    }


def show(reports: list[dict[str, Any]]) -> None:
    """The reports as tables, the second one's times as ratios to the first's too."""
    columns = ["count", *(f"p{p}" for p in PERCENTILES)]
    for report in reports:
        rows = {
            kind: [str(report[kind]["count"]), *(_milliseconds(report[kind][f"p{p}"]) for p in PERCENTILES)]
            for kind in KINDS
        }
        print_table(f"{report['name']}: milliseconds from the request to the end of the page's run", rows, columns)
    for report in reports[1:]:
        rows = {kind: [_ratio(report[kind][f"p{p}"], reports[0][kind][f"p{p}"]) for p in PERCENTILES] for kind in KINDS}
        print_table(f"{report['name']}, as multiples of {reports[0]['name']}", rows, columns[1:])
    rest = {
        "seconds": [f"{report['seconds']:.0f}" for report in reports],
        "errors / mixed up": [f"{report['errors']} / {report['mixed']}" for report in reports],
        "pictures / computed again": [f"{report['pictures']} / {report['computed_again']}" for report in reports],
        "actions that began late": [str(report["late"]) for report in reports],
        "processor time of a run, ms": [str(report["server_ms_per_run"]) for report in reports],
        **{
            f"cores: {name}": [f"{report['cores'][name]:.2f}" for report in reports]
            for name in ("server", "visitors", "training")
        },
        "MB after a third / at the end / most": [
            " / ".join(str(report["memory_MB"][when]) for when in ("third", "end", "most")) for report in reports
        ],
        "growth after the first third, %": [str(report["growth_percent"]) for report in reports],
        "load average": [str(report["load_average"]) for report in reports],
    }
    print_table("The server", rest, [report["name"] for report in reports])


def _milliseconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{1000 * seconds:.0f}"


def _ratio(seconds: float | None, base: float | None) -> str:
    return f"{seconds / base:.2f}" if seconds and base else "-"


def main() -> int:
    """Measure, print, and write JSON; 1 where anything went wrong or was mixed up."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=5, help="of each window")
    parser.add_argument("--training", action="store_true", help="measure again while one more session trains")
    parser.add_argument("--processes", type=int, default=1, help="servers; more than one stand behind nginx")
    parser.add_argument("--model", default="storyteller")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    asked = parser.parse_args()
    torch.set_num_threads(1)  # the cores are the servers'
    asked.lm = model.load(asked.model)
    windows = [Window("alone" if asked.training else "everybody")]
    with contextlib.ExitStack() as stack:
        ports, processes = stack.enter_context(servers(asked.processes))
        url = f"http://127.0.0.1:{ports[0]}"
        if len(ports) > 1:
            url = stack.enter_context(behind_nginx(ports))
            wait_for(url)
        say(f"{asked.processes} server(s): {[one.pid for one in processes]}")
        whole = asyncio.run(until_interrupted(url, asked, [process.pid for process in processes], windows))
    windows = [window for window in windows if window.seen]
    for window in windows:
        window.checked = compare(asked.lm, window.tally)
    if not windows:
        return 1
    reports = [summary(window) for window in windows]
    show(reports)
    for window in windows:
        for line in [*window.tally.errors[:5], *window.tally.mixed[:5]]:
            print(line)
    if asked.json:
        settings = {name: value for name, value in vars(asked).items() if name not in ("lm", "json")}
        asked.json.write_text(json.dumps(settings | {"whole": whole, "windows": reports}, indent=1), encoding="utf-8")
    return 1 if any(window.tally.errors or window.tally.mixed for window in windows) else 0


if __name__ == "__main__":
    sys.exit(main())
