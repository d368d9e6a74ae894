"""What the web server does beside Streamlit: scripts travel compressed, once, and answers carry careful headers.

Streamlit sends its own scripts, megabytes of them, as they are, so as not to compress them for every browser
anew, and a component's script with everything that it draws.  Here each is compressed once, when it is first asked
for, and the browser keeps it.
"""

from __future__ import annotations

import atexit
import gzip
import logging
import mimetypes
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from anyio import to_thread
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

from app.kit.component import ADDRESS, SERVED
from app.kit.limits import public
from app.kit.stations import STATIONS

FRONT = "home"  # the map's other address
LOST = "lost"  # the word of the address that says which room was asked for
STREAMLIT_S = {"_stcore", "media", "component", "static", "app"}  # first parts of its own addresses
ROOM_LENGTH = 60  # characters of it that are worth repeating
STATIC = "/static/"
COMPRESSED = {".js", ".css", ".svg"}  # fonts and pictures are compressed as they are
YEAR = 365 * 24 * 60 * 60  # seconds; the names of these files change with their content
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",  # a page's address has the prompt in it
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}


LOGGER = "glassformer"  # what app/kit/runtime.py writes to
_imported = threading.Event()  # every room's components are known


def middleware() -> list[Middleware]:
    """For `st.App`, the outermost first."""
    scripts = Middleware(Scripts, folder=Path(file_util.get_static_dir()) / "static")
    return [
        Middleware(Headers),
        Middleware(Lost, rooms=frozenset({FRONT, *(station.address for station in STATIONS)})),
        scripts,
    ]


class Scripts:
    """Serves the components' scripts, and Streamlit's own scripts and styles compressed to browsers that take that."""

    def __init__(self, app: ASGIApp, folder: Path):
        self._app, self._folder = app, folder
        # Only what is there at the start has an address: no other path is ever read.
        self._files = {
            f"{STATIC}{file.relative_to(folder).as_posix()}": file
            for file in folder.rglob("*")
            if file.suffix in COMPRESSED and file.is_file()
        }
        self._lock = threading.Lock()  # thirty browsers of a class ask at once: one of them has it compressed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on what is not for here."""
        path = scope["path"].removeprefix(scope.get("root_path", "")) if scope["type"] == "http" else ""
        zipped = bool(path) and b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
        if path.startswith(f"/{ADDRESS}"):
            await to_thread.run_sync(_imported.wait)
            script = SERVED.get(path[1:])
            if script is not None:
                await _answer(scope, send, path, _compressed(script) if zipped else script.encode(), zipped)
                return
        elif zipped and path in self._files and scope["method"] in ("GET", "HEAD"):
            await _answer(scope, send, path, await to_thread.run_sync(self._read, self._files[path]), zipped)
            return
        await self._app(scope, receive, send)

    def _read(self, file: Path) -> bytes:
        with self._lock:
            return _compressed(file)


async def _answer(scope: Scope, send: Send, path: str, body: bytes, zipped: bool) -> None:
    headers = [
        (b"content-type", (mimetypes.guess_type(path)[0] or "application/octet-stream").encode()),
        (b"content-length", str(len(body)).encode()),
        (b"vary", b"accept-encoding"),
        (b"cache-control", f"public, immutable, max-age={YEAR}".encode()),
        *([(b"content-encoding", b"gzip")] if zipped else []),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


@cache
def _compressed(source: Path | str) -> bytes:
    return gzip.compress(source.encode() if isinstance(source, str) else source.read_bytes(), 9, mtime=0)


class Lost:
    """Leads who asks for a room that does not exist to the map, which says so in their language: Streamlit's own
    dialog speaks English alone."""

    def __init__(self, app: ASGIApp, rooms: frozenset[str]):
        self._app, self._rooms = app, rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer: what is no file of Streamlit's and no room would be its page."""
        root = scope.get("root_path", "")
        room = scope["path"].removeprefix(root).strip("/") if scope["type"] == "http" else ""
        if not room or room in self._rooms or room.split("/")[0] in STREAMLIT_S:
            await self._app(scope, receive, send)
            return
        led = False

        async def sent(message: Message) -> None:
            nonlocal led
            if message["type"] == "http.response.start" and message["status"] == 200:
                led = dict(message.get("headers", [])).get(b"content-type", b"").startswith(b"text/html")
            if not led:
                await send(message)

        await self._app(scope, receive, sent)
        if led:
            words = [(word, value) for word, value in parse_qsl(scope["query_string"].decode()) if word != LOST]
            there = f"{root}/?{urlencode([*words, (LOST, room[:ROOM_LENGTH])])}"
            await RedirectResponse(there)(scope, receive, send)


class Headers:
    """Adds `HEADERS` to every answer; cookies that came over a proxy's TLS are for TLS alone."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        secure = scope["type"] == "http" and dict(scope["headers"]).get(b"x-forwarded-proto") == b"https"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = _with_headers(message, secure)
            await send(message)

        await self._app(scope, receive, sent if scope["type"] == "http" else send)


def _with_headers(message: Message, secure: bool) -> Message:
    headers = [
        (name, value + b"; Secure" if secure and name == b"set-cookie" and b"secure" not in value.lower() else value)
        for name, value in message.get("headers", [])
    ]
    return {**message, "headers": [*headers, *HEADERS.items()]}


@asynccontextmanager
async def warm(app: st.App) -> AsyncIterator[None]:
    """For `st.App`: load what the first page needs while the first browser is still on its way."""
    # Ctrl-C ends the server as a request to terminate does: asked by SIGINT itself, it would end as by an error.
    signal.signal(signal.SIGINT, lambda number, frame: signal.raise_signal(signal.SIGTERM))
    if public():
        log = logging.getLogger(LOGGER)
        log.setLevel(logging.INFO)
        log.addHandler(logging.StreamHandler())
    threading.Thread(target=load, name="load", daemon=True).start()
    yield
    atexit._run_exitfuncs()  # a signal's end, which comes next, leaves them out: trainings would leave their files


def load() -> None:
    """Import every room, and load the model of the first page."""
    from app.kit import runtime

    try:
        for station in STATIONS:
            import_module(f"app.rooms.{station.folder}.page")
    finally:
        _imported.set()
    runtime.warm_up()
