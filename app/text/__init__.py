"""Every sentence that a person reads: one folder per language, one file of plain data (TOML) per room.

A key is "<file>.<name>"; placeholders are ``{name}``, as in `str.format`.  A sentence that a
language lacks is shown in English.  README.md beside this file says how to add a language.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

LANGUAGE_NAMES = {"en": "English", "zh": "中文", "fr": "Français"}

HERE = Path(__file__).resolve().parent


def _read(lang: str) -> dict[str, str]:
    sentences = {}
    for file in sorted((HERE / lang).glob("*.toml")):
        for name, sentence in tomllib.loads(file.read_text(encoding="utf-8")).items():
            sentences[f"{file.stem}.{name}"] = sentence
    return sentences


SENTENCES = {lang: _read(lang) for lang in LANGUAGE_NAMES}  # language -> key -> sentence
ENGLISH = SENTENCES["en"]


@cache
def offered() -> tuple[str, ...]:
    """The languages that have every sentence."""
    return tuple(lang for lang in LANGUAGE_NAMES if SENTENCES[lang].keys() >= ENGLISH.keys())


def template(lang: str, key: str) -> str:
    """The sentence `key` with its placeholders left open, for the browser to fill.

    Raises:
        KeyError: for an unknown key.
    """
    return SENTENCES.get(lang, ENGLISH).get(key) or ENGLISH[key]


def templates(lang: str, prefix: str) -> dict[str, str]:
    """Every sentence whose key begins with `prefix`, by the rest of its key, placeholders left open."""
    return dict(_templates(lang, prefix))


@cache
def _templates(lang: str, prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): template(lang, key) for key in ENGLISH if key.startswith(prefix)}


def translate(lang: str, key: str, /, **values: object) -> str:
    """The sentence `key` in `lang`, its placeholders filled with `values`.

    Raises:
        KeyError: for an unknown key, or a placeholder without a value.
    """
    return template(lang, key).format(**values)


def error_text(lang: str, error: Exception) -> str:
    """The sentence of a `BadInput` in `lang`; its own English one where there is no translation.

    Besides the error's values a translation can use ``{message}``, the English sentence.
    """
    key = f"common.error.{getattr(error, 'code', '')}"
    if key not in ENGLISH:
        return str(error)
    values = dict(getattr(error, "values", {}))
    if "length" in values:  # of a prompt, in English: "1,024 tokens" or "9,000 characters"
        count, unit = values["length"].split()
        values["length"] = translate(lang, f"common.length.{unit}", count=count)
    return translate(lang, key, message=str(error), **values)


def kind_of_text(lang: str, kind: str) -> str:
    """The name of a kind of training text, such as "zh-poems"; the kind itself where it has no name."""
    key = f"common.kind.{kind}"
    return translate(lang, key) if key in ENGLISH else kind


def escape_markdown(text: str) -> str:
    """`text` as Markdown that reads as exactly this text: for tokens and what people typed."""
    return "".join(f"\\{c}" if c in r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~""" else c for c in text)


def plain(markdown: str) -> str:
    """A sentence without its Markdown: what `escape_markdown` escaped as it was, and nothing bold."""
    return re.sub(r"\\([!-/:-@\[-`{-~])|\*\*", lambda found: found[1] or "", markdown)
