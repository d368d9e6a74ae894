"""Folders as Hugging Face saves models: config.json, safetensors, tokenizer.json.

This file knows the folder; what its config.json means is in huggingface_config.py and families/,
under which names its weights stand in weight_names.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...errors import BadInput
from ...language_model import LanguageModel
from .assembly import Plan, Source, check_counts
from .families import FAMILIES
from .foreign import foreign, read_bytes
from .huggingface_config import describe
from .huggingface_tokenizer import read_tokenizer
from .mxfp4 import Unpacked
from .weight_names import Names

_DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def read_huggingface(folder: Path, name: str, dtype: torch.dtype = torch.float32) -> LanguageModel:
    """Load the model in `folder`, its weights as `dtype`.

    Raises:
        BadInput: "not_a_model_folder" if a file is missing or damaged, "unsupported" naming
            the option that cannot be computed faithfully, "wrong_weights" for weights that
            don't fit the config, "no_memory" for a model that does not fit in this machine's memory.
    """
    return plan_huggingface(folder).load(name, dtype)


def plan_huggingface(folder: Path) -> Plan:
    """What loading `folder` would do, before any weight is read; raises as `read_huggingface`."""
    data = _read_json(folder / "config.json", "a folder with a config.json")
    with foreign(lambda why: damaged(folder, f"its config.json has a value of the wrong kind ({why})")):
        if data.get("model_type") in FAMILIES:  # one that is not known has no use for other files
            _require_weights(folder)
        said = describe(data)
    source: Source = SafetensorsFolder(folder)
    if any(name.endswith("_blocks") for name in source.names()):
        source = Unpacked(source)
    experts = getattr(said.config.feed_forward, "n_routed_experts", 0)
    check_counts(said.config.n_layers, experts, source)
    tokenizer = read_tokenizer(folder, data, said.config.vocab_size)
    names = Names(said, source)
    return Plan(
        family=said.model_type,
        config=names.config,
        tokenizer=tokenizer,
        recipe=names.recipe(),
        source=source,
        ignored=names.is_no_weight,
        description=f"{said.model_type} model from {folder.name}",
        passed_over=said.ignored,
    )


class SafetensorsFolder:
    """The tensors of a folder's safetensors files, one file or several with an index, read on demand.

    The library checks the files; tensors are then read by their place, each into memory of its own: mapped as
    the library does it, a whole folder would stay in memory beside the model made of it.
    """

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
            _require_weights(folder)
        self._spans: dict[str, tuple[int, int]] = {}  # bytes from the beginning of a tensor's file
        for file in self._files:
            self._spans |= _spans(folder / file)

    def _open(self, path: Path) -> Any:
        if not path.is_file():
            raise damaged(self._folder, f"{path.name} is missing")
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
        start, end = self._spans[name]
        shape, kind = tuple(file.get_slice(name).get_shape()), _DTYPES.get(dtype, torch.uint8)
        if start == end:
            return torch.empty(shape, dtype=kind)
        data = bytearray(end - start)
        with open(self._folder / self._place[name], "rb") as opened:
            opened.seek(start)
            opened.readinto(data)
        return torch.frombuffer(data, dtype=kind).reshape(shape)


def _spans(path: Path) -> dict[str, tuple[int, int]]:
    """Where the tensors of a file lie that the library has found in order: bytes from its beginning."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    return {
        name: (8 + length + entry["data_offsets"][0], 8 + length + entry["data_offsets"][1])
        for name, entry in header.items()
        if name != "__metadata__"
    }


def damaged(folder: Path, reason: str) -> BadInput:
    """The error for a folder that is not a whole model."""
    return BadInput(
        "not_a_model_folder",
        f"{folder.name} is not a whole Hugging Face model folder ({reason}): choose another folder, or "
        "download it again.",
        name=folder.name,
        reason=reason,
    )


def _require_weights(folder: Path) -> None:
    """Refuse a folder without safetensors files; raises as `read_huggingface`."""
    if any((folder / name).is_file() for name in ("model.safetensors", "model.safetensors.index.json")):
        return
    if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth")):
        raise BadInput(
            "unsupported",
            f"{folder.name}, a model of type {_read_json(folder / 'config.json', 'a model').get('model_type')}, has "
            "its weights in pickle files (.bin, .pt), which can run code when read and are not supported: use a "
            "version of the model with .safetensors files.",
            what="pickle files",
        )
    raise damaged(folder, "there is no model.safetensors")


def _read_json(path: Path, what: str) -> dict[str, Any]:
    try:
        data = json.loads(read_bytes(path).decode())
    except FileNotFoundError:
        raise damaged(path.parent, f"{path.name} is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path.parent, f"{path.name} cannot be read: {str(error)[:80]}") from error
    if not isinstance(data, dict):
        raise damaged(path.parent, f"{path.name} does not describe {what}")
    return data
