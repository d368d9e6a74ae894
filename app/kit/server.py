"""What the web server does beside Streamlit: its large scripts travel compressed, and answers carry careful headers.

Streamlit sends its own scripts, such as Plotly's 4.7 MB, as they are, so as not to compress them for every browser
anew.  Here each is compressed once, when it is first asked for.
"""

from __future__ import annotations

import gzip
import mimetypes
import threading
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import streamlit as st
from anyio import to_thread
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

STATIC = "/static/"
COMPRESSED = {".js", ".css", ".svg"}  # fonts and pictures are compressed as they are
YEAR = 365 * 24 * 60 * 60  # seconds; the names of these files change with their content
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",  # a page's address has the prompt in it
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}


def middleware() -> list[Middleware]:
    """For `st.App`, the outermost first."""
    return [Middleware(Headers), Middleware(Compressed, folder=Path(file_util.get_static_dir()) / "static")]


class Compressed:
    """Serves Streamlit's own scripts and styles compressed, to browsers that take that."""

    def __init__(self, app: ASGIApp, folder: Path):
        self._app, self._folder = app, folder
        # Only what is there at the start has an address: no other path is ever read.
        self._files = {f"{STATIC}{file.relative_to(folder).as_posix()}" for file in folder.rglob("*") if file.is_file()}
        self._lock = threading.Lock()  # thirty browsers of a class ask at once: one of them has it compressed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on what is not for here."""
        path = scope.get("path", "")
        if (
            scope["type"] != "http"
            or scope["method"] not in ("GET", "HEAD")
            or path not in self._files
            or Path(path).suffix not in COMPRESSED
            or b"gzip" not in dict(scope["headers"]).get(b"accept-encoding", b"")
        ):
            await self._app(scope, receive, send)
            return
        body = await to_thread.run_sync(self._read, path.removeprefix(STATIC))
        headers = [
            (b"content-type", (mimetypes.guess_type(path)[0] or "application/octet-stream").encode()),
            (b"content-encoding", b"gzip"),
            (b"content-length", str(len(body)).encode()),
            (b"vary", b"accept-encoding"),
            (b"cache-control", f"public, immutable, max-age={YEAR}".encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _read(self, name: str) -> bytes:
        with self._lock:
            return _compressed(self._folder / name)


@lru_cache(maxsize=None)
def _compressed(file: Path) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)


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


def _with_headers(message: MutableMapping[str, Any], secure: bool) -> Message:
    headers = [
        (name, value + b"; Secure" if secure and name.lower() == b"set-cookie" and b"secure" not in value.lower() else value)
        for name, value in message.get("headers", [])
    ]
    return {**message, "headers": [*headers, *HEADERS.items()]}


@asynccontextmanager
async def warm(app: st.App) -> AsyncIterator[None]:
    """For `st.App`: load what the first page needs while the first browser is still on its way."""
    threading.Thread(target=_warm, name="warm", daemon=True).start()
    yield


def _warm() -> None:
    from app.kit import runtime
    from app.kit.stations import STATIONS

    for station in STATIONS:
        import_module(f"app.rooms.{station.folder}.page")
    runtime.warm_up()
