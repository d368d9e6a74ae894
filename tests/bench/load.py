"""python -m tests.bench.load: thirty people on one server, each a widget a second and a new prompt every five.

Every visitor has prompts of their own.  What comes back has to be theirs: the tokens always, and the numbers of a
sample are computed again here, without the app.  Times are those of the server: from the request to the end of the
page's run, without a browser's drawing.  Linux only: memory and processor time are read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

import model
from tests.bench.timing import print_table
from tests.bench.visitor import Answer, Visitor, data_of, until

ROOT = Path(__file__).resolve().parent.parent.parent
WIDGET_SECONDS, PROMPT_SECONDS = 1.0, 5.0
SAMPLE = 200  # pictures whose numbers are computed again
WORDS = ("lantern", "sang", "over", "seven", "quiet", "rivers", "while", "clocks", "dreamed", "of", "salt", "snow")
START_SECONDS = 120


@dataclass(frozen=True)
class Picture:
    """What a visitor asked for, and the weights that came."""

    prompt: str
    layer: int
    head: int
    weights: bytes


@dataclass
class Tally:
    """What all visitors saw."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {"widget": [], "prompt": []})
    nbytes: dict[str, list[int]] = field(default_factory=lambda: {"widget": [], "prompt": []})
    late: int = 0  # actions that could not begin in time, because the one before was not over
    errors: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)


class Person:
    """One visitor of the attention page, and what they do."""

    def __init__(self, number: int, url: str, asked: argparse.Namespace, tally: Tally):
        self._dice = random.Random(number)
        self._number, self._tally, self._lm = number, tally, asked.lm
        self._prompt, self._layer, self._head = self._next_prompt(), 0, 0
        query = urlencode({"prompt": self._prompt, "model": self._lm.name, "layer": 0, "head": 0})
        self._visitor = Visitor(url, "attention", query)

    def _next_prompt(self) -> str:
        return f"visitor {self._number} " + " ".join(self._dice.choices(WORDS, k=9)) + f" {self._dice.randrange(10**6)}"

    async def stay(self, begin: float, end: float) -> None:
        """Arrive before `begin`, act until `end`, leave."""
        await self._visitor.open()
        moment, acts = begin + self._dice.random(), 0
        while moment < end:
            await until(moment)
            self._tally.late += time.monotonic() - moment > 0.1
            await self._act("prompt" if acts % int(PROMPT_SECONDS + 1) == PROMPT_SECONDS else "widget")
            acts += 1
            moment += WIDGET_SECONDS if acts % int(PROMPT_SECONDS + 1) else 0.0
        await self._visitor.close()

    async def _act(self, kind: str) -> None:
        try:
            if kind == "prompt":
                self._prompt = self._next_prompt()
                answer = await self._visitor.change("prompt", self._prompt)
            else:
                widget = self._dice.choice(("layer", "head"))
                answer = await self._visitor.change(widget, self._other(widget))
        except Exception as error:
            self._tally.errors.append(f"{kind}: {error!r}")
            raise
        self._tally.seconds[kind].append(answer.seconds)
        self._tally.nbytes[kind].append(answer.nbytes)
        self._check(answer)

    def _other(self, widget: str) -> int:
        config = self._lm.config
        count = config.n_layers if widget == "layer" else config.attention.n_heads
        held = self._layer if widget == "layer" else self._head
        value = self._dice.choice([one for one in range(count) if one != held])
        if widget == "layer":
            self._layer = value
        else:
            self._head = value
        return value

    def _check(self, answer: Answer) -> None:
        if "stages" not in answer.elements:
            self._tally.errors.append(f"no picture for {self._prompt!r}")
            return
        data = data_of(answer.elements["stages"])
        shown = self._lm.tokenizer.encode(self._prompt)
        if data["tokens"] != [self._lm.tokenizer.shown(token) for token in shown]:
            self._tally.mixed.append(f"{self._prompt!r} got the tokens {data['tokens']}")
        if not data["file"].endswith(f"-layer{self._layer}-head{self._head}.png"):
            self._tally.mixed.append(f"layer {self._layer} head {self._head} got {data['file']}")
        weights = base64.b64decode(data["pattern"])
        self._tally.pictures.append(Picture(self._prompt, self._layer, self._head, weights))


def compare(lm: model.LanguageModel, tally: Tally) -> int:
    """Compute a sample of what was shown again; how many pictures. What differs is noted as mixed up."""
    sample = random.Random(0).sample(tally.pictures, min(SAMPLE, len(tally.pictures)))
    for picture in sample:
        trace = model.run_trace(lm, picture.prompt, capture="light")
        right = trace.pattern(picture.layer)[picture.head][trace.mask(picture.layer)]
        shown = np.frombuffer(picture.weights, "<f4")
        if shown.shape != right.shape or not np.allclose(shown, right, atol=1e-5):
            tally.mixed.append(f"layer {picture.layer} head {picture.head} of {picture.prompt!r}: other numbers")
    return len(sample)


