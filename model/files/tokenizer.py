"""Between text and token ids, for people as well as for the model.

A thin layer over the `tokenizers` library, which does the splitting and merging.  Added
here: text that can't be encoded, bytes of a token, and how to show a token to a person.
This module knows nothing about models, and nothing about the formats tokenizers come in
(see convert/).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, decoders, models, normalizers, pre_tokenizers

from ..errors import BadInput

END_OF_TEXT = "<|endoftext|>"

# Names under which vocabularies have a token that ends a text or a turn; used where no file says which it is.
END_NAMES = (END_OF_TEXT, "</s>", "<|im_end|>", "<|end_of_text|>", "<|eot_id|>", "<eos>", "<｜end▁of▁sentence｜>")

_VISIBLE = {" ": "·", "\n": "↵", "\t": "⇥"}


@lru_cache(maxsize=1)
def byte_alphabet() -> dict[int, str]:
    """The printable character that stands for each of the 256 bytes in a byte-level vocabulary.

    GPT-2's table: a byte that is a printable Latin-1 character stands for itself; the others
    take the characters from U+0100 on, in order (Radford et al. 2019, section 2.2).
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(0x100 + n) for n, byte in enumerate(others)}


@lru_cache(maxsize=1)
def _bytes_by_character() -> dict[str, int]:
    return {character: byte for byte, character in byte_alphabet().items()}


