"""Folders for files that go with this process, and those that a killed one left behind."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "glassformer-"


def folder(kind: str) -> Path:
    """A new, empty folder, removed when this process ends well; else by the next one that asks for a folder."""
    _sweep()
    made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-{os.getpid()}-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _sweep() -> None:
    """Remove the folders of processes that are no more."""
    if os.name != "posix":  # elsewhere nothing asks a process whether it lives without ending it
        return
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*-*"):
        process = left.name.split("-")[2]
        if process.isdigit() and not _lives(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
