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


def told(lang: str, error: Exception) -> str:
    """The sentence of a `BadInput` in `lang`; its own English one where there is no translation.

    Besides the error's values a translation can use ``{message}``, the English sentence.
    """
    key = f"common.error.{error.code}"
    return say(lang, key, message=str(error), **error.values) if key in TEXT else str(error)


def plain(text: str) -> str:
    """`text` as Markdown that reads as exactly this text: for tokens and what people typed."""
    return "".join(f"\\{c}" if c in r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~""" else c for c in text)


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def percent(probability: float) -> str:
    """A probability as a percentage that keeps its meaning when small: 77.3 %, 0.4 %, 0.0032 %, 1.2 × 10⁻⁹ %."""
    value = 100 * probability
    if value == 0 or value == 100:
        return f"{value:.0f} %"
    if value >= 99.95:
        return "> 99.9 %"
    if value >= 0.995:
        return f"{value:.1f} %"
    if value >= 1e-5:
        # Two digits that count, and none that only fill: 0.40 is 0.4.
        return f"{float(f'{value:.1e}'):.7f}".rstrip("0") + " %"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)} %"
