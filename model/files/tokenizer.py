"""Between text and token ids, for people as well as for the model.

A thin layer over the `tokenizers` library, which does the splitting and merging.  Added
here: text that can't be encoded, bytes of a token, and how to show a token to a person.
This module knows nothing about models, and nothing about the formats tokenizers come in
(see convert/).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, decoders, models, pre_tokenizers

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


class Tokenizer:
    """Text to ids and back.

    Args:
        backend: a byte-level BPE (GPT-2, Llama 3, Qwen) or a BPE with ▁ for the space and
            byte fallback (Llama 2, Mistral).
        end_ids: ids after which a generation stops.

    Raises:
        BadInput: "unsupported" if `backend` is of another kind, such as WordPiece: its
            tokens do not say which bytes they stand for.
    """

    def __init__(self, backend: tokenizers.Tokenizer, end_ids: Iterable[int] = ()):
        self._backend = backend
        self.end_ids = frozenset(end_ids)
        # Any piece of text or padding of this tokenizer's own would make ids that were not asked for.
        backend.no_padding()
        backend.no_truncation()
        self._added = {token: added.content for token, added in backend.get_added_tokens_decoder().items()}
        decoding = _parts(backend.decoder)
        kinds = {part["type"] for part in decoding + _parts(backend.pre_tokenizer)}
        model = type(backend.model).__name__
        if "ByteLevel" in kinds:
            byte_of = {character: byte for byte, character in byte_alphabet().items()}
            self._bytes_of = lambda piece: (
                bytes(byte_of[c] for c in piece) if byte_of.keys() >= set(piece) else piece.encode()
            )
        elif model == "BPE" and ("ByteFallback" in kinds or "Metaspace" in kinds):
            self._bytes_of = _bytes_of_fallback
        else:
            raise BadInput(
                "unsupported",
                f"A tokenizer of type {model} is not supported: use a model with byte-level or byte-fallback BPE.",
                what="tokenizer",
            )
        # Such a tokenizer puts a space before the text, and takes it away when decoding.
        self._drops_leading_space = any(
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

    def encode(self, text: str) -> list[int]:
        """Ids of `text`; special tokens written in it are recognised.

        A begin-of-text token comes first where this tokenizer's own rules add one.  Half of a
        surrogate pair, which is no character, counts as U+FFFD; an empty text has no tokens.
        """
        if not text:
            return []
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return self._backend.encode(text).ids

    def token_bytes(self, token: int) -> bytes:
        """The bytes of UTF-8 that `token` stands for; none for an id that no token has."""
        if token in self._added:
            return self._added[token].encode()
        piece = self._backend.id_to_token(token)
        return b"" if piece is None else self._bytes_of(piece)

    def decode(self, ids: Iterable[int]) -> str:
        """The text of `ids`, special tokens included; bytes that form no character become U+FFFD."""
        text = b"".join(self.token_bytes(token) for token in ids).decode(errors="replace")
        return text.removeprefix(" ") if self._drops_leading_space else text

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
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


def _parts(step: decoders.Decoder | pre_tokenizers.PreTokenizer | None) -> list[dict]:
    """A decoder or pre-tokenizer as a flat list of its steps' settings."""
    return (
        [] if step is None else _flat(json.loads(step.__getstate__()))
    )  # what pickle would write: the only way to ask


def _flat(step: dict) -> list[dict]:
    inner = step.get("decoders") or step.get("pretokenizers")
    return [part for each in inner for part in _flat(each)] if inner else [step]


def _bytes_of_fallback(piece: str) -> bytes:
    byte = re.fullmatch("<0x([0-9A-F]{2})>", piece)
    return bytes.fromhex(byte[1]) if byte else piece.replace("▁", " ").encode()


def _hex(data: bytes) -> str:
    return "".join(f"⟨{byte:02X}⟩" for byte in data)
