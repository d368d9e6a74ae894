"""Text files to documents, documents to training and validation tokens.

Documents for validation are held out before anything else is looked at, by a hash of
their text, so the same documents are held out whatever the order or number of files.
For sums it is pairs of operands that are held out, in both orders: a sum that the model
solves in validation, it has never seen.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tokenizers
from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
from tqdm import tqdm

from ..errors import BadInput
from ..files.tokenizer import END_OF_TEXT, Tokenizer

HELD_OUT = 50  # one document in this many
MOST_BYTES = 10**9  # of a text, unpacked
PIECE = 4_000  # characters: a longer document is cut at line ends, so that no book is one document
SUM = re.compile(r"(\d+) ([+*-]) (\d+) = (\d+)")
LINES_OF_SUMS = 30


@dataclass(frozen=True)
class Corpus:
    """Documents by kind of text; a kind is the name of its file."""

    train: dict[str, list[str]]
    validation: dict[str, list[str]]


def read_files(paths: Iterable[Path]) -> Corpus:
    """Read text files, plain or .xz, one kind each, named after the file.

    Raises:
        BadInput: if a file is missing, empty, or not UTF-8 text.
    """
    train, validation = {}, {}
    for path in paths:
        data = read_bytes(path)
        try:
            text = (_unpacked(data, path) if path.suffix == ".xz" else data).decode()
        except (UnicodeDecodeError, lzma.LZMAError, EOFError) as error:
            raise BadInput(
                "unreadable_text", f"{path} is not a UTF-8 text, plain or .xz: convert it first.", path=str(path)
            ) from error
        if not text.strip():
            raise BadInput("unreadable_text", f"{path} is empty: give a file with text.", path=str(path))
        train[kind_of(path)], validation[kind_of(path)] = split(text)
    return Corpus(train, validation)


def kind_of(path: Path) -> str:
    """The kind of text that a file holds: its name up to the first dot."""
    return path.name.split(".")[0]


def check_files(paths: Iterable[Path]) -> None:
    """Refuse files that are not there, and two of one kind, of which the second would hide the first.

    Raises:
        BadInput: "unreadable_text".
    """
    seen: dict[str, Path] = {}
    for path in paths:
        if not path.is_file():
            reason = "is a folder" if path.is_dir() else "does not exist"
            raise BadInput("unreadable_text", f"{path} cannot be read: it {reason}.", path=str(path))
        if kind_of(path) in seen:
            raise BadInput(
                "unreadable_text",
                f"{seen[kind_of(path)]} and {path} have one name, which names the kind of text: rename one of them.",
                path=str(path),
            )
        seen[kind_of(path)] = path


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        BadInput: "unreadable_text" if it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput("unreadable_text", f"{path} cannot be read: {error.strerror}.", path=str(path)) from error


def _unpacked(data: bytes, path: Path) -> bytes:
    """The content of an .xz file; a few kilobytes of one can stand for gigabytes."""
    with lzma.open(io.BytesIO(data)) as file:
        unpacked = file.read(MOST_BYTES + 1)
    if len(unpacked) > MOST_BYTES:
        raise BadInput(
            "unreadable_text",
            f"{path} unpacks to more than {MOST_BYTES // 10**6:,} MB: give a part of it.",
            path=str(path),
        )
    return unpacked


def split(text: str) -> tuple[list[str], list[str]]:
    """Documents of `text` for training and for validation."""
    lines = text.splitlines()
    if _are_sums(lines):
        held = [line for line in lines if held_out_sum(line)]
        kept = [line for line in lines if not held_out_sum(line)]
        return _in_groups(kept), _in_groups(held)
    train: list[str] = []
    validation: list[str] = []
    for document in documents(text):
        (validation if _held_out(document) else train).append(document)
    if not validation:  # a text of a few documents: the last one; of one alone, its last tenth
        if len(train) == 1:
            cut = len(train[0]) * 9 // 10
            train = [train[0][:cut], train[0][cut:]]
        validation.append(train.pop())
    return train, validation


def whole(text: str) -> list[str]:
    """Documents of a `text` of which nothing is for training."""
    lines = text.splitlines()
    return _in_groups(lines) if _are_sums(lines) else documents(text)


def _are_sums(lines: list[str]) -> bool:
    return sum(SUM.fullmatch(line) is not None for line in lines[:1000]) > min(len(lines), 1000) / 2


def documents(text: str) -> list[str]:
    """Pieces between blank lines, joined to or cut at line ends to at most `PIECE` characters.

    Short neighbours (poems, stories) stay apart: they begin where a blank line was.
    """
    pieces = []
    gap = "\n\n\n" if text.count("\n\n\n") > 1000 else "\n\n"
    for part in text.split(gap):
        piece: list[str] = []
        size = 0
        for line in part.strip("\n").splitlines(keepends=True):
            if size + len(line) > PIECE and piece:
                pieces.append("".join(piece))
                piece, size = [], 0
            piece.append(line)
            size += len(line)
        if size:
            pieces.append("".join(piece))
    return [piece.strip("\n") + "\n" for piece in pieces if piece.strip()]


def held_out_sum(line: str) -> bool:
    """Whether `line` is a sum of a pair of operands kept for validation."""
    match = SUM.fullmatch(line)
    if match is None:
        return False
    first, sign, second = int(match[1]), match[2], int(match[3])
    if sign == "-":  # a - b = c is another form of b + c = a
        first, second = first - second, second
    return _held_out(f"{min(first, second)} {'*' if sign == '*' else '+'} {max(first, second)}")


def _held_out(text: str) -> bool:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % HELD_OUT == 0


def _in_groups(lines: list[str]) -> list[str]:
    return ["\n".join(lines[i : i + LINES_OF_SUMS]) + "\n" for i in range(0, len(lines), LINES_OF_SUMS)]


def train_tokenizer(corpus: Corpus, vocab_size: int) -> Tokenizer:
    """A byte-level BPE of `vocab_size` tokens over the training documents, digits one by one.

    A run of Chinese characters is cut into single characters first: a poem's line is not a word,
    and whole phrases would crowd the vocabulary.
    """
    backend = tokenizers.Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.Split(Regex("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator((text for texts in corpus.train.values() for text in texts), trainer)
    return Tokenizer(backend, [0])


def encode(texts: list[str], tokenizer: Tokenizer, label: str) -> list[np.ndarray]:
    """Token ids of each document, end-of-text last, uint16."""
    end = min(tokenizer.end_ids)
    return [np.array([*tokenizer.encode(text), end], np.uint16) for text in tqdm(texts, desc=label, leave=False)]


def stream(corpus_tokens: dict[str, list[np.ndarray]], seed: int) -> np.ndarray:
    """All documents of all kinds, shuffled, as one run of tokens."""
    every = [tokens for kind in sorted(corpus_tokens) for tokens in corpus_tokens[kind]]
    order = np.random.default_rng(seed).permutation(len(every))
    return np.concatenate([every[i] for i in order])


def line_starts(tokens: np.ndarray, tokenizer: Tokenizer) -> np.ndarray:
    """Indices of the tokens that begin a line or a document of a stream."""
    breaks = [
        token
        for token in range(tokenizer.vocab_size)
        if token in tokenizer.end_ids or tokenizer.decode([token]).endswith("\n")
    ]
    return np.flatnonzero(np.isin(tokens[:-1], breaks)) + 1
