"""python -m tests.bench.browser: from a click or key to the last pixel it changes, in a real Chromium.

Each time is also given as a multiple of an empty Streamlit rerun in the same run, and with the
bytes that the browser received for it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page, sync_playwright

import model
from tests.bench.pixels import WATCH, answers, summary
from tests.conftest import CHROMIUM, STILL

ROOT = Path(__file__).resolve().parents[2]
TEXT = "Once upon a time there was a king who had a daughter, and she went into the wood to see the old woman. " * 20
EMPTY = "import streamlit as st\nst.button('again', key='again')\n"


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
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as reply:
            return reply.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@dataclass(frozen=True)
class Action:
    """What a person does.

    Args:
        room: the address where it is done, with its own words.
        target: the element of each turn, and the act (see `pixels.answer`).
        server: whether the server is asked.
    """

    room: str
    target: Callable[[Page, int], tuple[Locator, str]]
    server: bool = True


def prompt_of(lm: model.LanguageModel, tokens: int) -> str:
    """A text of so many tokens."""
    return lm.tokenizer.decode(lm.tokenizer.encode(TEXT)[:tokens])


def actions(lm: model.LanguageModel, tokens: int) -> dict[str, Action]:
    """Every action by its name in the table."""

    def stepped(page: Page, turn: int) -> tuple[Locator, str]:
        last = lm.config.n_layers - 1  # all the way up and down again: a picture seen just before is not sent again
        way = "Up" if turn // last % 2 == 0 else "Down"
        return page.locator(f".st-key-layer [data-testid='stNumberInputStep{way}']"), "click"

    def head(page: Page, turn: int) -> tuple[Locator, str]:
        return page.locator(".st-key-heads button").nth(turn % lm.config.attention.n_heads), "click"

    def chip(page: Page, turn: int) -> tuple[Locator, str]:
        return page.locator(".st-key-chips .chip").nth(2 + turn % 8), "click"

    def cell(page: Page, turn: int) -> tuple[Locator, str]:
        share = 0.3 + 0.01 * (turn % 30)
        return page.locator("[data-testid='stage-softmax'] canvas").last, f"{share},0.9"

    def toggle(page: Page, turn: int) -> tuple[Locator, str]:
        return page.locator(".st-key-unmasked input"), "click"

    def station(*names: str) -> Callable[[Page, int], tuple[Locator, str]]:
        def linked(page: Page, turn: int) -> tuple[Locator, str]:
            return page.get_by_role("link", name=names[turn % len(names)], exact=True).first, "click"

        return linked

    def typed(page: Page, turn: int) -> tuple[Locator, str]:
        box = page.locator(".st-key-prompt textarea")
        box.fill(f"{prompt_of(lm, tokens - 4)} {turn} x")
        return box, "enter"

    return {
        "cell click, attention": Action("attention?query=60&key=3", cell, server=False),
        "layer change, attention": Action("attention?layer=0&head=0", stepped),
        "head change, attention": Action("attention?layer=0&head=0", head),
        "switch, what if": Action("what-if?layer=0&head=0", toggle),
        "token change, attention": Action("attention?layer=0&head=0", chip),
        "token change, norms": Action("norms?", chip),
        "token change, feed-forward": Action("ffn?", chip),
        "token change, next token": Action("output?", chip),
        "rooms: attention, norms": Action("norms?layer=0&head=0", station("Attention", "Norms")),
        "rooms: tokens, embeddings": Action("tokens?", station("Embeddings", "Tokens")),
        "rooms: residual, next token": Action("output?", station("Residual stream", "Next token")),
        "new prompt, next token": Action("output?", typed),
        "new prompt, attention": Action("attention?layer=0&head=0", typed),
    }


def measure(page: Page, address: str, name: str, action: Action, prompt: str, rounds: int) -> dict[str, float]:
    """What `summary` says of one action, done `rounds` times."""
    page.goto(f"{address}/{action.room}&model={name}&lang=en&prompt={quote(prompt)}")
    page.locator(".st-key-chips .chip").first.wait_for()
    page.wait_for_function(STILL)
    return summary(answers(page, lambda turn: action.target(page, turn), rounds, server=action.server))


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.browser", description=__doc__)
    parser.add_argument("--model", default="storyteller")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--only", default="", help="a part of an action's name")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    lm = model.load(given.model)
    prompt = prompt_of(lm, given.tokens)
    found: dict[str, dict[str, float]] = {}
    chromium = os.environ.get("GLASSFORMER_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
        page.set_default_timeout(120_000)
        page.add_init_script(WATCH)
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        with served(empty) as address:
            page.goto(address)
            button = page.locator(".st-key-again button")
            button.wait_for()
            found["an empty rerun"] = summary(answers(page, lambda turn: (button, "click"), given.rounds))
        with served(ROOT / "app" / "main.py") as address:
            for label, action in actions(lm, given.tokens).items():
                if given.only in label:
                    found[label] = measure(page, address, given.model, action, prompt, given.rounds)
                    print(label, {k: round(v) for k, v in found[label].items()}, file=sys.stderr)
        browser.close()
    if given.json:
        print(json.dumps({"model": given.model, "tokens": given.tokens, "actions": found}))
        return
    floor = found["an empty rerun"]["p50"]
    print(f"{given.model}, {given.tokens} tokens, {given.rounds} of each; first frame, then p50 / p95 of the last one")
    for label, row in found.items():
        times = f"{row['first']:5.0f}, {row['p50']:5.0f} / {row['p95']:.0f} ms"
        print(f"{label:32} {times:>22}   {row['p50'] / floor:4.1f} x empty   {row['bytes'] / 1000:7.1f} kB")


if __name__ == "__main__":
    main()
