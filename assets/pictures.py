"""python assets/pictures.py: the README's picture and animation, taken from the running app by Chromium.

Chromium writes WebP; the frames are put into one file here, as the WebP container specification says (RIFF, VP8X,
ANIM, ANMF).  Needs tests/requirements.txt.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parent
SIZE = {"width": 1200, "height": 760}
FRAMES, FRAME_MS = 18, 900  # the map's way of a token takes 15 seconds
QUALITY = 70
VIEW = {"prompt": "Once upon a time there was a", "lang": "en"}
START_SECONDS = 120


def serve(port: int, cache: str) -> subprocess.Popen:
    """Start the app as a user would, and wait until it answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "--no-browser", "--port", str(port)],
        cwd=FOLDER.parent,
        env=os.environ | {"GLASSFORMER_CACHE": cache},
        start_new_session=True,
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with direct.open(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return process
        except OSError:
            time.sleep(0.2)
    stop(process)
    raise RuntimeError(f"the app did not answer on port {port} within {START_SECONDS} seconds")


def stop(process: subprocess.Popen) -> None:
    """End the app as by Ctrl-C."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        process.wait()


def webp(page: Page) -> bytes:
    """What the page shows now."""
    session = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    session.detach()
    return base64.b64decode(shot["data"])


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a RIFF file, padded to an even length."""
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def small(number: int) -> bytes:
    """24 bits, the lowest first."""
    return number.to_bytes(3, "little")


def picture_chunk(still: bytes) -> bytes:
    """The VP8 chunk of a WebP file without transparency."""
    place = 12
    while place < len(still):
        name, length = still[place : place + 4], struct.unpack("<I", still[place + 4 : place + 8])[0]
        if name in (b"VP8 ", b"VP8L"):
            return chunk(name, still[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    raise ValueError("there is no VP8 chunk in what Chromium wrote")


def animation(frames: list[tuple[bytes, int]]) -> bytes:
    """One endless WebP of still ones of SIZE, each with the milliseconds it stays."""
    size = small(SIZE["width"] - 1) + small(SIZE["height"] - 1)
    body = b"WEBP" + chunk(b"VP8X", b"\x02\0\0\0" + size) + chunk(b"ANIM", b"\xff\xff\xff\xff" + b"\0\0")
    for still, stays in frames:
        body += chunk(b"ANMF", small(0) + small(0) + size + small(stays) + b"\x02" + picture_chunk(still))
    return chunk(b"RIFF", body)


def opened(page: Page, address: str, room: str, element: str, **view: str) -> None:
    """Go to a room and wait until its picture is there and nothing is computed any more."""
    page.goto(f"{address}/{room}?{urlencode(VIEW | view)}")
    page.locator(f".st-key-{element}").first.wait_for(timeout=60_000)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_timeout(1_500)  # the pictures' own transitions


def main() -> None:
    """Write app.webp and pass.webp beside this file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as cache, sync_playwright() as playwright:
        process = serve(port, cache)
        try:
            found = os.environ.get("GLASSFORMER_CHROMIUM") or shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE, locale="en-US")
            page.add_init_script("localStorage.setItem('glassformer-hint', 'read')")
            page.set_default_timeout(60_000)
            take(page, f"http://127.0.0.1:{port}")
            browser.close()
        finally:
            stop(process)


def take(page: Page, address: str) -> None:
    """The picture, and the animation."""
    opened(page, address, "attention", "stages")
    (FOLDER / "app.webp").write_bytes(webp(page))
    opened(page, address, "map", "chips")
    page.locator(".player .play").click()
    frames = []
    for _ in range(FRAMES):
        frames.append((webp(page), FRAME_MS))
        page.wait_for_timeout(FRAME_MS)
    (FOLDER / "pass.webp").write_bytes(animation(frames))


if __name__ == "__main__":
    main()
