"""The tokenizer inside a GGUF file: vocabulary, merges or scores, and how text is split before merging.

The file names its kind and its split ("smollm", "llama-bpe").  An unknown name is
refused: a wrong split gives other tokens, and nothing would tell.
"""

from __future__ import annotations

from typing import Any

import tokenizers

from ...errors import BadInput
from ..tokenizer import Tokenizer
from .backends import NORMAL, SPLITS, Pieces, add_by_type, byte_level_bpe, sentencepiece, start_with


def read_tokenizer(metadata: dict[str, Any]) -> Tokenizer:
    """Build the tokenizer that a GGUF header describes.

    Raises:
        BadInput: "unsupported" for another kind than byte-level BPE or SentencePiece, or an unknown split,
            "not_a_model_file" if the vocabulary is incomplete or contradicts itself.
    """
    kind = metadata.get("tokenizer.ggml.model")
    tokens = _texts(metadata, "tokens")
    if kind == "gpt2":
        backend, starts = _byte_level(metadata, tokens)
    elif kind == "llama":
        backend, starts = _sentencepiece(metadata, tokens), True
    else:
        raise BadInput(
            "unsupported",
            f"The tokenizer type {str(kind)[:40]!r} in this GGUF file is not supported: use a model with byte-level "
            "BPE (type 'gpt2') or SentencePiece ('llama'), or its Hugging Face folder.",
            what=f"tokenizer {kind}",
        )
    if backend.get_vocab_size() != len(tokens):
        raise _damaged("has tokens that appear twice")
    first = _token_id(metadata, "bos", len(tokens))
    if metadata.get("tokenizer.ggml.add_bos_token", starts) and first is not None:
        backend.post_processor = start_with(first)
    ends = (_token_id(metadata, name, len(tokens)) for name in ("eos", "eot", "eom"))
    return Tokenizer(backend, [end for end in ends if end is not None])


def _byte_level(metadata: dict[str, Any], tokens: list[str]) -> tuple[tokenizers.Tokenizer, bool]:
    """The backend, and whether a start token goes first where the file does not say."""
    name = metadata.get("tokenizer.ggml.pre")
    if name not in SPLITS:
        raise BadInput(
            "unsupported",
            f"The pre-tokenizer {str(name)[:40]!r} in this GGUF file is not supported: known are {', '.join(SPLITS)}.",
            what=f"pre-tokenizer {name}",
        )
    split = SPLITS[name]
    merges = _texts(metadata, "merges")
    try:
        backend = byte_level_bpe({token: i for i, token in enumerate(tokens)}, merges, split)
    except Exception as error:  # the library has no narrower class: a merge of unknown tokens, or of three
        raise _damaged(f"cannot be put together ({str(error)[:80]})") from error
    add_by_type(backend, tokens, _types(metadata, tokens))
    return backend, split.starts


def _sentencepiece(metadata: dict[str, Any], tokens: list[str]) -> tokenizers.Tokenizer:
    scores = metadata.get("tokenizer.ggml.scores")
    if scores is None or len(scores) != len(tokens):
        raise _damaged("has no score for each token")
    if len(set(tokens)) != len(tokens):
        raise _damaged("has tokens that appear twice")
    return sentencepiece(
        Pieces(
            pieces=tokens,
            scores=[float(score) for score in scores],
            types=_types(metadata, tokens),
            adds_space=bool(metadata.get("tokenizer.ggml.add_space_prefix", True)),
        )
    )


def _types(metadata: dict[str, Any], tokens: list[str]) -> list[int]:
    types = metadata.get("tokenizer.ggml.token_type")
    if types is None:
        return [NORMAL] * len(tokens)
    if len(types) != len(tokens):
        raise _damaged("has not a type for each token")
    return [int(kind) for kind in types]


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
