"""Every sentence a person reads, in English and Chinese.

One module per page, each with a dict ``TEXT``: name -> {"en": ..., "zh": ...}.  A key is
"module.name"; placeholders are ``{name}`` as in `str.format`.
"""

import importlib
import pkgutil

LANGUAGE_NAMES = {"en": "English", "zh": "中文"}


def _tables() -> dict[str, dict[str, str]]:
    table = {}
    for module in pkgutil.iter_modules(__path__):
        texts = importlib.import_module(f"{__name__}.{module.name}").TEXT
        table |= {f"{module.name}.{name}": languages for name, languages in texts.items()}
    return table


TEXT = _tables()


def say(lang: str, key: str, **values: object) -> str:
    """The sentence `key` in `lang` ("en" or "zh"), its placeholders filled with `values`.

    Raises:
        KeyError: for an unknown key or language, or a placeholder without a value.
    """
    return TEXT[key][lang].format(**values)


def plain(text: str) -> str:
    """`text` as Markdown that reads as exactly this text: for tokens and what people typed."""
    return "".join(f"\\{c}" if c in r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~""" else c for c in text)
