"""The GGUF container: a header of named values, a table of tensors, and their packed bytes.

Format: ggml's docs/gguf.md, versions 2 and 3.  Files come from anywhere, so nothing in
them is believed before it is checked against the size of the file; nothing is executed.
Unpacking quantised blocks is left to the `gguf` package.  This module knows nothing about
what the tensors are for.
"""

from __future__ import annotations

import math
import mmap
import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from torch import Tensor

from ...errors import BadInput

_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}  # value type -> struct letter
_STRING, _ARRAY = 8, 9
_MOST_DIMENSIONS = 4  # ggml's GGML_MAX_DIMS
_PLAIN = {"F32": np.float32, "F16": np.float16, "F64": np.float64}


@dataclass(frozen=True)
class PackedTensor:
    """Where a tensor lies in the file, and how it is packed."""

    shape: tuple[int, ...]  # outermost first, as torch writes it
    packing: gguf.GGMLQuantizationType
    start: int  # bytes from the beginning of the file
    nbytes: int


class GGUFFile:
    """A GGUF file, its header read and checked, its tensors read on demand.

    Of a model in several files (NAME-00001-of-00003.gguf) any one stands for all: the values are the first one's.

    Raises:
        BadInput: "not_a_model_file" if the file is not a whole GGUF file or another part of it is missing,
            "unsupported" for versions and kinds of it that can't be read.
    """

    def __init__(self, path: Path, with_others: bool = True):
        self.path = path
        self._data = _map(path)
        self._cursor = _Cursor(self._data, path)
        n_tensors, n_values = self._read_counts()
        self.metadata: dict[str, Any] = {}
        for _ in range(n_values):
            key = self._cursor.string()
            self.metadata[key] = self._cursor.value(self._cursor.scalar("I"))
        self.tensors = self._read_table(n_tensors)
        self._homes: dict[str, GGUFFile] = {}  # of tensors in other files
        if with_others and self.metadata.get("split.count", 0) not in (0, 1):
            self._read_others()

    def _read_others(self) -> None:
        """The values of the first file, and the tensors of all."""
        name, count = re.fullmatch(r"(.*)-\d{5}-of-(\d{5})", self.path.stem), self.metadata["split.count"]
        if name is None or int(name[2]) != count:
            raise BadInput(
                "unsupported",
                f"{self.path.name} is one of {count} files of a model and is not called NAME-00001-of-{count:05}.gguf: "
                "give the files the names they were published with.",
                what=f"split file {self.path.name}",
            )
        for number in range(1, count + 1):
            path = self.path.with_name(f"{name[1]}-{number:05}-of-{count:05}{self.path.suffix}")
            if not path.is_file():
                raise not_a_model_file(self.path, f"{path.name}, part {number} of {count}, is not beside it")
            part = self if path == self.path else GGUFFile(path, with_others=False)
            if number == 1:
                self.metadata = part.metadata
            for tensor in part.tensors.keys() - (self.tensors.keys() if part is self else ()):
                if tensor in self.tensors:
                    raise not_a_model_file(path, f"tensor {tensor[:80]!r} is in another part too")
                self.tensors[tensor], self._homes[tensor] = part.tensors[tensor], part

    def _read_counts(self) -> tuple[int, int]:
        cursor = self._cursor
        if bytes(self._data[:4]) != b"GGUF":
            raise not_a_model_file(self.path, "it does not begin with the letters GGUF")
        cursor.take(4)
        version = cursor.scalar("I")
        if version not in (2, 3):
            turned = version & 0xFFFF == 0  # a small number, its bytes the other way round
            kind = "for big-endian machines" if turned else f"of version {version}"
            advice = (
                "turn the bytes of {} with llama.cpp's gguf_convert_endian.py"
                if turned
                else "make {} anew with llama.cpp's convert_hf_to_gguf.py, which writes version 3"
            )
            raise BadInput(
                "unsupported",
                f"GGUF files {kind} are not supported: {advice.format(self.path.name)}.",
                what=f"GGUF {kind}",
            )
        return cursor.count(24), cursor.count(13)  # the fewest bytes that a tensor's entry and a named value take

    def _read_table(self, n_tensors: int) -> dict[str, PackedTensor]:
        cursor, entries = self._cursor, []
        for _ in range(n_tensors):
            name = cursor.string()
            n_dimensions = cursor.scalar("I")
            if n_dimensions > _MOST_DIMENSIONS:
                raise cursor.damaged(f"tensor {name[:80]!r} has {n_dimensions} dimensions")
            shape = tuple(cursor.scalar("Q") for _ in range(n_dimensions))[::-1]
            entries.append((name, shape, cursor.scalar("I"), cursor.scalar("Q")))
        alignment = self.metadata.get("general.alignment", gguf.GGUF_DEFAULT_ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1:
            raise cursor.damaged(f"its alignment is {alignment}")
        base = -(-cursor.position // alignment) * alignment
        table = {}
        for name, shape, code, offset in entries:
            if name in table:
                raise cursor.damaged(f"tensor {name[:80]!r} appears twice")
            try:
                packing = gguf.GGMLQuantizationType(code)
            except ValueError:
                raise BadInput(
                    "unsupported",
                    f"Tensor {name[:80]} of {self.path.name} is packed in type {code}, which is not supported: "
                    "use another quantisation, such as Q8_0.",
                    what=f"GGUF type {code}",
                ) from None
            block, block_bytes = gguf.GGML_QUANT_SIZES[packing]
            if not shape or shape[-1] % block:
                raise cursor.damaged(f"tensor {name[:80]!r} has rows that {packing.name} cannot pack")
            nbytes = math.prod(shape) // block * block_bytes
            if base + offset + nbytes > len(self._data):
                raise cursor.damaged(
                    f"tensor {name[:80]!r} lies beyond its end; it may have been cut off while downloading"
                )
            table[name] = PackedTensor(shape, packing, base + offset, nbytes)
        return table

    def read(self, name: str, index: int | None = None) -> Tensor:
        """One tensor, or of several stacked in it the one of `index`, unpacked to float32.

        Raises:
            BadInput: "unsupported" for a way of packing that cannot be undone.
        """
        if name in self._homes:
            return self._homes[name].read(name, index)
        tensor = self.tensors[name]
        if index is not None:
            nbytes = tensor.nbytes // tensor.shape[0]
            tensor = replace(tensor, shape=tensor.shape[1:], start=tensor.start + index * nbytes, nbytes=nbytes)
        data = np.frombuffer(self._data, dtype=np.uint8, count=tensor.nbytes, offset=tensor.start)
        plain = _PLAIN.get(tensor.packing.name)
        if plain is not None:
            return torch.from_numpy(data.view(plain).astype(np.float32).reshape(tensor.shape))
        try:
            values = gguf.dequantize(data.reshape(*tensor.shape[:-1], -1), tensor.packing)
        except NotImplementedError:
            raise BadInput(
                "unsupported",
                f"{self.path.name} uses the quantisation {tensor.packing.name}, which is not supported: use "
                "another one, such as Q8_0.",
                what=tensor.packing.name,
            ) from None
        return torch.from_numpy(values.reshape(tensor.shape))

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of a tensor, without reading it."""
        return self.tensors[name].shape

    def names(self) -> set[str]:
        """Names of all tensors."""
        return set(self.tensors)


class _Cursor:
    """Reads the header front to back and never past the end."""

    def __init__(self, data: mmap.mmap, path: Path):
        self._data, self._path, self.position = data, path, 0

    def damaged(self, what: str) -> BadInput:
        return not_a_model_file(self._path, what)

    def take(self, n: int) -> bytes:
        end = self.position + n
        if end > len(self._data):
            raise self.damaged("it ends in the middle of its header; it may have been cut off while downloading")
        piece = self._data[self.position : end]
        self.position = end
        return piece

    def scalar(self, letter: str) -> Any:
        return struct.unpack("<" + letter, self.take(struct.calcsize("<" + letter)))[0]

    def count(self, least_bytes: int) -> int:
        """How many of something follow, each of `least_bytes` or more: no more than fit."""
        n = self.scalar("Q")
        if n * least_bytes > len(self._data):
            raise self.damaged(f"its header counts {n:,} entries, more than fit into the file")
        return n

    def string(self) -> str:
        data = self.take(self.count(1))
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise self.damaged("a text in its header is not UTF-8") from None

    def value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            raise self.damaged(f"its header has a value of unknown type {kind}")
        kind = self.scalar("I")
        if kind in _SCALARS:
            letter = _SCALARS[kind]
            n = self.count(struct.calcsize("<" + letter))
            return np.frombuffer(self.take(n * struct.calcsize("<" + letter)), dtype="<" + letter)
        if kind != _STRING:
            raise self.damaged("its header has arrays of arrays")
        return self._strings(self.count(8))

    def _strings(self, n: int) -> list[str]:
        """As `string`, n times: a vocabulary has a hundred thousand, so this loop is kept bare."""
        data, position, unpack, texts = self._data, self.position, struct.Struct("<Q").unpack_from, []
        try:
            for _ in range(n):
                start = position + 8
                position = start + unpack(data, position)[0]
                if position > len(data):
                    break
                texts.append(data[start:position].decode())
        except (struct.error, UnicodeDecodeError):
            texts = []
        if len(texts) < n:
            raise self.damaged("a list of texts in its header is cut off or not UTF-8")
        self.position = position
        return texts


def not_a_model_file(path: Path, reason: str) -> BadInput:
    """The error for a file that is not what its name says."""
    return BadInput(
        "not_a_model_file",
        f"{path.name} is not a whole GGUF model file ({reason}): choose another file, or download it again.",
        name=path.name,
        reason=reason,
    )


def _map(path: Path) -> mmap.mmap:
    try:
        with open(path, "rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except IsADirectoryError:
        raise not_a_model_file(path, "it is a folder") from None
    except OSError as error:
        raise not_a_model_file(path, error.strerror or "it cannot be opened") from error
    except ValueError:  # mmap's word for a file of no bytes
        raise not_a_model_file(path, "it is empty") from None
