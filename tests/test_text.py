"""All languages say the same things."""

import ast
import re
import string
from pathlib import Path

import pytest

import app.text
from app.kit.numbers import percent
from app.text import (
    ENGLISH,
    LANGUAGE_NAMES,
    SENTENCES,
    error_text,
    escape_markdown,
    kind_of_text,
    offered,
    plain,
    translate,
)
from model import BadInput

ROOT = Path(__file__).resolve().parent.parent


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def words_of(sentence: str) -> str:
    return "".join(text for text, *_ in string.Formatter().parse(sentence))


@pytest.mark.parametrize("lang", LANGUAGE_NAMES)
def test_each_language_has_known_sentences_with_the_placeholders_of_the_english_ones(lang):
    """A translator's slip would show as an error on the page, or as a key that nobody reads."""
    assert set(SENTENCES[lang]) <= set(ENGLISH)
    for key, sentence in SENTENCES[lang].items():
        assert sentence.strip(), key
        if not key.startswith("common.error."):  # those may use any value that the error carries: see below
            assert placeholders(sentence) == placeholders(ENGLISH[key]), key


def errors_raised() -> list[tuple[str, set[str]]]:
    """(code, names of its values) of every `BadInput` that the code of model/ and app/ makes."""
    found = []
    for file in [*(ROOT / "model").rglob("*.py"), *(ROOT / "app").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "BadInput":
                code = node.args[0]
                assert isinstance(code, ast.Constant), f"{file}: a code that no translator can find"
                found.append((code.value, {keyword.arg for keyword in node.keywords}))
    return found


@pytest.mark.parametrize("lang", LANGUAGE_NAMES)
def test_every_error_is_translated_with_values_that_it_carries(lang):
    """Chinese readers got "bad_config" and "bad_tokenizer" in English; a value that is missing would be a KeyError."""
    raised = errors_raised()
    assert len(raised) > 50
    for code, values in raised:
        key = f"common.error.{code}"
        assert key in SENTENCES[lang], key
        assert placeholders(SENTENCES[lang][key]) <= values | {"message"}, key


def test_no_translation_of_an_error_outlives_it():
    codes = {code for code, _ in errors_raised()}
    assert [key for key in ENGLISH if key.startswith("common.error.") and key.split(".")[-1] not in codes] == []


def test_the_languages_that_the_project_promises_are_complete():
    assert {"en", "zh"} <= set(offered())


def test_a_folder_of_text_belongs_to_a_named_language():
    assert {path.name for path in Path(app.text.__file__).parent.iterdir() if path.is_dir()} - {"__pycache__"} == set(
        LANGUAGE_NAMES
    )


def test_chinese_text_is_chinese():
    """Guards against a sentence copied and never translated; names and symbols may stay."""
    same = {key for key, sentence in SENTENCES["zh"].items() if sentence == ENGLISH[key]}
    assert all(len(words_of(ENGLISH[key])) <= 12 for key in same), same


def test_a_missing_sentence_is_said_in_english(monkeypatch):
    """A language can be shown before it is finished, and is offered only after."""
    monkeypatch.delitem(SENTENCES["zh"], "attention.layer")
    offered.cache_clear()
    assert translate("zh", "attention.layer") == "Layer" and "zh" not in offered()
    assert translate("zh", "attention.head") == "头"
    offered.cache_clear()


def test_every_sentence_is_used():
    """Guards against sentences that translators translate for nobody."""
    patterns = [pattern for file in (ROOT / "app").rglob("*.py") for pattern in keys_in(file)]
    assert [key for key in ENGLISH if not any(pattern.fullmatch(key) for pattern in patterns)] == []


def keys_in(file: Path) -> list[re.Pattern]:
    """Patterns of the keys that the code of `file` names: "a.b", f"a.{b}", and "a." as the beginning of keys."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            found.append(re.escape(node.value) + (".+" if node.value.endswith(".") else ""))
        elif isinstance(node, ast.JoinedStr):
            parts = [re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in node.values]
            if "".join(parts).strip(".+"):
                found.append("".join(parts))
    return [re.compile(pattern) for pattern in found]


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
    assert escape_markdown("$x$ :red[a] <b> `c` *d* & \\") == r"\$x\$ \:red\[a\] \<b\> \`c\` \*d\* \& \\"
    assert escape_markdown("你好 ·a") == "你好 ·a"


def test_a_sentence_for_screen_readers_has_no_markdown():
    """They read "backslash comma" where a picture's alternative was the page's sentence."""
    token = r"a\*b*, **c** <d>"
    assert plain(f"**It was** {escape_markdown(token)}.") == f"It was {token}."


def test_errors_without_a_translation_speak_english():
    assert error_text("zh", BadInput("never_seen", "Do this.")) == "Do this."
    assert error_text("zh", BadInput("empty_prompt", "x")) == translate("zh", "common.error.empty_prompt")


def test_an_error_says_how_long_the_prompt_is_in_the_page_s_language():
    """The message was translated and "297 tokens" inside it was not."""
    error = BadInput("too_long_to_show", "x", length="1,297 tokens", limit=512)
    assert "1,297 tokens" in error_text("en", error)
    assert "1,297 个词元" in error_text("zh", error) and "tokens" not in error_text("zh", error)


def test_kinds_of_text_have_names_a_reader_knows():
    assert kind_of_text("en", "zh-poems") == "Chinese poems"
    assert kind_of_text("zh", "en-books") == "英文书"
    assert kind_of_text("zh", "somebody's own") == "somebody's own"


def test_a_language_that_is_not_finished_is_reached_by_its_address_and_not_offered():
    """French has what every page says and one room: the rest is shown in English."""
    french = SENTENCES["fr"]
    for room in ("common", "attention"):
        assert {key for key in ENGLISH if key.startswith(f"{room}.")} <= set(french)
    assert "fr" in LANGUAGE_NAMES and "fr" not in offered()
    assert translate("fr", "attention.layer") == "Couche"
    assert translate("fr", "output.undo") == "Undo"
