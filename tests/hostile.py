"""Hostile input, made from a seed: texts, addresses, links, lessons, and what has to hold for each.

Every check returns nothing where all is well and raises AssertionError, or whatever broke, where not.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from streamlit.testing.v1 import AppTest

import model
from app.kit import link, runtime
from app.kit.address import WORDS, View, describe, parse
from app.kit.lessons.errors import LessonError
from app.kit.lessons.format import read as read_lesson
from app.text import error_text, escape_markdown, offered
from model import BadInput, LanguageModel

LESSONS = sorted((Path(__file__).resolve().parent.parent / "app" / "lessons").glob("*.toml"))
ZALGO = "Z" + "".join(map(chr, range(0x300, 0x370))) * 3
NAUGHTY = (
    "", " ", "\t\r\n", "\0", "a\0b", "\x1b[31mred\x1b[0m", "\x7f\x80\x9f", "\u00ad\u200b\u200d\ufeff",
    "\u2028\u2029", "\u202eesrever", "\u2066isolated\u2069", "\U000e0041\U000e0042",
    "\ufdd0\ufffe\uffff\U0010ffff", "\ue000\U000f0000", "\ud800", "\udc00", "\udbff\udbff", "\udc00\ud800",
    "a\ud83d", "\ude00b", ZALGO, "ﷺ" * 40, "👩\u200d👩\u200d👧\u200d👦" * 9,
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "Ω≈ç√∫˜µ≤≥÷", "田中さん", "사회과학원",
    "תֵּבֵל", "مُنَاقَشَةُ", "ɐnbᴉlɐ ɐuƃɐɯ", "İıſK", "ǆ\u0345ΰ", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "</style><svg onload=x>", "javascript:alert(1)", "[a](javascript:x)",
    "![a](http://x/y)", "$\\frac{1}{0}$", ":red[x]", ":material/close:", "# h\n---\n",
    "`x` **y** _z_ ~~w~~ | a | b |", "'; DROP TABLE users; --", "' OR 1=1", "${7*7}", "{{7*7}}",
    "{0.__class__}", "{prompt}", "%s%n%x", "%00", "%ff%fe", "../../etc/passwd", "/dev/zero", "/proc/self/mem",
    "~nobody/x", "~\0", "file:///etc/passwd", "C:\\con", "\\\\host\\share", "a" * 5000, "🙂" * 1000,
    "<|endoftext|>" * 3, "<|im_start|>user", "<pad>", "<0x00>", "▁", "Ġ", "##ing", "nan", "NaN", "-inf",
    "Infinity", "1e999", "-1", "-0", "0x10", "1_000", "٣", "½", "²", "1.0", "1,5", "9" * 400, "-" + "9" * 5000,
    "1" * 4301, "True", "true", "None", "null", "[]", "{}", ".", "..", "1..2", "1.2.", "-1.2", "0." * 500 + "0",
    "2147483648", "18446744073709551616", "fp32", "en", "EN", "zh-CN", "tiny", "storyteller", "smollm2",
    "my-x-00000000",
)  # fmt: skip
BLOCKS = (
    (0x00, 0x20), (0x20, 0x7F), (0x7F, 0x100), (0x300, 0x370), (0x590, 0x780), (0x900, 0xE80),
    (0x1100, 0x1200), (0x2000, 0x2070), (0x2190, 0x2300), (0x3000, 0x3100), (0x4E00, 0x5000), (0xD800, 0xE000),
    (0xE000, 0xE100),
    (0xFB00, 0xFE10),
    (0xFFF0, 0x10000), (0x10000, 0x10100), (0x1D400, 0x1D500), (0x1F300, 0x1F700), (0x20000, 0x20100),
    (0xE0000, 0xE0200), (0x10FF00, 0x110000),
)  # fmt: skip


def hostile_text(rng: random.Random) -> str:
    """A naughty string, characters of a few odd blocks, anything of Unicode, or several of these."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(NAUGHTY)
    if kind == 1:
        return hostile_text(rng) + rng.choice(("", " ", "\n", "\0", "\ud800")) + rng.choice(NAUGHTY)
    if kind == 2:
        return "".join(chr(rng.randrange(0x110000)) for _ in range(rng.randrange(40)))
    if kind == 3:
        return rng.choice(NAUGHTY) * rng.choice((2, 3, 100))
    blocks = [rng.choice(BLOCKS) for _ in range(rng.randint(1, 3))]
    return "".join(chr(rng.randrange(*rng.choice(blocks))) for _ in range(rng.randrange(1, 60)))


