"""Links to send: whatever the words, they come back; whatever comes back, nothing breaks."""

from __future__ import annotations

import base64
import contextlib
import json
import zlib
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kit.address import View, describe, parse
from app.kit.link import LONG, MOST, PACKED, query_of, unpacked
from model import load

WORDS = st.dictionaries(st.text(min_size=1).filter(lambda name: name != PACKED), st.text(), max_size=5)
POEM = "春江潮水连海平，海上明月共潮生。滟滟随波千万里，何处春江无月明！江流宛转绕芳甸，月照花林皆似霰。" * 9


def packed(data: bytes) -> str:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(squeeze.compress(data) + squeeze.flush()).decode().rstrip("=")


def read(query: str) -> dict[str, str]:
    return unpacked(dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))))


@given(WORDS)
@example({"prompt": "&=?#%+ \x00\n" * 99, "ids": "1.2", "你": "😀" * 300})
def test_a_link_leads_back_to_its_words(words):
    assert read(query_of(words)) == words


def test_short_words_stay_readable_and_a_packed_link_is_never_the_longer_one():
    short = {"prompt": "Once upon a time", "model": "tiny", "lang": "en"}
    assert query_of(short) == "prompt=Once%20upon%20a%20time&model=tiny&lang=en"
    long = query_of(short | {"prompt": "Once upon a time " * 40})
    assert PACKED in dict(parse_qsl(long)) and "prompt" not in dict(parse_qsl(long)) and "model=tiny" in long
    assert len(long) < 40 * LONG


CHARACTERS = (
    "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏闰余成岁律吕调阳云腾致雨露结为霜金生丽水玉出昆冈剑号巨阙珠称夜光果珍李柰菜重芥姜"
    "海咸河淡鳞潜羽翔龙师火帝鸟官人皇始制文字乃服衣裳推位让国有虞陶唐吊民伐罪周发殷汤坐朝问道垂拱平章爱育黎首臣伏戎羌遐迩一体率宾归王"
    "鸣凤在竹白驹食场化被草木赖及万方盖此身发四大五常恭惟鞠养岂敢毁伤女慕贞洁男效才良知过必改得能莫忘罔谈彼短靡恃己长信使可覆器欲难量"
    "墨悲丝染诗赞羔羊景行维贤克念作圣德建名立形端表正空谷传声虚堂习听祸因恶积福缘善庆尺璧非宝寸阴是竞资父事君曰严与敬孝当竭力忠则尽命"
    "临深履薄夙兴温凊似兰斯馨如松之盛川流不息渊澄取映容止若思言辞安定笃初诚美慎终宜令荣业所基籍甚无竟学优登仕摄职从政存以甘棠去而益咏"
)  # the Thousand Character Classic: no character twice, the worst that Chinese has for a packer


def test_three_hundred_tokens_of_chinese_fit_into_two_thousand_characters():
    lm = load("storyteller")
    ids = lm.tokenizer.encode(CHARACTERS)[:300]
    text = lm.tokenizer.decode(ids)
    assert len(ids) == 300 and len(text) > 140
    for prompt in (text, CHARACTERS[:300], POEM[:300]):
        view = View(prompt=prompt, model="storyteller", lang="zh", layer=3, head=2, query=12, key=7)
        link = "https://glassformer.example/attention?" + query_of(describe(view, View()))
        assert len(link) < 2000
        assert parse(read(link.partition("?")[2]), View()) == view


BAD = {
    "no base64": "!!!",
    "one letter": "A",
    "no deflate": "AAAA",
    "cut off": packed(json.dumps({"prompt": POEM}).encode())[:-9],
    "something behind": packed(b"{}") + "AAAA",
    "no JSON": packed(b"prompt"),
    "no text": packed(b"\xff\xfe"),
    "no object": packed(b'["prompt"]'),
    "no texts": packed(b'{"prompt": 3}'),
    "deep": packed(b"[" * 100_000),
    "a huge number": packed(b"9" * 100_000),
    "a bomb": packed(b'{"prompt": "' + b"a" * 50_000_000 + b'"}'),
    "nothing": "",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_damaged_or_hostile_link_is_one_error(text):
    """A small `z` may unpack to gigabytes: no more than `MOST` bytes ever come out."""
    assert len(text) < MOST
    with pytest.raises(ValueError):
        unpacked({PACKED: text, "model": "tiny"})


@given(st.text(alphabet="ABCxyz012-_", max_size=60))
def test_no_text_does_worse_than_that(text):
    with contextlib.suppress(ValueError):
        assert all(isinstance(value, str) for value in unpacked({PACKED: text}).values())


def test_what_stands_in_the_address_counts_before_what_is_packed():
    assert unpacked({PACKED: packed(b'{"prompt": "a", "model": "b"}'), "prompt": "c"}) == {"prompt": "c", "model": "b"}
