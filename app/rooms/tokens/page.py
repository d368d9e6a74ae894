"""Text becomes ids: byte by byte, merge by merge, and as other models would split it."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from app.kit import frame, runtime, session
from app.kit.frame import Room
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.tokens.analysis import blanks, characters, digits, others, spelled
from app.rooms.tokens.spelling import comparison, ladder, spelling
from app.text import escape_markdown
from model import LanguageModel
from model.files.byte_pairs import BytePairs, Piece, kind_of
from model.files.tokenizer import Tokenizer

EXAMPLES = {"digits": "1984 + 25", "blanks": "a    b", "chinese": "你好，世界", "emoji": "🐝"}


def show() -> None:
    """Draw the page."""
    room = frame.enter()
    trace, tokenizer = room.trace, room.lm.tokenizer
    data = [tokenizer.token_bytes(token) for token in trace.ids]
    letters = len(characters(b"".join(data)))
    counts = {"characters": letters, "bytes": sum(map(len, data)), "tokens": len(trace.ids)}
    st.markdown(f"#### {room.translate('tokens.heading', **counts)}")
    st.markdown(room.translate("tokens.look"))
    pairs = runtime.of_model(_pairs, room.lm)
    _spelling(room, data, pairs)
    made, elsewhere = st.columns([1.15, 1], gap="large")
    with made:
        _merges(room, pairs)
    with elsewhere:
        _elsewhere(room)
    _why(room, pairs)
    _take(room)
    source(room, BytePairs.merges, BytePairs.pieces, Tokenizer.token_bytes)


def _pairs(lm: LanguageModel) -> BytePairs | None:
    return BytePairs(lm.tokenizer) if kind_of(lm.tokenizer) == "bytes" else None


def _special(room: Room, pairs: BytePairs | None) -> set[int]:
    return set() if pairs is None else set(pairs.added)


def _spelling(room: Room, data: list[bytes], pairs: BytePairs | None) -> None:
    special = _special(room, pairs)
    tokens: list[dict[str, Any]] = [
        {
            "token": shown,
            "id": token,
            "special": token in special,
            "parts": [
                [part.character, part.data.hex(" ").upper().split(), part.first, part.size, part.whole]
                for part in parts
            ],
        }
        for shown, token, parts in zip(room.trace.tokens, room.trace.ids, spelled(data), strict=True)
    ]
    spelling(
        tokens,
        selected=room.position,
        labels=room.templates("tokens.part."),
        on_choose=lambda position: session.change(query=position, token=None),
    )
    if any(not part[4] for token in tokens for part in token["parts"]):
        st.markdown(room.translate("tokens.split"))


def _merges(room: Room, pairs: BytePairs | None) -> None:
    token = room.quoted(room.trace.tokens[room.position])
    st.markdown(f"##### {room.translate('tokens.merges', token=token)}")
    if pairs is None:
        st.markdown(room.translate(f"tokens.kind.{kind_of(room.lm.tokenizer)}"))
        return
    piece, own = _piece(room, pairs)
    if piece.added:
        st.markdown(room.translate("tokens.merges.added", token=token))
        return
    if not own:
        st.markdown(room.translate("tokens.merges.exact"))
    steps = pairs.merges(piece.text)
    if not steps:
        alone = "byte" if len(piece.text) == len(piece.ids) else "whole"
        alone = "none" if not pairs.ranks else "one" if len(piece.text) == 1 else alone
        st.markdown(room.translate(f"tokens.merges.{alone}", count=len(piece.text)))
    shown = room.lm.tokenizer.shown

    def row(symbols: tuple[str, ...]) -> list[list]:
        return [[shown(pairs.id_of(symbol)), pairs.id_of(symbol)] for symbol in symbols]

    rows: list[dict[str, Any]] = [{"symbols": row(pairs.start(piece.text)), "rank": None, "place": None}]
    rows += [{"symbols": row(step.symbols), "rank": step.rank, "place": step.place} for step in steps]
    ladder(rows, labels=room.templates("tokens.part."))
    same = pairs.ids(piece) == piece.ids
    st.markdown(
        room.translate("tokens.check.same" if same else "tokens.check.other", ids=", ".join(map(str, piece.ids)))
    )


def _piece(room: Room, pairs: BytePairs) -> tuple[Piece, bool]:
    """The piece of the text that the chosen token lies in, and whether the prompt's tokens are the tokenizer's own."""
    pieces = pairs.pieces(room.trace.prompt)
    ids = [token for piece in pieces for token in piece.ids]
    if ids == list(room.trace.ids):
        place = 0
        for piece in pieces:
            place += len(piece.ids)
            if place > room.position:
                return piece, True
    return pairs.piece_of(room.trace.ids[room.position]), False


def _elsewhere(room: Room) -> None:
    st.markdown(f"##### {room.translate('tokens.elsewhere')}")
    st.markdown(room.translate("tokens.elsewhere.look"))
    found = runtime.tokenizers()
    if all(tokenizer.fingerprint != room.lm.tokenizer.fingerprint for _, tokenizer in found):
        found = [([room.lm.name], room.lm.tokenizer), *found]
    rows = []
    for names, tokenizer in found:
        ids = tokenizer.encode(room.trace.prompt)
        rows.append(
            {
                "models": ", ".join(names),
                "own": tokenizer.fingerprint == room.lm.tokenizer.fingerprint,
                "count": room.translate("tokens.count", count=len(ids), size=f"{tokenizer.vocab_size:,}"),
                "tokens": [[tokenizer.shown(token), token] for token in ids],
            }
        )
    comparison(rows)


def _why(room: Room, pairs: BytePairs | None) -> None:
    st.markdown(f"##### {room.translate('tokens.why')}")
    tokenizer = room.lm.tokenizer
    rules = {}
    if pairs is not None:
        rules = {
            "digits": digits(pairs),
            "blanks": blanks(pairs),
            "chinese": others(pairs, EXAMPLES["chinese"]),
            "emoji": others(pairs, EXAMPLES["emoji"]),
        }
    for column, (name, example) in zip(st.columns(len(EXAMPLES)), EXAMPLES.items(), strict=True):
        ids = tokenizer.encode(example)
        with column, st.container(border=True, height="stretch"):
            comparison(
                [
                    {
                        "models": room.translate(f"tokens.why.{name}"),
                        "own": False,
                        "count": room.translate("tokens.why.count", bytes=len(example.encode()), tokens=len(ids)),
                        "tokens": [[tokenizer.shown(token), token] for token in ids],
                    }
                ],
                key=f"why_{name}",
            )
            if name in rules:
                st.markdown(room.translate(f"tokens.why.{name}.{rules[name]}"))
            st.button(
                room.translate("tokens.try"),
                key=f"try_{name}",
                on_click=session.change_prompt,
                args=(example,),
            )
    if pairs is not None and pairs.added:
        names = ", ".join(f"{escape_markdown(content)} ({token})" for token, content in sorted(pairs.added.items()))
        st.markdown(room.translate("tokens.special", names=names))


def _take(room: Room) -> None:
    take(room, {room.translate("tokens.take.ids"): Matrix(np.array(room.trace.ids), room.trace.tokens)})
