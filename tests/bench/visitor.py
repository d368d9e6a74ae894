"""A browser tab without a browser: one session of the app over Streamlit's websocket.

Knows the protocol and nothing of what is measured.  As a browser does, it keeps the address, the
widgets' states and the messages that the server need not send again.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState


@dataclass(frozen=True)
class Answer:
    """What one run of the page's script sent."""

    seconds: float  # from sending the request to the end of the run
    nbytes: int  # received, uncompressed
    elements: dict[str, Element]  # by the widget's key, those that have one
    unnamed: list[Element]  # the others


class Visitor:
    """One tab. `open` it, then change its widgets with `change`."""

    def __init__(self, url: str, address: str, query: str, *, cookie: str = ""):
        self._url = url.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream"
        self._page, self._query, self._hash = address, query, ""
        self._headers = {"Cookie": cookie} if cookie else {}
        self._held: dict[str, ForwardMsg] = {}  # messages by their hash
        self._ids: dict[str, str] = {}  # of widgets, by key
        self._states: dict[str, WidgetState] = {}  # by key, of the widgets that were moved
        self._part = ""  # id of the part of the page that asks to be drawn again and again
        self._pause = 0.0  # seconds until then
        self._socket: websockets.ClientConnection

    async def open(self) -> Answer:
        """Connect, and draw the page for the first time."""
        self._socket = await websockets.connect(
            self._url, subprotocols=["streamlit"], max_size=None, proxy=None, additional_headers=self._headers
        )
        return await self._run([])

    async def close(self) -> None:
        """Close the tab."""
        await self._socket.close()

    async def change(self, key: str, value: int | str) -> Answer:
        """Give the widget `key` another value."""
        state = WidgetState(id=self._ids[key])
        if isinstance(value, int):
            state.int_value = value
        else:
            state.string_value = value
        self._states[key] = state
        return await self._run(list(self._states.values()))

    async def press(self, key: str) -> Answer:
        """Press a button."""
        return await self._run([*self._states.values(), WidgetState(id=self._ids[key], trigger_value=True)])

    @property
    def watches(self) -> bool:
        """Whether a part of the page asks to be drawn again and again."""
        return bool(self._part)

    async def again(self) -> Answer:
        """Wait as long as that part of the page asks for, and have it drawn again."""
        await asyncio.sleep(self._pause)
        return await self._run(list(self._states.values()), part=self._part)

    async def _ask(self, states: list[WidgetState], part: str) -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.fragment_id, asked.is_auto_rerun = part, bool(part)
        asked.query_string, asked.page_name, asked.page_script_hash = self._query, self._page, self._hash
        asked.context_info.locale, asked.context_info.timezone = "en-US", "UTC"
        asked.cached_message_hashes.extend(self._held)
        asked.widget_states.widgets.extend(states)
        await self._socket.send(message.SerializeToString())

    async def _run(self, states: list[WidgetState], part: str = "") -> Answer:
        started, nbytes = time.monotonic(), 0
        elements: dict[str, Element] = {}
        unnamed: list[Element] = []
        if not part:
            self._part = ""
        await self._ask(states, part)
        while True:
            data = await self._socket.recv()
            nbytes += len(data)
            message = ForwardMsg.FromString(data)
            if message.WhichOneof("type") == "ref_hash":
                message = self._held[message.ref_hash]
            elif message.metadata.cacheable:
                self._held[message.hash] = message
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self._hash = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                key = self._remember(message.delta.new_element)
                if key:
                    elements[key] = message.delta.new_element
                else:
                    unnamed.append(message.delta.new_element)
            elif kind == "auto_rerun":
                self._part, self._pause = message.auto_rerun.fragment_id, message.auto_rerun.interval
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._part = ""  # the whole page follows, which says anew what is to be drawn again
            elif kind == "script_finished":
                return Answer(time.monotonic() - started, nbytes, elements, unnamed)

    def _remember(self, element: Element) -> str:
        """The key of a widget, whose id is noted; empty for what has none."""
        part: Any = getattr(element, element.WhichOneof("type"))
        marked = getattr(part, "id", "")
        if not marked.startswith("$$ID-"):
            return ""
        key = marked.split("-", 2)[2]
        if key in self._states and self._ids.get(key) != marked:
            del self._states[key]  # another widget under the same key, which the session has told what to hold
        self._ids[key] = marked
        return key


def data_of(element: Element) -> dict[str, Any]:
    """What a component of our own was given to draw."""
    return json.loads(element.bidi_component.json)


async def until(moment: float) -> None:
    """Wait until that moment of the monotonic clock."""
    await asyncio.sleep(max(0.0, moment - time.monotonic()))
