"""Models that people made here: files of this server's own, each known by a name that cannot be guessed.

Whoever has the name, from the address, can open the model; nobody's list shows another one's.
Knows nothing of sessions: `app.kit.frame` keeps whose list has which.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
from collections import OrderedDict
from pathlib import Path

import model
from app.kit import scratch
from model.files import checkpoint

PREFIX = "my-"
_NAME = re.compile(r"my-[\w-]+-[0-9a-z]{8}")
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


def new_name(kind: str) -> str:
    """A name for a model of that kind of text, such as "my-zh-poems-4k0d9x2m"."""
    return f"{PREFIX}{kind}-{''.join(secrets.choice(_LETTERS) for _ in range(8))}"


class OwnModels:
    """The models of one server process, in a folder that goes with it; safe under threads."""

    def __init__(self, most: int):
        """`most`: how many are kept; beyond that the oldest goes."""
        self._most = most
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, model.Entry] = OrderedDict()
        self._folder: Path | None = None

    def keep(self, name: str, file: Path) -> None:
        """Keep the finished model in `file` as `name`; it appears whole or not at all."""
        header = checkpoint.describe(file)
        with self._lock:
            if self._folder is None:
                self._folder = scratch.folder("models")
            partial = self._folder / f"{name}.part"
            shutil.copyfile(file, partial)
            os.replace(partial, self._path(name))
            kinds = header.config.attention.kind, header.config.feed_forward.kind
            self._entries[name] = model.Entry(name, True, header.parameters, *kinds, True, header.description)
            while len(self._entries) > self._most:
                oldest, _ = self._entries.popitem(last=False)
                self._path(oldest).unlink()

    def entry(self, name: str) -> model.Entry | None:
        """What the list says of it; None where it is not, or no longer, kept."""
        return self._entries.get(name)

    def file(self, name: str) -> Path | None:
        """Where a kept model is.

        Raises:
            BadInput: "not_kept" for the name of one that is kept no longer.
        """
        if name in self._entries:
            return self._path(name)
        if _NAME.fullmatch(name):
            raise model.BadInput(
                "not_kept",
                f"The model {name} was trained on a server that no longer keeps it: train one anew, or choose another.",
                name=name,
            )
        return None

    def _path(self, name: str) -> Path:
        assert self._folder is not None, "made with the first model"
        return self._folder / f"{name}.safetensors"
