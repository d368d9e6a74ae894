"""The tokenizer of a Hugging Face folder, from whichever of its files there are.

tokenizer.json, or else tokenizer.model (SentencePiece), or else vocab.json with merges.txt.  Beside each,
added_tokens.json and tokenizer_config.json may add tokens and say what goes before a text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tokenizers

from ...errors import BadInput
from ..tokenizer import END_OF_TEXT, Tokenizer
from .backends import QWEN2, SPLITS, Pieces, Split, add_whole, byte_level_bpe, sentencepiece, start_with
from .foreign import foreign, read_bytes

_UNIGRAM, _BPE = 1, 2  # SentencePiece's kinds of model; its others cut at spaces or letters


def read_tokenizer(folder: Path, config: dict[str, Any], vocab_size: int) -> Tokenizer:
    """The tokenizer of the model in `folder`, whose config.json says `config`.

    A token that was added beyond the model's `vocab_size` rows is no fault: only a prompt that has it is refused.

    Raises:
        BadInput: "no_tokenizer" if there is none, "bad_tokenizer" if it cannot be read, "unsupported" naming
            what cannot be followed faithfully, "wrong_weights" for more ordinary tokens than the model has rows.
    """
    with foreign(lambda why: _unreadable(folder / "tokenizer.json", why)):
        tokenizer = _put_together(folder, config)
    if tokenizer.ordinary_size > vocab_size:
        raise BadInput(
            "wrong_weights",
            f"The tokenizer of {folder.name} has {tokenizer.ordinary_size} tokens, but the model only "
            f"{vocab_size}: they do not belong together.",
        )
    ends = [end for end in _ends(folder, config) if 0 <= end < vocab_size]
    return tokenizer.ending_with(ends) if ends else tokenizer


def _put_together(folder: Path, config: dict[str, Any]) -> Tokenizer:
    settings = read_json(folder / "tokenizer_config.json")
    data, starts = _read_backend(folder, settings, config)
    added = _added_tokens(folder, settings)
    if added.keys() - {token["content"] for token in data["added_tokens"]} or _misplaced(data):
        _add(data, added)
    starts = settings.get("add_bos_token", starts)
    if isinstance(starts, bool):
        # As llama.cpp and transformers 4 do; transformers 5 goes by tokenizer.json alone.
        first = _start_token(data, settings, config) if starts else None
        data["post_processor"] = None if first is None else json.loads(start_with(first).__getstate__())
    return Tokenizer.from_json(json.dumps(data))


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, empty where there is no such file.

    Raises:
        BadInput: "bad_tokenizer" if it holds anything else.
    """
    try:
        data = json.loads(read_bytes(path).decode())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(data, dict):
        raise _unreadable(path, "it holds no object")
    return data


def _unreadable(path: Path, reason: str) -> BadInput:
    return BadInput(
        "bad_tokenizer", f"{path.name} in {path.parent.name} cannot be read ({reason[:120]}): download it again."
    )


# ---------------------------------------------------------------- the three kinds of file


def _read_backend(folder: Path, settings: dict, config: dict) -> tuple[dict[str, Any], bool | None]:
    """What tokenizer.json says or would say; and whether a start token goes first where no setting says."""
    whole, pieces = folder / "tokenizer.json", folder / "tokenizer.model"
    vocabulary, merges = folder / "vocab.json", folder / "merges.txt"
    if whole.is_file():
        data = read_json(whole)
        if not isinstance(data.get("model"), dict):
            raise _unreadable(whole, "it describes no tokenizer")
        data["added_tokens"] = data.get("added_tokens") or []
        return data, None
    if pieces.is_file():
        return _plain(sentencepiece(read_pieces(pieces))), True
    if vocabulary.is_file() and merges.is_file():
        return _plain(_two_files(vocabulary, merges, settings, config)), None
    raise BadInput(
        "no_tokenizer",
        f"{folder.name} has no tokenizer that can be read: put the model's tokenizer.json beside its config.json "
        "(or tokenizer.model, or vocab.json with merges.txt).",
        name=folder.name,
    )


def _plain(backend: tokenizers.Tokenizer) -> dict[str, Any]:
    return json.loads(backend.to_str())


def read_pieces(path: Path) -> Pieces:
    """The SentencePiece model in `path`.

    Raises:
        BadInput: "bad_tokenizer" if it is none, "unsupported" for one that cuts at spaces or letters.
    """
    from google.protobuf.message import DecodeError  # with sentencepiece, seldom needed
    from sentencepiece import sentencepiece_model_pb2

    try:
        made = sentencepiece_model_pb2.ModelProto  # type: ignore[attr-defined]  # only there once it is imported
        proto = made.FromString(read_bytes(path))
    except (OSError, DecodeError) as error:
        raise _unreadable(path, str(error)) from error
    kind, normalizer = proto.trainer_spec.model_type, proto.normalizer_spec
    if kind not in (_UNIGRAM, _BPE) or proto.trainer_spec.treat_whitespace_as_suffix:
        raise BadInput(
            "unsupported",
            f"The SentencePiece model {path.name} is of a kind that is not supported: only BPE and Unigram with "
            "spaces before words are.",
            what="SentencePiece model",
        )
    if not proto.pieces:
        raise _unreadable(path, "it has no pieces")
    return Pieces(
        pieces=[piece.piece for piece in proto.pieces],
        scores=[piece.score for piece in proto.pieces],
        types=[piece.type for piece in proto.pieces],
        unigram=kind == _UNIGRAM,
        adds_space=normalizer.add_dummy_prefix,
        trims_spaces=normalizer.remove_extra_whitespaces,
        changes=normalizer.precompiled_charsmap,
    )


