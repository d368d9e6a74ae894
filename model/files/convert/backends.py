"""Tokenizers put together from their parts: a vocabulary, merges or scores, and how text is split first.

Two kinds, each as files other than tokenizer.json describe it:

byte-level BPE   bytes written as printable characters; a pattern splits text before merging (GPT-2)
SentencePiece    ▁ for the space, a score for each piece, bytes for what the vocabulary lacks (Llama 2, Gemma)

The names of splits are llama.cpp's (src/llama-vocab.cpp); the patterns come from the models' own tokenizer.json.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)  # types of pieces, as SentencePiece numbers them

SPACE = "▁"

# ---------------------------------------------------------------- byte-level BPE


@dataclass(frozen=True)
class Split:
    """How text is cut before merging: by each pattern in turn, then perhaps GPT-2's own way."""

    patterns: tuple[str, ...] = ()
    digits: bool = False  # each digit alone
    gpt2: bool = False
    composed: bool = False  # Unicode normal form C first
    whole_words: bool = False  # a word that is in the vocabulary is taken whole, whatever the merges say
    starts: bool = False  # a start token goes first where the file does not say


_ENGLISH = "'s|'t|'re|'ve|'m|'ll|'d"
_SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_WORDS = rf"(?i:{_ENGLISH})|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}%s| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|{_SPACES}"
_LOWER, _UPPER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
_CASED = rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+%s|[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*%s"
_OTHERS = rf" ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_SPACES}"
_ASCII_SIGNS = r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"

_GPT2 = Split(gpt2=True)
_DIGITS = Split(digits=True, gpt2=True)
_THREE_DIGITS = (_WORDS % "{1,3}",)
_LLAMA3 = Split(_THREE_DIGITS, whole_words=True, starts=True)
_GPT4 = Split(_THREE_DIGITS)
QWEN2 = Split((_WORDS % "",), composed=True)
_GPT4O = Split((_CASED.replace("%s", f"(?i:{_ENGLISH})?") + rf"|\p{{N}}{{1,3}}|{_OTHERS}",))
_TEKKEN = Split((_CASED.replace("%s", "") + rf"|\p{{N}}|{_OTHERS}",), whole_words=True, starts=True)
_DEEPSEEK3 = Split(
    (
        r"\p{N}{1,3}",
        "[一-龥぀-ゟ゠-ヿ]+",
        rf"{_ASCII_SIGNS}[A-Za-z]+|[^\r\n\p{{L}}\p{{P}}\p{{S}}]?[\p{{L}}\p{{M}}]+| ?[\p{{P}}\p{{S}}]+[\r\n]*|{_SPACES}",
    )
)
_DEEPSEEK_CODER = Split((r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", r"\p{N}"))
# The scripts whose letters DeepSeek's first tokenizer does not take for letters with a case: Armenian's small ones,
# Georgian, rarer Latin and Cyrillic, mathematical letters.
_NO_CASE = (
    r"\x{560}-\x{588}\x{10C7}-\x{10FF}\x{1C80}-\x{1C8F}\x{2D00}-\x{2D2D}\x{A790}-\x{AB68}"
    r"\x{10570}-\x{105BC}\x{10D50}-\x{10D85}\x{16E40}-\x{1E8FF}"
)
_DEEPSEEK = Split(
    (
        r"[\r\n]",
        rf"\s?[[\p{{Lu}}\p{{Ll}}\p{{Lt}}]&&[^{_NO_CASE}]]+",
        r"\s?[!-/:-~！-／：-～‘-‟　-。]+",
        r"\s+$",
        "[一-龥ࠀ-一가-퟿]+",
        r"\p{N}+",
    )
)

SPLITS = {
    "gpt-2": _GPT2, "phi-2": _GPT2, "olmo": _GPT2, "mpt": _GPT2, "exaone4": _GPT2, "granite-docling": _GPT2,
    "smollm": _DIGITS, "starcoder": _DIGITS, "refact": _DIGITS, "command-r": _DIGITS, "exaone": _DIGITS,
    "llama-bpe": _LLAMA3, "llama3": _LLAMA3, "llama-v3": _LLAMA3, "falcon3": _LLAMA3, "lfm2": _LLAMA3,
    "smaug-bpe": _GPT4, "dbrx": _GPT4, "glm4": _GPT4, "chatglm-bpe": _GPT4,
    "qwen2": QWEN2, "deepseek-r1-qwen": QWEN2, "megrez": QWEN2,
    "gpt-4o": _GPT4O, "llama4": _GPT4O, "tekken": _TEKKEN,
    "deepseek-llm": _DEEPSEEK, "deepseek-coder": _DEEPSEEK_CODER, "deepseek-v3": _DEEPSEEK3,
}  # fmt: skip


def byte_level_bpe(vocabulary: dict[str, int], merges: list[str], split: Split) -> tokenizers.Tokenizer:
    """A byte-level BPE that cuts text by `split` before merging; each merge is two tokens with a blank between.

    Raises:
        Exception: the library has no narrower class for merges of unknown tokens.
    """
    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    backend = tokenizers.Tokenizer(models.BPE(vocab=vocabulary, merges=pairs, ignore_merges=split.whole_words))
    steps: list[pre_tokenizers.PreTokenizer] = [
        pre_tokenizers.Split(Regex(pattern), behavior="isolated") for pattern in split.patterns
    ]
    if split.digits:
        steps.append(pre_tokenizers.Digits(individual_digits=True))
    steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=split.gpt2))
    backend.pre_tokenizer = pre_tokenizers.Sequence(steps)
    if split.composed:
        backend.normalizer = normalizers.NFC()
    backend.decoder = decoders.ByteLevel()
    return backend


# ---------------------------------------------------------------- SentencePiece


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """A SentencePiece model: what its file says, whatever file it came in."""

    pieces: list[str]
    scores: list[float]
    types: list[int]
    unigram: bool = False  # chooses the likeliest way to cut a text; else merges the best-scored pair again and again
    adds_space: bool = True  # before the text
    trims_spaces: bool = False  # at both ends, and of several in a row all but one
    changes: bytes = field(default=b"", repr=False)  # table of character replacements, compiled by SentencePiece


def sentencepiece(model: Pieces) -> tokenizers.Tokenizer:
    """The tokenizer of `model`; its control and user-defined pieces are recognised in text."""
    unknown = next((i for i, kind in enumerate(model.types) if kind == UNKNOWN), None)
    bytes_too = BYTE in model.types
    if model.unigram:
        scored = list(zip(model.pieces, model.scores, strict=True))
        backend = tokenizers.Tokenizer(models.Unigram(scored, unk_id=unknown, byte_fallback=bytes_too))
    else:
        backend = tokenizers.Tokenizer(
            models.BPE(
                vocab={piece: i for i, piece in enumerate(model.pieces)},
                merges=_merges(model),
                unk_token=None if unknown is None else model.pieces[unknown],
                fuse_unk=True,
                byte_fallback=bytes_too,
            )
        )
    steps: list[normalizers.Normalizer] = [normalizers.Precompiled(model.changes)] if model.changes else []
    if model.trims_spaces:
        steps += [normalizers.Strip(), normalizers.Replace(Regex(" {2,}"), " ")]
    if model.adds_space:
        steps.append(normalizers.Prepend(SPACE))
    backend.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", SPACE)])
    ending = [decoders.Strip(" ", 1, 0)] if model.adds_space else []
    backend.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse(), *ending]
    )
    add_by_type(backend, model.pieces, model.types)
    return backend


