"""Files that are whole or not there: written under another name, then put in place."""

from __future__ import annotations

import os
from pathlib import Path


def put_in_place(partial: Path, path: Path) -> None:
    """Give the finished file `partial` its name `path`; killed at any moment, `path` is as before or whole.

    The bytes go to the disk first: a power cut after the rename must not leave an empty file.
    """
    with open(partial, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)


def write_text(path: Path, text: str) -> None:
    """Write a small file, whole or not at all."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    put_in_place(partial, path)
