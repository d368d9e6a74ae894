"""Folders as Hugging Face saves models: config.json, safetensors, tokenizer.json.

This file knows the folder; what its config.json means is in huggingface_config.py and families/,
under which names its weights stand in weight_names.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...errors import BadInput
from ...language_model import LanguageModel
from .assembly import Source, assemble, check_counts
from .huggingface_config import describe
from .huggingface_tokenizer import read_tokenizer
from .mxfp4 import Unpacked
from .weight_names import Names

_DTYPES = {"F64", "F32", "F16", "BF16"}


def read_huggingface(folder: Path, name: str) -> LanguageModel:
    """Load the model in `folder`, weights widened to float32.

    Raises:
        BadInput: "not_a_model_folder" if a file is missing or damaged, "unsupported" naming
            the option that cannot be computed faithfully, "wrong_weights" for weights that
            don't fit the config.
    """
    data = _read_json(folder / "config.json", "a folder with a config.json")
    said = describe(data)  # first: a family that is not known has no use for other files
    source: Source = SafetensorsFolder(folder)
    if any(name.endswith("_blocks") for name in source.names()):
        source = Unpacked(source)
    experts = getattr(said.config.feed_forward, "n_routed_experts", 0)
    check_counts(said.config.n_layers, experts, source)
    tokenizer = read_tokenizer(folder, data, said.config.vocab_size)
    names = Names(said, source)
    transformer = assemble(names.config, names.recipe(), source, ignored=names.is_no_weight)
    return LanguageModel(name, transformer, tokenizer, description=f"{said.model_type} model from {folder.name}")


class SafetensorsFolder:
    """The tensors of a folder's safetensors files, one file or several with an index, read on demand."""

    def __init__(self, folder: Path):
        self._folder = folder
        index, single = folder / "model.safetensors.index.json", folder / "model.safetensors"
        if single.is_file():
            self._files = {single.name: self._open(single)}
            self._place = dict.fromkeys(self._files[single.name].keys(), single.name)
        elif index.is_file():
            self._place = self._read_index(index)
            self._files = {name: self._open(folder / name) for name in sorted(set(self._place.values()))}
            self._check_index()
        else:
            raise _no_weights(folder)

    def _open(self, path: Path) -> Any:
        try:
            return safe_open(path, framework="pt")
        except (SafetensorError, OSError) as error:
            raise damaged(self._folder, f"{path.name} cannot be read: {str(error)[:120]}") from error

    def _read_index(self, index: Path) -> dict[str, str]:
        place = _read_json(index, "an index").get("weight_map")
        if not isinstance(place, dict) or not place or not all(isinstance(file, str) for file in place.values()):
            raise damaged(self._folder, f"{index.name} has no weight_map")
        for file in place.values():
            if Path(file).name != file:  # an index must not reach outside its folder
                raise damaged(self._folder, f"{index.name} names {file[:80]!r}, which is no file of this folder")
        return place

    def _check_index(self) -> None:
        held = {file: set(handle.keys()) for file, handle in self._files.items()}
        for name, file in self._place.items():
            if name not in held[file]:
                raise damaged(self._folder, f"{file} lacks the weight {name[:80]} that the index says it has")

    def names(self) -> set[str]:
        """Names of all tensors."""
        return set(self._place)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, without reading it."""
        return tuple(self._files[self._place[name]].get_slice(name).get_shape())

    def read(self, name: str) -> Tensor:
        """One tensor, in the number type of the file.

        Raises:
            BadInput: "unsupported" for weights that are quantised.
        """
        file = self._files[self._place[name]]
        dtype = file.get_slice(name).get_dtype()
        if dtype not in _DTYPES and not (dtype == "U8" and name.endswith(("_blocks", "_scales"))):
            raise BadInput(
                "unsupported",
                f"The weight {name} is stored as {dtype}, which is not supported: use a version of the model "
                "in bfloat16, float16 or float32.",
                what=dtype,
            )
        return file.get_tensor(name)


def damaged(folder: Path, reason: str) -> BadInput:
    """The error for a folder that is not a whole model."""
    return BadInput(
        "not_a_model_folder",
        f"{folder.name} is not a whole Hugging Face model folder ({reason}): choose another folder, or "
        "download it again.",
        name=folder.name,
        reason=reason,
    )


def _no_weights(folder: Path) -> BadInput:
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth")):
        return BadInput(
            "unsupported",
            f"{folder.name}, a model of type {_read_json(folder / 'config.json', 'a model').get('model_type')}, has "
            "its weights in pickle files (.bin, .pt), which can run code when read and are not supported: use a "
            "version of the model with .safetensors files.",
            what="pickle files",
        )
    return damaged(folder, "there is no model.safetensors")


def _read_json(path: Path, what: str) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise damaged(path.parent, f"{path.name} is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path.parent, f"{path.name} cannot be read: {str(error)[:80]}") from error
    if not isinstance(data, dict):
        raise damaged(path.parent, f"{path.name} does not describe {what}")
    return data