def _merges(model: Pieces) -> list[tuple[str, str]]:
    """The pairs that make each ordinary piece, best score first; of pairs with one score the one with the lower ids.

    SentencePiece's files hold no merges: any two pieces side by side may join into a third.
    """
    ids = {piece: i for i, (piece, kind) in enumerate(zip(model.pieces, model.types, strict=True)) if kind == NORMAL}
    scores = model.scores
    found = []
    for piece, number in ids.items():
        score = -scores[number]
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in ids and right in ids:
                found.append((score, ids[left], ids[right], left, right))
    found.sort()
    return [(left, right) for *_, left, right in found]


# ---------------------------------------------------------------- both


def add_whole(backend: tokenizers.Tokenizer, tokens: Iterable[str], special: bool) -> None:
    """Have `tokens`, which are in the vocabulary, taken whole wherever they are written."""
    found = [AddedToken(token, normalized=False, special=special) for token in tokens if token]
    if special:
        backend.add_special_tokens(found)
    else:
        backend.add_tokens(found)


def add_by_type(backend: tokenizers.Tokenizer, tokens: list[str], types: list[int]) -> None:
    """`add_whole` for the tokens that their types say are control or user-defined ones."""
    for special, wanted in ((True, CONTROL), (False, USER_DEFINED)):
        add_whole(backend, (token for token, kind in zip(tokens, types, strict=True) if kind == wanted), special)


def start_with(token: int) -> processors.PostProcessor:
    """What puts `token` before every text."""
    return processors.TemplateProcessing("<start> $A", special_tokens=[("<start>", token)])
