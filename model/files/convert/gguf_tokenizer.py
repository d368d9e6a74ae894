"""The tokenizer inside a GGUF file: vocabulary, merges, and how text is split before merging.

The file names its split ("smollm", "llama-bpe"); the patterns are those of llama.cpp
(src/llama-vocab.cpp), which come from the models' own tokenizer.json.  An unknown name is
refused: a wrong split gives other tokens, and nothing would tell.
"""

from __future__ import annotations

from typing import Any

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors

from ...errors import BadInput
from ..tokenizer import Tokenizer

_CONTROL, _USER_DEFINED = 3, 4  # token types of llama.cpp

_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3, _QWEN2 = _WORDS % "{1,3}", _WORDS % ""

# How a vocabulary's text is split: GPT-2's own way, digits one by one and then GPT-2's way, or by a pattern.
_GPT2, _DIGITS = "gpt-2", "digits"
_SPLITS = {
    "gpt-2": _GPT2,
    "phi-2": _GPT2,
    "olmo": _GPT2,
    "smollm": _DIGITS,
    "starcoder": _DIGITS,
    "refact": _DIGITS,
    "command-r": _DIGITS,
    "llama-bpe": _LLAMA3,
    "llama3": _LLAMA3,
    "llama-v3": _LLAMA3,
    "smaug-bpe": _LLAMA3,
    "qwen2": _QWEN2,
    "deepseek-r1-qwen": _QWEN2,
    "megrez": _QWEN2,
}


def read_tokenizer(metadata: dict[str, Any]) -> Tokenizer:
    """Build the tokenizer that a GGUF header describes.

    Raises:
        BadInput: "unsupported" for another kind than byte-level BPE or an unknown split,
            "not_a_model_file" if the vocabulary is incomplete or contradicts itself.
    """
    kind, split = metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre")
    if kind != "gpt2":
        raise BadInput(
            "unsupported",
            f"The tokenizer type {str(kind)[:40]!r} in this GGUF file is not supported: use a model with "
            "byte-level BPE (type 'gpt2'), or its Hugging Face folder.",
            what=f"tokenizer {kind}",
        )
    if split not in _SPLITS:
        raise BadInput(
            "unsupported",
            f"The pre-tokenizer {str(split)[:40]!r} in this GGUF file is not supported: known are "
            f"{', '.join(_SPLITS)}.",
            what=f"pre-tokenizer {split}",
        )
    tokens, merges = _texts(metadata, "tokens"), _texts(metadata, "merges")
    backend = _byte_level_bpe(tokens, merges, _SPLITS[split])
    types = metadata.get("tokenizer.ggml.token_type", [])
    backend.add_special_tokens(
        [_whole(token, True) for token, kind in zip(tokens, types, strict=False) if kind == _CONTROL]
    )
    backend.add_tokens(
        [_whole(token, False) for token, kind in zip(tokens, types, strict=False) if kind == _USER_DEFINED]
    )
    if backend.get_vocab_size() != len(tokens):
        raise _damaged("has tokens that appear twice")
    # llama.cpp's default for a Llama 3 file that does not say: begin-of-text goes first.
    if metadata.get("tokenizer.ggml.add_bos_token", _SPLITS[split] == _LLAMA3):
        first = _token_id(metadata, "bos", len(tokens))
        if first is not None:
            backend.post_processor = processors.TemplateProcessing(
                single="<first> $A", special_tokens=[("<first>", first)]
            )
    ends = (_token_id(metadata, name, len(tokens)) for name in ("eos", "eot", "eom"))
    return Tokenizer(backend, [end for end in ends if end is not None])


def _byte_level_bpe(tokens: list[str], merges: list[str], split: str) -> tokenizers.Tokenizer:
    try:
        pairs = [(first, second) for first, second in (merge.split(" ") for merge in merges)]
        # Llama 3 takes a word that is in the vocabulary whole, whatever the merges say.
        model = models.BPE(
            vocab={token: i for i, token in enumerate(tokens)}, merges=pairs, ignore_merges=split == _LLAMA3
        )
    except Exception as error:  # the library has no narrower class: a merge of unknown tokens, or of three
        raise _damaged(f"cannot be put together ({str(error)[:80]})") from error
    backend = tokenizers.Tokenizer(model)
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=split in (_GPT2, _DIGITS))
    if split == _GPT2:
        backend.pre_tokenizer = byte_level
    elif split == _DIGITS:
        backend.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    else:
        backend.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split(Regex(split), behavior="isolated"), byte_level]
        )
    if split == _QWEN2:
        backend.normalizer = normalizers.NFC()
    backend.decoder = decoders.ByteLevel()
    return backend


def _whole(token: str, special: bool) -> AddedToken:
    return AddedToken(token, normalized=False, special=special)


def _texts(metadata: dict[str, Any], name: str) -> list[str]:
    value = metadata.get(f"tokenizer.ggml.{name}")
    if not isinstance(value, list) or not value:
        raise _damaged(f"has no {name}")
    return value


def _token_id(metadata: dict[str, Any], name: str, n_tokens: int) -> int | None:
    token = metadata.get(f"tokenizer.ggml.{name}_token_id")
    if token is not None and not (isinstance(token, int) and 0 <= token < n_tokens):
        raise _damaged(f"names {str(token)[:40]} as its {name} token, of {n_tokens}")
    return token


def _damaged(what: str) -> BadInput:
    return BadInput(
        "not_a_model_file",
        f"The tokenizer in this GGUF file {what}: download the file again, or choose another.",
        reason=what,
    )