def hostile_value(rng: random.Random) -> Any:
    """What stands in an address or comes from a widget: mostly text, sometimes another type."""
    others = (
        None,
        True,
        -1,
        2**70,
        float("nan"),
        float("inf"),
        1e308,
        0.5,
        [],
        [1, -2],
        ["a"],
        (2**40,),
        {"a": 1},
        b"\xff",
        object(),
    )
    return rng.choice(others) if rng.randrange(5) == 0 else hostile_text(rng)


def hostile_address(rng: random.Random) -> dict[str, Any]:
    """Parameters by name: known words with unfit values, unknown ones, a packed part."""
    names = [rng.choice(tuple(WORDS)) for _ in range(rng.randint(1, 8))]
    found = {name: hostile_value(rng) for name in names}
    if rng.randrange(4) == 0:
        found[hostile_text(rng)] = hostile_value(rng)
    return found


def hostile_link(rng: random.Random) -> str:
    """A packed part of a link: no base64, damaged, or of words that nobody would type."""
    kind = rng.randrange(4)
    if kind == 0:
        return hostile_text(rng)
    words: Any = {hostile_text(rng): hostile_text(rng)} | {
        rng.choice(tuple(WORDS)): hostile_text(rng) for _ in range(3)
    }
    if kind == 1:
        words = rng.choice(([], 3, None, {"prompt": 3}, {"prompt": None}, {"layer": [1]}, "x", {"z": "AAAA"}))
    text = json.dumps(words)  # lone surrogates as \ud800: what any JSON may hold
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = bytearray(squeeze.compress(text.encode()) + squeeze.flush())
    if kind == 2:
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def hostile_lesson(rng: random.Random) -> tuple[bytes, str]:
    """Bytes and name of a lesson's file: a shipped one that was changed."""
    shipped = rng.choice(LESSONS)
    data = bytearray(shipped.read_bytes())
    kind = rng.randrange(5)
    if kind == 0:
        data = data[: rng.randrange(len(data))]
    elif kind == 1:
        for _ in range(rng.randint(1, 5)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind == 2:
        lines = data.split(b"\n")
        place = rng.randrange(len(lines))
        key = lines[place].split(b"=")[0]
        value = rng.choice(
            (
                b"nan",
                b"-inf",
                b"9" * 5000,
                b"[[[]]]",
                b"{a={a=1}}",
                b"1979-05-27",
                b"0x10",
                b"''",
                b'"\\ud800"',
                b"[" * 5000,
            )
        )
        lines[place] = key + b"= " + (value if rng.randrange(2) else json.dumps(hostile_text(rng)).encode())
        data = bytearray(b"\n".join(lines))
    elif kind == 3:
        lines = data.split(b"\n")
        for _ in range(rng.randint(1, 6)):
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
        data = bytearray(b"\n".join(lines))
    else:
        data = bytearray(hostile_text(rng).encode("utf-8", "surrogatepass") * rng.randint(1, 9))
    return bytes(data), shipped.name if rng.randrange(8) else hostile_text(rng)


# What has to hold


def one_sentence(text: str) -> None:
    """A message as people get it: one line, not empty, that can be sent."""
    assert text and "\n" not in text and "Traceback" not in text, text
    escape_markdown(text).encode()


def told(error: BadInput) -> None:
    """An error that is a sentence in every language."""
    for lang in offered():
        one_sentence(error_text(lang, error))
    one_sentence(str(error))


def check_text(text: str, lm: LanguageModel) -> None:
    """A prompt is tokens that can be shown, or one sentence."""
    try:
        ids = runtime.read_prompt(lm, text)
    except BadInput as error:
        told(error)
        return
    assert ids and all(0 <= token < lm.config.vocab_size for token in ids)
    for token in set(ids):
        shown = lm.tokenizer.shown(token)
        assert shown.isprintable() or not shown, (token, shown)
        shown.encode()
    lm.tokenizer.decode(ids).encode()


def check_address(parameters: Mapping[str, Any]) -> None:
    """An address is a view, and the view an address that leads back to it and can be sent."""
    view = parse(parameters, View())
    written = describe(view, View())
    assert parse(written, View()) == view, written
    query = link.query_of(written)
    query.encode("ascii")
    assert parse(link.unpacked(dict(parse_qsl(query, keep_blank_values=True))), View()) == view, query


def check_link(packed: str) -> None:
    """A packed part is parameters, or ValueError, which is one sentence on the page."""
    with contextlib.suppress(ValueError):
        check_address(_unpacked(packed))


def _unpacked(packed: str) -> dict[str, str]:
    return link.unpacked({link.PACKED: packed})


def check_model(name: Any) -> None:
    """A model's name or path is a model or one sentence."""
    try:
        assert isinstance(runtime.language_model(parse({"model": name}, View()).model), LanguageModel)
    except BadInput as error:
        told(error)


def check_path(name: str) -> None:
    """What may be a path is looked at without harm."""
    try:
        model.check(name)
    except BadInput as error:
        told(error)


def check_lesson(data: bytes, file: str) -> None:
    """A lesson's file is a lesson or one sentence with its line."""
    try:
        read_lesson(data, file)
    except LessonError as error:
        for lang in offered():
            one_sentence(error.sentence(lang))


CHECKS: dict[str, Callable[[random.Random, LanguageModel], None]] = {
    "prompt": lambda rng, lm: check_text(hostile_text(rng), lm),
    "address": lambda rng, lm: check_address(hostile_address(rng)),
    "link": lambda rng, lm: check_link(hostile_link(rng)),
    "model": lambda rng, lm: check_model(hostile_text(rng)),
    "path": lambda rng, lm: check_path(hostile_text(rng)),
    "lesson": lambda rng, lm: check_lesson(*hostile_lesson(rng)),
}

MODELS = ("tiny", "storyteller", "storyteller-classic")


def run(kind: str, seed: int, models: list[LanguageModel]) -> None:
    """One check, always the same for a kind and a seed."""
    CHECKS[kind](random.Random(f"{kind} {seed}"), models[seed % len(models)])


# Whole pages


def script(folder: str) -> None:
    """One room as a page of its own, for AppTest."""
    from importlib import import_module

    from app.kit import frame, session

    session.arrive(frame.defaults())
    import_module(f"app.rooms.{folder}.page").show()
    session.leave()


def draw(folder: str, seed: int) -> None:
    """Draw a room at a hostile address and type a hostile prompt: no exception, and every error one sentence.

    Half the addresses have a model that is there and a prompt that can be read, so that the rest of them counts.
    """
    rng = random.Random(f"{folder} {seed}")
    app = AppTest.from_function(script, args=(folder,), default_timeout=120)
    words = {_sent(name): _sent(str(value)) for name, value in hostile_address(rng).items()}
    if seed % 2:
        words |= {"model": rng.choice(MODELS), "prompt": "He said: 你好 <b>12</b>", "lang": rng.choice(offered())}
    else:
        words |= {"model": rng.choice((*MODELS, _sent(hostile_text(rng)))), "prompt": _sent(hostile_text(rng))}
    if seed % 4 == 0:
        words[link.PACKED] = _sent(hostile_link(rng))
    for name, value in words.items():
        app.query_params[name] = value
    for _ in range(2):
        app.run()
        said = [error.value for error in app.error]
        assert not app.exception, (words, [each.value for each in app.exception])
        for sentence in said:
            one_sentence(sentence)
        if not app.text_area:
            return
        app.text_area[0].set_value(_sent(hostile_text(rng)))


def _sent(text: str) -> str:
    """What a browser can send of `text`: halves of surrogate pairs it cannot."""
    return text.encode("utf-8", "replace").decode()