def _two_files(vocabulary: Path, merges: Path, settings: dict, config: dict) -> tokenizers.Tokenizer:
    words = read_json(vocabulary)
    lines = read_bytes(merges).decode().splitlines()
    pairs = [line for line in lines if line and not line.startswith("#version")]
    try:
        backend = byte_level_bpe(words, pairs, _split(settings, config))
    except BadInput:
        raise
    except Exception as error:  # the library has no narrower class
        raise _unreadable(merges, str(error)) from error
    if settings.get("add_prefix_space"):
        backend.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    named = [_content(value) for name, value in settings.items() if name.endswith("_token")]
    add_whole(backend, dict.fromkeys(name for name in [END_OF_TEXT, *named] if name in words), special=True)
    return backend


def _split(settings: dict, config: dict) -> Split:
    """How text is cut, which these two files do not say: by the tokenizer's class, or the model's family."""
    name = str(settings.get("tokenizer_class") or config.get("model_type"))
    if name.lower().startswith("qwen"):
        return QWEN2
    if name.lower().startswith("gpt2"):
        return SPLITS["gpt-2"]
    raise BadInput(
        "unsupported",
        f"vocab.json and merges.txt do not say how a tokenizer of class {name[:40]} cuts text, which is not supported "
        "without a tokenizer.json: save one with transformers "
        "(AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)).",
        what=f"vocab.json of {name[:40]}",
    )


# ---------------------------------------------------------------- what lies beside


def _added_tokens(folder: Path, settings: dict) -> dict[str, dict[str, Any]]:
    """Added tokens by content, as tokenizer.json lists them, from tokenizer_config.json and added_tokens.json."""
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    found = {
        content: plain | {"id": number, "content": content}
        for content, number in read_json(folder / "added_tokens.json").items()
        if isinstance(number, int)
    }
    listed = settings.get("added_tokens_decoder")
    for number, said in (listed if isinstance(listed, dict) else {}).items():
        if isinstance(said, dict) and isinstance(said.get("content"), str) and number.isdecimal():
            flags = {name: bool(said.get(name, default)) for name, default in plain.items()}
            found[said["content"]] = flags | {"id": int(number), "content": said["content"]}
    return found


def _misplaced(data: dict[str, Any]) -> bool:
    """Whether added tokens have ids that the library would not give them: it counts on from the vocabulary."""
    vocabulary = data["model"].get("vocab", {})
    place = vocabulary if isinstance(vocabulary, dict) else {piece: i for i, (piece, _) in enumerate(vocabulary)}
    new = [token["id"] for token in data["added_tokens"] if token["content"] not in place]
    return new != list(range(len(place), len(place) + len(new)))


def _add(data: dict[str, Any], added: dict[str, dict[str, Any]]) -> None:
    """Put `added`, and what tokenizer.json adds itself, into the vocabulary under the ids that the files say."""
    listed = {token["content"]: token for token in data["added_tokens"]}
    listed = dict(sorted((added | listed).items(), key=lambda item: item[1]["id"]))
    vocabulary = data["model"]["vocab"]
    if isinstance(vocabulary, dict):
        taken = set(vocabulary.values())
        vocabulary |= {
            content: token["id"]
            for content, token in listed.items()
            if content not in vocabulary and token["id"] not in taken
        }
    else:  # Unigram lists its pieces in order
        held = {piece for piece, _ in vocabulary}
        for content, token in listed.items():
            if content not in held and token["id"] >= len(vocabulary):
                fillers = range(len(vocabulary), token["id"])
                vocabulary += [[f"\x00unused{number}", -1e4] for number in fillers] + [[content, -1e4]]
    data["added_tokens"] = list(listed.values())


def _start_token(data: dict[str, Any], settings: dict, config: dict) -> int | None:
    named = _content(settings.get("bos_token"))
    ids = {token["content"]: token["id"] for token in data["added_tokens"]}
    return ids.get(named, ids.get("<s>", config.get("bos_token_id")))


def _content(token: Any) -> str:
    """A token as the files name it: text, or an object with its text."""
    said = token.get("content") if isinstance(token, dict) else token
    return said if isinstance(said, str) else ""


def _ends(folder: Path, config: dict) -> list[int]:
    said = read_json(folder / "generation_config.json").get("eos_token_id")
    said = config.get("eos_token_id") if said is None else said
    return [end for end in (said if isinstance(said, list) else [said]) if isinstance(end, int)]
