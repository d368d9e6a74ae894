"""python -m tests.bench.browser: from a click or key to the finished page, in a real Chromium.

Each time is also given as a multiple of an empty Streamlit rerun in the same run, and with the
bytes that the browser received for it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import CDPSession, Locator, Page, sync_playwright

import model
from tests.conftest import CHROMIUM, STILL

ROOT = Path(__file__).resolve().parents[2]
TEXT = "Once upon a time there was a king who had a daughter, and she went into the wood to see the old woman. " * 6
TOKENS = 64
EMPTY = "import streamlit as st\nst.button('again', key='again')\n"

# Click `element` and wait until the run that this starts is over and two frames have been painted; ms.
TIMED = """(element, act) => new Promise((done) => {
  const app = document.querySelector("[data-testid='stApp']");
  const state = () => app.dataset.testScriptState;
  const begun = performance.now();
  let ran = false;
  const watch = new MutationObserver(() => {
    ran ||= state() === "running";
    if (!ran || state() !== "notRunning") return;
    watch.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - begun)));
  });
  watch.observe(app, { attributes: true });
  if (act === "click") element.click();
  else element.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
})"""


@contextmanager
def served(script: Path) -> Iterator[str]:
    """The address of a Streamlit server that runs `script`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    process = subprocess.Popen(
        [*command, "--server.headless", "true"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while not _healthy(address):
            if process.poll() is not None:
                raise RuntimeError(f"the server of {script.name} has ended")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


class Bytes:
    """Counts what the page receives over its websocket."""

    def __init__(self, session: CDPSession):
        self.count = 0
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._add)

    def _add(self, event: dict) -> None:
        self.count += len(event["response"]["payloadData"]) * 3 // 4  # binary frames are told as base64


def measure(page: Page, received: Bytes, target: Callable[[int], Locator], act: str, rounds: int) -> dict[str, float]:
    """p50 and p95 in ms, and the median of the bytes, of `rounds` actions after two that are not counted."""
    times, sizes = [], []
    for turn in range(rounds + 2):
        element, before = target(turn), received.count
        milliseconds = element.evaluate(TIMED, act)
        page.wait_for_function(STILL)
        if turn >= 2:
            times.append(milliseconds)
            sizes.append(received.count - before)
    ordered = sorted(times)
    last = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return {"p50": statistics.median(times), "p95": last, "bytes": statistics.median(sizes)}


def prompt_of(name: str, tokens: int) -> str:
    """A text of so many tokens of that model."""
    tokenizer = model.load(name).tokenizer
    return tokenizer.decode(tokenizer.encode(TEXT)[:tokens])


def actions(page: Page, name: str) -> dict[str, tuple[str, Callable[[int], Locator], str]]:
    """What a person does: the room where it is done, the element of each turn, and how."""

    def stepped(turn: int) -> Locator:
        return page.locator(f".st-key-layer [data-testid='stNumberInputStep{'Up' if turn % 2 == 0 else 'Down'}']")

    def chip(turn: int) -> Locator:
        return page.locator(".st-key-chips .chip").nth(2 + turn % 8)

    def station(turn: int) -> Locator:
        return page.get_by_role("link", name=("Norms", "Attention")[turn % 2], exact=True)

    def typed(turn: int) -> Locator:
        box = page.locator(".st-key-prompt textarea")
        box.fill(f"{prompt_of(name, TOKENS - 4)} {turn} x")
        return box

    return {
        "layer change, attention": ("attention", stepped, "click"),
        "token change, norms": ("norms", chip, "click"),
        "token change, feed-forward": ("ffn", chip, "click"),
        "room change, attention and norms": ("attention", station, "click"),
        "new prompt, next token": ("output", typed, "enter"),
        "new prompt, attention": ("attention", typed, "enter"),
    }


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.browser", description=__doc__)
    parser.add_argument("--model", default="storyteller")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    chromium = os.environ.get("GLASSFORMER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
        page.set_default_timeout(120_000)
        received = Bytes(page.context.new_cdp_session(page))
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        with served(empty) as address:
            page.goto(address)
            button = page.locator(".st-key-again button")
            button.wait_for()
            found["an empty rerun"] = measure(page, received, lambda turn: button, "click", arguments.rounds)
        with served(ROOT / "app" / "main.py") as address:
            for label, (room, target, act) in actions(page, arguments.model).items():
                prompt = quote(prompt_of(arguments.model, TOKENS))
                page.goto(f"{address}/{room}?model={arguments.model}&lang=en&layer=0&head=0&prompt={prompt}")
                page.locator(".st-key-chips .chip").first.wait_for()
                page.wait_for_function(STILL)
                found[label] = measure(page, received, target, act, arguments.rounds)
        browser.close()
    if arguments.json:
        print(json.dumps({"model": arguments.model, "tokens": TOKENS, "actions": found}))
        return
    floor = found["an empty rerun"]["p50"]
    print(f"{arguments.model}, {TOKENS} tokens, {arguments.rounds} of each")
    for label, row in found.items():
        times = f"{row['p50']:6.0f} / {row['p95']:.0f} ms"
        print(f"{label:34} {times:>16}   {row['p50'] / floor:4.1f} x empty   {row['bytes'] / 1000:7.1f} kB")


if __name__ == "__main__":
    main()
