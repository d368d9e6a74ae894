"""Under which names the weights of a Hugging Face folder stand, and which of its tensors are none.

A family's recipe knows the names within the trunk.  What stands in front of them, whether the head
is a weight of its own, and what is no weight of the text model can be seen only in the folder.
"""

from __future__ import annotations

import re
from dataclasses import replace

import torch

from .assembly import Piece, Recipe, Source
from .huggingface_config import Description


class Names:
    """The names in `source` for the model that `said` describes.

    `config` is what its config.json describes, corrected by what is stored: a model that is said to
    tie its embeddings but stores another head has that head.
    """

    def __init__(self, said: Description, source: Source):
        self._said, self._names = said, source.names()
        family = said.family
        # The base model saved alone has no trunk's name; models of pictures and text have one more.
        trunks = (family.trunk, "", "language_model." + family.trunk, "model.language_model.")
        self._trunk = next((trunk for trunk in trunks if self._has_layers(trunk)), family.trunk)
        heads = (family.head, "language_model." + family.head, self._trunk + family.head)
        self._head = next((head for head in heads if head in self._names), family.head)
        self._embedding = self._trunk + family.embedding
        self.config = said.config
        if said.config.tied_embeddings and self._head in self._names:
            if self._embedding not in self._names:
                self._embedding = self._head  # stored once, under the other name
            elif not _equal(source, self._head, self._embedding):
                self.config = replace(said.config, tied_embeddings=False)

    def recipe(self) -> Recipe:
        """For every weight of the model, the pieces it is made of."""
        parts = self._said.family.recipe(self.config)
        made = {ours: [Piece(self._trunk + each.name, each.change) for each in parts[ours]] for ours in parts}
        made["embed.weight"] = [Piece(self._embedding)]
        if not self.config.tied_embeddings:
            made["unembed.weight"] = [Piece(self._head)]
        return made

    def is_no_weight(self, name: str) -> bool:
        """Whether the tensor `name` takes no part in predicting the next token.

        These are tables of masks and frequencies that old versions saved, a second copy of a tied
        embedding, layers for predicting further tokens, and the parts that see pictures.
        """
        family = self._said.family
        if name.endswith("rotary_emb.inv_freq") or (self.config.tied_embeddings and name == self._head):
            return True
        if not name.startswith(self._trunk):
            return self._said.nested
        inside = name.removeprefix(self._trunk)
        if family.no_weight is not None and re.fullmatch(family.no_weight, inside):
            return True
        layer = re.match(re.escape(family.layer) + r"(\d+)\.", inside)
        return family.further_layers and layer is not None and int(layer[1]) >= self.config.n_layers

    def _has_layers(self, trunk: str) -> bool:
        return any(name.startswith(f"{trunk}{self._said.family.layer}0.") for name in self._names)


def _equal(source: Source, one: str, other: str) -> bool:
    return source.shape(one) == source.shape(other) and torch.equal(source.read(one), source.read(other))