class Tokenizer:
    """Text to ids and back.

    Args:
        backend: a tokenizer of the `tokenizers` library: byte-level (GPT-2, Llama 3, Qwen), with ▁ for
            the space (Llama 2, Gemma), or of words (WordPiece), whose tokens say of a text no more than they show.
        end_ids: ids after which a generation stops.
    """

    def __init__(self, backend: tokenizers.Tokenizer, end_ids: Iterable[int] = ()):
        self._backend = backend
        self.end_ids = frozenset(end_ids)
        # Any piece of text or padding of this tokenizer's own would make ids that were not asked for.
        backend.no_padding()
        backend.no_truncation()
        decoding = _parts(backend.decoder)
        kinds = {part["type"] for part in decoding + _parts(backend.pre_tokenizer)}
        normalizing = json.dumps(_parts(backend.normalizer), ensure_ascii=False)
        if "ByteLevel" in kinds:
            self._bytes_of = _bytes_of_characters
        elif kinds & {"ByteFallback", "Metaspace"} or "▁" in normalizing:
            self._bytes_of = _bytes_of_fallback
        else:
            self._bytes_of = self._bytes_of_word
        self._added = {
            # What is looked for in normalised text has ▁ where it means a space.
            token: self._bytes_of(added.content) if added.normalized else added.content.encode()
            for token, added in backend.get_added_tokens_decoder().items()
        }
        # Such a tokenizer puts a space before the text, and takes it away when decoding.
        self._drops_leading_space = self._bytes_of == self._bytes_of_word or any(
            (part["type"] == "Strip" and part["start"])
            or (part["type"] == "Metaspace" and part["prepend_scheme"] != "never")
            for part in decoding
        )

    @classmethod
    def of_bytes(cls) -> Tokenizer:
        """One token for each byte, id = byte, and `<|endoftext|>` = 256."""
        vocabulary = {character: byte for byte, character in byte_alphabet().items()}
        backend = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
        backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        backend.decoder = decoders.ByteLevel()
        backend.add_special_tokens([AddedToken(END_OF_TEXT, normalized=False, special=True)])
        return cls(backend, {256})

    def ending_with(self, end_ids: Iterable[int]) -> Tokenizer:
        """The same tokenizer with other `end_ids`."""
        return Tokenizer(self._backend, end_ids)

    @cached_property
    def vocab_size(self) -> int:
        """Number of ids: the largest one plus 1."""
        return max(self._backend.get_vocab().values()) + 1

    @cached_property
    def ordinary_size(self) -> int:
        """As `vocab_size`, of the tokens that ordinary text is made of: without added ones such as `<pad>`."""
        return max((i for i in self._backend.get_vocab().values() if i not in self._added), default=-1) + 1

    @cached_property
    def start_ids(self) -> tuple[int, ...]:
        """Ids that go before every text because this tokenizer's own rules say so: the model sees them."""
        encoding = self._backend.encode("a")
        added = itertools.takewhile(lambda pair: pair[1], zip(encoding.ids, encoding.special_tokens_mask, strict=True))
        return tuple(token for token, _ in added)

    def encode(self, text: str) -> list[int]:
        """Ids of `text`; special tokens written in it are recognised.

        `start_ids` come first, once, also where they are written in the text.  Half of a
        surrogate pair, which is no character, counts as U+FFFD; an empty text has no tokens.
        """
        if not text:
            return []
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        ids, start = self._backend.encode(text).ids, list(self.start_ids)
        return ids[len(start) :] if start and ids[: 2 * len(start)] == 2 * start else ids

    def token_bytes(self, token: int) -> bytes:
        """The bytes of UTF-8 that `token` stands for; none for an id that no token has."""
        if token in self._added:
            return self._added[token]
        piece = self._backend.id_to_token(token)
        return b"" if piece is None else self._bytes_of(piece)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`: what `encode` makes them of, so without `start_ids`, with other special tokens.

        Bytes that form no character become U+FFFD.
        """
        ids, start = list(ids), list(self.start_ids)
        ids = ids[len(start) :] if ids[: len(start)] == start else ids
        text = b"".join(self.token_bytes(token) for token in ids).decode(errors="replace")
        return text.removeprefix(" ") if self._drops_leading_space else text

    def _bytes_of_word(self, piece: str) -> bytes:
        """What the tokenizer's own decoder makes of `piece` behind another: a word and its space, or the end of one."""
        decoder, before = self._backend.decoder, "a"
        text = " ".join([before, piece]) if decoder is None else decoder.decode([before, piece])
        return text.removeprefix(before).encode()

    def piece(self, token: int) -> str:
        """The text of one token; bytes that are half a character as ⟨E4⟩⟨BD⟩."""
        if token not in self._added and self._backend.id_to_token(token) is None:
            return f"⟨unused:{token}⟩"  # rows that round a vocabulary up to a convenient size
        # surrogateescape marks each byte that is no text with a character of its own.
        text = self.token_bytes(token).decode(errors="surrogateescape")
        return re.sub("[\udc80-\udcff]", lambda byte: _hex(bytes([ord(byte[0]) - 0xDC00])), text)

    def shown(self, token: int) -> str:
        """As `piece`, with nothing invisible: space ·, newline ↵, tab ⇥, other controls as ⟨1B⟩."""
        return "".join(_VISIBLE.get(c) or (c if c.isprintable() else _hex(c.encode())) for c in self.piece(token))

    def to_json(self) -> str:
        """Everything about this tokenizer as one line of JSON, for `from_json`."""
        return json.dumps(
            {"end_ids": sorted(self.end_ids), "tokenizer": json.loads(self._backend.to_str())}, ensure_ascii=False
        )

    @classmethod
    def from_json(cls, text: str) -> Tokenizer:
        """The tokenizer of `to_json`'s text, or of a Hugging Face tokenizer.json.

        The latter doesn't say what ends a text: tokens with names known for it do.

        Raises:
            BadInput: "bad_tokenizer" if this is neither.
        """
        try:
            data = json.loads(text)
            if not isinstance(data, dict):
                raise TypeError("it holds no object")
            end_ids = data.get("end_ids")
            # The library raises a bare Exception for JSON that is no tokenizer.
            backend = tokenizers.Tokenizer.from_str(text if end_ids is None else json.dumps(data["tokenizer"]))
        except Exception as error:
            raise BadInput(
                "bad_tokenizer",
                f"This is not a tokenizer that can be read ({str(error)[:120]}): give a tokenizer.json.",
            ) from error
        if end_ids is None:
            end_ids = [token for token in map(backend.token_to_id, END_NAMES) if token is not None]
        return cls(backend, end_ids)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_json` to `path`."""
        Path(path).write_text(self.to_json(), encoding="utf-8")

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Tokenizer:
        """Read what `save` wrote, or a Hugging Face tokenizer.json; errors as `from_json`."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                "bad_tokenizer", f"The tokenizer {os.fspath(path)} cannot be read ({error}): give a tokenizer.json."
            ) from error
        return cls.from_json(text)

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that change with anything that changes ids or text."""
        return hashlib.sha256(f"{sorted(self.end_ids)} {self._backend.to_str()}".encode()).hexdigest()[:16]


def _parts(step: decoders.Decoder | normalizers.Normalizer | pre_tokenizers.PreTokenizer | None) -> list[dict]:
    """A decoder, normaliser or pre-tokenizer as a flat list of its steps' settings."""
    # __getstate__ is what pickle would write: the only way to ask.
    return [] if step is None else _flat(json.loads(step.__getstate__()))


def _flat(step: dict) -> list[dict]:
    inner = next((step[name] for name in ("decoders", "normalizers", "pretokenizers") if name in step), None)
    return [step] if inner is None else [part for each in inner for part in _flat(each)]


def _bytes_of_characters(piece: str) -> bytes:
    byte_of = _bytes_by_character()
    return bytes(byte_of[c] for c in piece) if byte_of.keys() >= set(piece) else piece.encode()


def _bytes_of_fallback(piece: str) -> bytes:
    byte = re.fullmatch("<0x([0-9A-F]{2})>", piece)
    return bytes.fromhex(byte[1]) if byte else piece.replace("▁", " ").encode()


def _hex(data: bytes) -> str:
    return "".join(f"⟨{byte:02X}⟩" for byte in data)
