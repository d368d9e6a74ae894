"""Both languages say the same things."""

import string

import pytest

from app.text import LANGUAGE_NAMES, TEXT, percent, plain, say, told
from model import BadInput


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


@pytest.mark.parametrize("key", sorted(TEXT))
def test_every_sentence_is_there_in_both_languages_with_the_same_placeholders(key):
    assert set(TEXT[key]) == set(LANGUAGE_NAMES)
    english, chinese = TEXT[key]["en"], TEXT[key]["zh"]
    assert english.strip() and chinese.strip()
    assert placeholders(english) == placeholders(chinese)


def test_chinese_text_is_chinese():
    """Guards against a sentence copied and never translated; names and symbols may stay."""
    same = {key for key, languages in TEXT.items() if languages["en"] == languages["zh"]}
    words = {key: "".join(text for text, *_ in string.Formatter().parse(TEXT[key]["en"])) for key in same}
    assert all(len(text) <= 12 for text in words.values()), words


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.773, "77.3 %"),
        (0.0652, "6.5 %"),
        (0.004, "0.4 %"),
        (0.0043, "0.43 %"),
        (0.0001, "0.01 %"),
        (0.000032, "0.0032 %"),
        (1.2e-11, "1.2 × 10⁻⁹ %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.99997, "> 99.9 %"),
        (0.9996, "> 99.9 %"),
        (0.00999, "1.0 %"),
    ],
)
def test_percentages_keep_their_meaning_when_small(probability, shown):
    """Transformer Explainer prints "<0.01%" for anything under 1 %."""
    assert percent(probability) == shown


def test_plain_text_escapes_everything_markdown_reads():
    assert plain("$x$ :red[a] <b> `c` *d* & \\") == r"\$x\$ \:red\[a\] \<b\> \`c\` \*d\* \& \\"
    assert plain("你好 ·a") == "你好 ·a"


def test_errors_without_a_translation_speak_english():
    assert told("zh", BadInput("never_seen", "Do this.")) == "Do this."
    assert told("zh", BadInput("empty_prompt", "x")) == say("zh", "common.error.empty_prompt")
