"""Front-end pieces of our own, where a chart library is too slow or reads tokens as markup.

A component is a Python function that says what is drawn, and a script and a style of the
same name beside it; what scripts and styles share is in app/kit/front.  Scripts write text
with `textContent` or on a canvas only, so a token can never become markup.

Streamlit would send a component's script again with everything that it draws.  So it gets one line, which fetches
the script from `SERVED`, once: app/kit/server.py answers for that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

FRONT = Path(__file__).resolve().parent / "front"  # what the scripts and styles of all components share
ADDRESS = "front/"  # where scripts are served, below the app's own address
SERVED: dict[str, str] = {}  # script by its path, "front/<name>.<sum of its text>.js"


def pack(array: np.ndarray) -> str:
    """`array` as base64 of its little-endian numbers, row by row: how it reaches the browser."""
    return base64.b64encode(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data).decode("ascii")


class Component:
    """A piece of the page, drawn by scripts in the browser."""

    def __init__(self, mount: Callable):
        self._mount = mount

    def draw(self, key: str, data: dict[str, Any], **reactions: Callable[[Any], None]) -> None:
        """Draw `data`.

        Args:
            key: of the element on the page.
            data: what the script receives: plain values, arrays by `pack`.
            reactions: by the name of a trigger of the script, what is called with the
                trigger's value before the next run.
        """

        def reaction(trigger: str, react: Callable[[Any], None]) -> Callable[[], None]:
            def told() -> None:
                # Another page's component may have told it, while this page came: its value is gone with it.
                if trigger in st.session_state[key]:
                    react(st.session_state[key][trigger])

            return told

        callbacks = {f"on_{trigger}_change": reaction(trigger, react) for trigger, react in reactions.items()}
        self._mount(key=key, data=data, **callbacks)


def front_script(names: Sequence[str]) -> str:
    """The scripts of app/kit/front with these names, joined in this order."""
    return _joined(FRONT, [f"{name}.js" for name in names])


def declare(
    beside: str, name: str, *, front: Sequence[str] = (), scripts: Sequence[str] = (), styles: Sequence[str] = ()
) -> Component:
    """The component `name`, whose files stand beside the Python file `beside` (its ``__file__``).

    All scripts become one module, so that each may use the names that those before it define.

    Args:
        front: scripts of app/kit/front that it uses, "dom" first; a style of the same name comes with each.
        scripts: its own files, the last with its ``export default``; else ``<name>.js``.
        styles: its own files, after those of the kit; else ``<name>.css``.
    """
    folder = Path(beside).resolve().parent
    shared = ["base.css", *(f"{script}.css" for script in front if (FRONT / f"{script}.css").exists())]
    full_name = f"glassformer_{folder.name}_{name}"
    mount = st.components.v2.component(
        full_name,
        html='<div class="root"></div>',
        css=_joined(FRONT, shared) + "\n" + _joined(folder, styles or [f"{name}.css"]),
        js=_fetching(full_name, front_script(front) + "\n" + _joined(folder, scripts or [f"{name}.js"])),
    )
    return Component(mount)


def _fetching(name: str, script: str) -> str:
    """A script that is `script`, which the browser fetches and keeps."""
    path = f"{ADDRESS}{name}.{hashlib.sha256(script.encode()).hexdigest()[:16]}.js"
    SERVED[path] = script
    # A page's address is one word below the app's, so this path begins where the app does.
    fetched = f'await import(new URL("{path}", document.baseURI).href)'
    return f"const script = {fetched};\nexport default script.default;\n"  # one line would be taken for a file's name


def _joined(folder: Path, files: Sequence[str]) -> str:
    return "\n".join((folder / file).read_text(encoding="utf-8") for file in files)
