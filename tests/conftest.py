"""Fixtures for the whole run: the real SmolLM2, one server of the app, and one Chromium."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

# Before torch is loaded, as model/__init__.py says: how its threads wait beside the other processes of a test.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "50000")

import hypothesis
import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from model import LanguageModel, fetch, load

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",  # whose compiled scripts the next page finds
]
START_SECONDS = 120
# Whether nothing on the page has moved for a fifth of a second, and nothing is still to be drawn.
STILL = """() => new Promise((done) => {
  const parts = () => [...document.querySelectorAll(".stElementContainer")];
  const read = () => JSON.stringify(parts().map((part) => part.getBoundingClientRect().top));
  const before = read();
  setTimeout(() => done(read() === before && !document.querySelector("[data-testid='stSkeleton']")), 200);
})"""
STOP_SECONDS = 20

# How long one example takes says more about a busy machine than about the code.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")


def pytest_configure() -> None:
    """Two threads, as in the app: tests must not depend on the machine's cores. One in each of several processes."""
    torch.set_num_threads(1 if "PYTEST_XDIST_WORKER" in os.environ else 2)


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")  # only the first of several processes has one
    return 0 if reporter is None else len(reporter.stats.get("skipped", []))


def _no_skips() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where CI is set, a run with a skipped test has failed."""
    if _no_skips() and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why such a run has failed."""
    if _no_skips() and _skipped(config):
        terminalreporter.write_line(
            f"FAILED: {_skipped(config)} skipped; where CI is set, every test has to run.", red=True
        )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app's address, started as a user would, on a machine where SmolLM2 was never fetched.

    At the end it is stopped as by Ctrl-C, and has to end well.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT_")}
    environment["GLASSFORMER_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    command = [sys.executable, "-m", "app", "--no-browser", "--port", str(port)]
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _healthy(address):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the app did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.2)
        yield address
        os.killpg(process.pid, signal.SIGINT)
        status = process.wait(STOP_SECONDS)
        said = log.read_text(errors="replace")
        assert status == 0 and "Traceback" not in said, f"the app ended with status {status} and said:\n{said}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)


def _healthy(address: str) -> bool:
    direct = urllib.request.build_opener(
        urllib.request.ProxyHandler({})
    )  # a proxy does not know this machine's own addresses
    try:
        with direct.open(f"{address}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="session")
def tiny() -> LanguageModel:
    """The small model with random weights that is always there."""
    return load("tiny")


@pytest.fixture(scope="session")
def smollm2_file() -> Path:
    """The GGUF file of the real SmolLM2, fetched into the user's cache the first time (93 MB)."""
    return fetch("smollm2")


@pytest.fixture(scope="session")
def gemma_file() -> Path:
    """The GGUF file of the real Gemma 3 270M, fetched into the user's cache the first time (238 MB)."""
    return fetch("gemma3-270m")


@pytest.fixture(scope="session")
def smollm2(smollm2_file: Path) -> LanguageModel:
    """The real SmolLM2."""
    return load("smollm2")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, else the one Playwright installed."""
    with sync_playwright() as playwright:
        found = (
            os.environ.get("GLASSFORMER_CHROMIUM")
            or shutil.which("chromium")
            or shutil.which("chromium-browser")
            or shutil.which("google-chrome")
        )
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM)
        yield browser
        browser.close()


class Browsers:
    """Chromium's contexts for ``visit``: each as new for every test, its scripts loaded and compiled once.

    A page in a context of its own costs 2.4 s of processor time, most of it for the scripts; one in a context
    where another has been costs 1.2 s.  So contexts are kept, each with an empty page that keeps its process.
    """

    def __init__(self, server: str, chromium: Browser) -> None:
        self.server, self.chromium = server, chromium
        self.kept: dict[str, list[BrowserContext]] = {}  # by what a page cannot set itself
        self.lent: list[BrowserContext] = []

    def page(self, viewport: ViewportSize, color_scheme: str, **options) -> Page:
        """A page in a context that no other page of this test is in."""
        alike = self.kept.setdefault(json.dumps(options, sort_keys=True), [])
        context = next((each for each in alike if each not in self.lent), None)
        if context is None:
            context = self.chromium.new_context(**options)
            context.new_page().goto(f"{self.server}/_stcore/health")
            alike.append(context)
        self.lent.append(context)
        page = context.new_page()
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme)
        return page

    def tidy(self) -> None:
        """Close what the test has opened, and forget what it has left in its contexts."""
        for context in self.lent:
            first, *others = context.pages
            for page in others:
                page.close()
            first.evaluate("localStorage.clear()")
            context.clear_cookies()
            context.clear_permissions()
        self.lent.clear()


@pytest.fixture(scope="session")
def browsers(server: str, chromium: Browser) -> Browsers:
    """The contexts that ``visit`` lends to the tests."""
    return Browsers(server, chromium)


@pytest.fixture
def visit(browsers: Browsers) -> Iterator[Callable[..., Page]]:
    """``visit("/output?lang=en", **context)`` opens the app in a browser of its own, drawn to the end.

    When the test ends, an error in any of its browsers' consoles fails it.  Streamlit itself
    asks for files that are not there when a page below "/" is opened, which Chromium reports
    as 404: those alone are left out.
    """
    errors = []

    def open_page(path: str = "/", *, hint: bool = False, **options) -> Page:
        usual = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en-US"}
        page = browsers.page(**(usual | options))
        if not hint:  # of the first visit, which would lie over the page
            page.add_init_script("localStorage.setItem('explained-hint', 'read')")
        page.set_default_timeout(60_000)
        page.on(
            "console",
            lambda message: (
                errors.append(message.text) if message.type == "error" and "status of 404" not in message.text else None
            ),
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(browsers.server + path)
        page.locator(".st-key-prompt").wait_for()
        settled(page)
        # The chips are a script of their own: once they stand (or an error instead), nothing on the page is made anew.
        page.locator(".st-key-chips .chip, [data-testid='stAlert']").first.wait_for()
        page.wait_for_function(STILL)
        return page

    yield open_page
    browsers.tidy()
    assert not errors, errors


def settled(page: Page) -> None:
    """Wait until the server has finished the run that the last action started."""
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_function(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
