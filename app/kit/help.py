"""Help where it is needed: terms that explain themselves in a page's sentences, and a hint for the first visit.

The terms are data, app/text/glossary.toml.  The script marks them by the browser's own highlights, so the page's
text is not touched: nothing is escaped, wrapped or drawn anew.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

import app.text
from app.kit.component import declare
from app.text import templates

GLOSSARY = Path(app.text.__file__).with_name("glossary.toml")

_help = declare(__file__, "help", front=("dom",))


@lru_cache(maxsize=8)
def terms(lang: str) -> list[dict]:
    """Every term of the glossary that has an entry in `lang`: its "words", the name first, and what it "means"."""
    entries = tomllib.loads(GLOSSARY.read_text(encoding="utf-8")).values()
    return [entry[lang] for entry in entries if lang in entry]


def help_here(lang: str) -> None:
    """Mark the terms of this page, and offer their list. Call once a page."""
    _help.draw("help", {"terms": terms(lang), "labels": templates(lang, "common.help.")})