@contextlib.contextmanager
def servers(count: int) -> Iterator[tuple[list[int], list[subprocess.Popen]]]:
    """As many servers of the app, on ports of their own."""
    ports, processes = [], []
    try:
        for _ in range(count):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.headless", "true"]
            process = subprocess.Popen([*command, "--server.port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
            ports.append(port)
            processes.append(process)
        for port in ports:
            wait_for(f"http://127.0.0.1:{port}")
        yield ports, processes
    finally:
        for process in processes:
            process.send_signal(signal.SIGINT)
            process.wait()


def wait_for(url: str) -> None:
    """Until the server there says that it is well."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with direct.open(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@contextlib.contextmanager
def behind_nginx(ports: list[int]) -> Iterator[str]:
    """nginx as in assets/deploy, in front of these ports; its address."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        text = (ROOT / "assets" / "deploy" / "nginx.conf").read_text(encoding="utf-8")
        servers_of_it = "\n".join(f"        server 127.0.0.1:{one};" for one in ports)
        start, end = text.index("        server 127.0.0.1:"), text.index("    }", text.index("upstream"))
        text = text[:start] + servers_of_it + "\n" + text[end:]
        text = text.replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/nginx", f"{folder}/nginx")
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(text, encoding="utf-8")
        process = subprocess.Popen(["nginx", "-c", str(configuration), "-g", "daemon off;", "-e", f"{folder}/errors"])
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def usage(pids: list[int]) -> tuple[int, float]:
    """Bytes in memory, and seconds of processor time, of these processes together."""
    pages = ticks = 0
    for pid in pids:
        pages += int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[11:13]))
    return pages * os.sysconf("SC_PAGE_SIZE"), ticks / os.sysconf("SC_CLK_TCK")


async def visit(url: str, asked: argparse.Namespace, pids: list[int]) -> tuple[Tally, list[tuple[float, int, float]]]:
    """All visitors together: what they saw, and (seconds, bytes, processor seconds) of the server now and then."""
    tally, seen = Tally(), []
    begin = time.monotonic() + asked.arrive
    end = begin + 60 * asked.minutes

    async def watch() -> None:
        while True:
            seen.append((time.monotonic() - begin, *usage(pids)))
            await asyncio.sleep(2)

    watching = asyncio.create_task(watch())
    people = [Person(number, url, asked, tally).stay(begin, end) for number in range(asked.sessions)]
    for outcome in await asyncio.gather(*people, return_exceptions=True):
        if isinstance(outcome, Exception):
            tally.errors.append(repr(outcome))
    watching.cancel()
    return tally, seen


def summary(tally: Tally, seen: list[tuple[float, int, float]], checked: int) -> dict:
    """The numbers of the report."""
    inside = [one for one in seen if one[0] > 0] or seen
    last = inside[-1][0]
    runs = sum(map(len, tally.seconds.values()))
    after = [size for at, size, _ in inside if at >= last / 3]
    report = {
        kind: {
            "count": len(times),
            **{f"p{p}": round(float(np.percentile(times, p)), 3) for p in (50, 95, 99) if times},
            "kB": round(float(np.median(tally.nbytes[kind])) / 1000, 1) if times else None,
        }
        for kind, times in tally.seconds.items()
    }
    return {
        **report,
        "late": tally.late,
        "errors": len(tally.errors),
        "mixed": len(tally.mixed),
        "pictures": len(tally.pictures),
        "computed_again": checked,
        "cpu_ms_per_run": round(1000 * (inside[-1][2] - inside[0][2]) / max(1, runs), 1),
        "memory_MB": {"third": round(after[0] / 1e6), "end": round(after[-1] / 1e6), "most": round(max(after) / 1e6)},
        "growth_percent": round(100 * (after[-1] / after[0] - 1), 1),
        "load_average": round(os.getloadavg()[0], 1),
        "memory_over_time": [[round(at), round(size / 1e6)] for at, size, _ in inside[:: max(1, len(inside) // 30)]],
    }


def show(report: dict) -> None:
    """The report as tables."""
    rows = {
        kind: [str(report[kind]["count"]), *(f"{1000 * report[kind].get(p, 0):.0f}" for p in ("p50", "p95", "p99"))]
        for kind in ("widget", "prompt")
    }
    print_table("Milliseconds from the request to the end of the page's run", rows, ["count", "p50", "p95", "p99"])
    memory = report["memory_MB"]
    rest = {
        "errors / mixed up": [f"{report['errors']} / {report['mixed']}"],
        "pictures / computed again": [f"{report['pictures']} / {report['computed_again']}"],
        "actions that began late": [str(report["late"])],
        "processor time of a run": [f"{report['cpu_ms_per_run']} ms"],
        "memory after a third, at the end, most": [f"{memory['third']}, {memory['end']}, {memory['most']} MB"],
        "load average": [str(report["load_average"])],
    }
    print_table("The server", rest, [""])


def main() -> int:
    """Measure, print, and write JSON; 1 where anything went wrong or was mixed up."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--processes", type=int, default=1, help="servers; more than one stand behind nginx")
    parser.add_argument("--model", default="storyteller")
    parser.add_argument("--arrive", type=float, default=20, help="seconds before the measurement, to arrive in")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    asked = parser.parse_args()
    asked.lm = model.load(asked.model)
    with contextlib.ExitStack() as stack:
        ports, processes = stack.enter_context(servers(asked.processes))
        url = f"http://127.0.0.1:{ports[0]}"
        if len(ports) > 1:
            url = stack.enter_context(behind_nginx(ports))
            wait_for(url)
        print(f"{asked.sessions} sessions, {asked.processes} server(s): {[one.pid for one in processes]}", flush=True)
        tally, seen = asyncio.run(visit(url, asked, [process.pid for process in processes]))
    report = summary(tally, seen, compare(asked.lm, tally))
    show(report)
    for line in [*tally.errors[:5], *tally.mixed[:5]]:
        print(line)
    if asked.json:
        asked.json.write_text(json.dumps(vars(asked) | {"lm": asked.model, "json": None} | report, indent=1))
    return 1 if tally.errors or tally.mixed else 0


if __name__ == "__main__":
    sys.exit(main())
