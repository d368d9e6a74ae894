"""The texts that come with this room."""

from __future__ import annotations

import tomllib
from pathlib import Path

TEXTS: dict[str, tuple[str, str]] = {
    name: (text["begin"], text["rest"])
    for name, text in tomllib.loads(Path(__file__).with_name("texts.toml").read_text(encoding="utf-8")).items()
}  # name -> what is shown at the beginning, what is guessed
