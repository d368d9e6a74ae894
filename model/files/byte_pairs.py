"""How byte-level BPE makes its tokens: text cut into pieces, and the merges of each piece in order.

The `tokenizers` library gives the result only.  Here the merging is done once more, slowly and in
the open (Sennrich et al. 2016, arXiv 1508.07909; on bytes: Radford et al. 2019, section 2.2), and
the pieces are the library's own, so that both can be compared token by token.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby, pairwise

import tokenizers

from .tokenizer import Tokenizer


@dataclass(frozen=True)
class Piece:
    """What merging never crosses the ends of: a word with the blank before it, a digit, a special token."""

    ids: tuple[int, ...]  # as the tokenizer splits it
    text: str  # as the vocabulary writes it, one character a byte
    added: bool  # looked for in the text before anything else, and never merged


@dataclass(frozen=True)
class Merge:
    """One step: two neighbours become one."""

    rank: int  # of the rule, 0 the first that was learned; the lowest one at hand is applied first
    place: int  # of the left one among the symbols before the step
    symbols: tuple[str, ...]  # after the step


class BytePairs:
    """The rules of a byte-level BPE tokenizer.

    Raises:
        ValueError: for a tokenizer of another kind, see `kind_of`.
    """

    def __init__(self, tokenizer: Tokenizer):
        if kind_of(tokenizer) != "bytes":
            raise ValueError(f"This tokenizer is of kind {kind_of(tokenizer)!r}: it does not merge bytes.")
        data = json.loads(tokenizer.to_json())["tokenizer"]
        self._backend = tokenizers.Tokenizer.from_str(json.dumps(data))
        self._ids: dict[str, int] = data["model"]["vocab"]
        self._whole = bool(data["model"].get("ignore_merges"))  # a piece that is a token stays whole (Llama 3)
        pairs = [tuple(pair.split(" ") if isinstance(pair, str) else pair) for pair in data["model"]["merges"]]
        self.ranks: dict[tuple[str, str], int] = {pair: rank for rank, pair in enumerate(pairs)}
        self.added: dict[int, str] = {token["id"]: token["content"] for token in data["added_tokens"]}

    def pieces(self, text: str) -> list[Piece]:
        """The pieces of `text` in order, each with the tokens that it becomes."""
        encoding = self._backend.encode(text)
        places = zip(encoding.ids, encoding.word_ids, strict=True)
        # What the tokenizer adds of its own, such as a start token, belongs to no piece of the text.
        groups = groupby(enumerate(places), key=lambda item: (item[1][1] is None and item[0], item[1][1]))
        made = []
        for _, group in groups:
            ids = tuple(token for _, (token, _) in group)
            text_of = "".join(self._backend.id_to_token(token) or "" for token in ids)
            made.append(Piece(ids, text_of, all(token in self.added for token in ids)))
        return made

    def piece_of(self, token: int) -> Piece:
        """One token as a piece of its own: for a prompt whose tokens are not those that its text would become."""
        return Piece((token,), self._backend.id_to_token(token) or "", token in self.added)

    def start(self, piece: str) -> tuple[str, ...]:
        """The symbols that merging of `piece` begins with: its bytes."""
        return (piece,) if self._whole and piece in self._ids else tuple(piece)

    def merges(self, piece: str) -> list[Merge]:
        """The steps from bytes to tokens: always the rule learned first, at the leftmost place where it fits."""
        symbols = list(self.start(piece))
        steps: list[Merge] = []
        while True:
            known = [(self.ranks[pair], i) for i, pair in enumerate(pairwise(symbols)) if pair in self.ranks]
            if not known:
                return steps
            rank, place = min(known)
            symbols[place : place + 2] = ["".join(symbols[place : place + 2])]
            steps.append(Merge(rank, place, tuple(symbols)))

    def ids(self, piece: Piece) -> tuple[int, ...]:
        """The token ids that these merges make of `piece`: those of the tokenizer, if all is well."""
        if piece.added:
            return piece.ids
        steps = self.merges(piece.text)
        return tuple(self._ids[symbol] for symbol in (steps[-1].symbols if steps else self.start(piece.text)))

    def id_of(self, symbol: str) -> int:
        """The id of a symbol: every result of a merge is a token of its own."""
        return self._ids[symbol]


def kind_of(tokenizer: Tokenizer) -> str:
    """ "bytes" for byte-level BPE, else "characters" (BPE on characters), "unigram", "wordpiece" or "words"."""
    data = json.loads(tokenizer.to_json())["tokenizer"]
    model = data["model"]["type"]
    if model == "BPE":
        return "bytes" if "ByteLevel" in json.dumps([data["pre_tokenizer"], data["decoder"]]) else "characters"
    return {"Unigram": "unigram", "WordPiece": "wordpiece"}.get(model, "words")
