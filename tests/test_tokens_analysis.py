"""Characters, bytes and tokens of a text, and what is said of a tokenizer's rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rooms.tokens.analysis import blanks, characters, digits, others, spelled
from model.files.byte_pairs import BytePairs
from model.files.catalog import load_tokenizer

STORY = load_tokenizer("storyteller")
PAIRS = {name: BytePairs(load_tokenizer(name)) for name in ("storyteller", "tiny")}


@given(st.text())
def test_every_byte_of_every_character_stands_in_its_token(text):
    tokens = [STORY.token_bytes(token) for token in STORY.encode(text)]
    parts = spelled(tokens)
    assert [b"".join(part.data for part in own) for own in parts] == tokens
    seen = [part for own in parts for part in own]
    whole = "".join(part.character for part in seen if part.first == 0)
    assert whole.encode() == b"".join(tokens)
    for part in seen:
        assert part.data == part.character.encode()[part.first : part.first + len(part.data)]
        assert part.whole == (part.data == part.character.encode())


@given(st.binary())
def test_bytes_that_are_no_text_are_shown_as_such(data):
    """Guards against half characters that push all that follows out of place."""
    found = characters(data)
    assert sum(size for _, size in found) == len(data)
    parts = spelled([data[:3], data[3:]])
    assert b"".join(part.data for own in parts for part in own) == data
    assert not any(part.whole for own in parts for part in own if not part.character)


def test_a_bee_is_cut_into_its_four_bytes():
    parts = spelled([STORY.token_bytes(token) for token in STORY.encode("🐝")])
    assert [(part.character, part.first, part.size, part.whole) for own in parts for part in own] == [
        ("🐝", i, 4, False) for i in range(4)
    ]


@pytest.mark.parametrize(
    ("name", "said"), [("storyteller", ("each", "with", "some")), ("tiny", ("none", "none", "none"))]
)
def test_what_is_said_of_a_tokenizer_is_what_it_does(name, said):
    pairs = PAIRS[name]
    assert (digits(pairs), blanks(pairs), others(pairs, "你好，世界")) == said


def test_the_rules_of_a_real_vocabulary(smollm2):
    pairs = BytePairs(smollm2.tokenizer)
    assert digits(pairs) == "each" and blanks(pairs) == "with"
