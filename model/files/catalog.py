"""Which models there are, and how a name or path becomes a `LanguageModel`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch

from ..config import DenseConfig, GQAConfig, ModelConfig
from ..errors import BadInput
from ..language_model import LanguageModel
from ..transformer import Transformer
from . import checkpoint, convert, fetch
from .convert.gguf_file import GGUFFile
from .convert.gguf_tokenizer import read_tokenizer
from .fetchable import MODELS as FETCHABLE
from .tokenizer import Tokenizer

MODELS = Path(__file__).resolve().parents[2] / "assets" / "models"
STORYTELLERS = ("storyteller", "storyteller-mha", "storyteller-dense", "storyteller-classic", "storyteller-v3")
TINY = "tiny"
WEIGHTS = {"fp32": torch.float32, "bf16": torch.bfloat16}  # how weights may be kept in memory

# Of the architecture that SmolLM2 has, at a size that needs no file.
TINY_CONFIG = ModelConfig(
    vocab_size=257,
    d_model=48,
    n_layers=4,
    context=512,
    attention=GQAConfig(n_heads=6, n_kv_heads=2, head_dim=8),
    feed_forward=DenseConfig(hidden=128),
)


@dataclass(frozen=True)
class Entry:
    """What is known of a model by name, without loading it."""

    name: str
    available: bool  # can be loaded now, without a download
    parameters: int
    attention: str  # "MHA", "GQA", "MQA" or "MLA"
    feed_forward: str  # such as "SwiGLU" or "MoE"
    trained: bool
    description: str


def file_of(name: str) -> Path:
    """Where the file of a storyteller is, or would be."""
    return MODELS / f"{name}.safetensors"


def present() -> list[str]:
    """Names in the catalog whose files are on this machine now; cheaper than `catalog`, which reads them."""
    names = [name for name in STORYTELLERS if file_of(name).exists()]
    return [*names, *(name for name in FETCHABLE if fetch.fetched_path(name))]


def catalog() -> list[Entry]:
    """Every model with a name of its own; the first available one is the default."""
    entries = []
    for name in STORYTELLERS:
        path = file_of(name)
        if path.exists():
            header = checkpoint.describe(path)
            config = header.config
            entries.append(
                Entry(
                    name,
                    True,
                    header.parameters,
                    config.attention.kind,
                    config.feed_forward.kind,
                    True,
                    header.description,
                )
            )
    for name, model in FETCHABLE.items():
        here, about = fetch.fetched_path(name) is not None, f"{model.title}, {model.licence}"
        entries.append(Entry(name, here, model.parameters, model.attention, model.feed_forward, True, about))
    tiny = _tiny()
    entries.append(Entry(TINY, True, tiny.parameters, "GQA", "SwiGLU", False, tiny.description))
    return entries


def default_name() -> str:
    """The first built-in model: a trained one as soon as there is one."""
    return next(entry.name for entry in catalog() if entry.available and entry.name not in FETCHABLE)


def load(name_or_path: str | os.PathLike[str], *, weights: str = "fp32") -> LanguageModel:
    """Load a model by its name in the catalog, from a Hugging Face folder, or from a .gguf or .safetensors file.

    Args:
        weights: "fp32", or "bf16" for half the memory and coarser numbers; traces are float32 all the same.

    Raises:
        BadInput: if there is no such model, its file cannot be read, its architecture is not supported,
            or it does not fit in this machine's memory.
    """
    name = os.fspath(name_or_path)
    if weights not in WEIGHTS:
        known = " or ".join(WEIGHTS)
        raise BadInput(
            "unknown_dtype", f"Weights are kept as {known}, not as {weights[:40]!r}.", dtype=weights[:40], known=known
        )
    dtype = WEIGHTS[weights]
    if name == TINY:
        return _tiny()
    if name in FETCHABLE:
        gguf = fetch.fetched_path(name)
        if gguf is None:
            title = FETCHABLE[name].title
            raise BadInput(
                "not_fetched", f"{title}, is not on this machine yet: run python -m model fetch {name}.", name=name
            )
        return convert.read_gguf(gguf, name, dtype)
    if name in STORYTELLERS:
        path = file_of(name)
        if not path.exists():
            raise BadInput(
                "not_trained",
                f"{name} has not been trained in this checkout: there is no {path.name} in assets/models.",
                name=name,
            )
        return checkpoint.read(path, dtype)
    found = find_path(name)
    if found is None:
        known = ", ".join(entry.name for entry in catalog())
        raise BadInput(
            "unknown_model",
            f"There is no model or path {name[:200]!r}: give one of {known}, a Hugging Face folder, or a .gguf file.",
            name=name[:200],
            known=known,
        )
    if found.is_dir():
        return convert.read_huggingface(found, found.name, dtype)
    if found.suffix == ".safetensors":
        return checkpoint.read(found, dtype)
    return convert.read_gguf(found, found.stem, dtype)


def find_path(name: str) -> Path | None:
    """The folder or file that `name` means, or None where nothing is there.

    A file of a Hugging Face folder, such as its config.json, means the folder.
    """
    try:
        path = Path(name).expanduser()
        if not (path.is_file() or path.is_dir()):  # opening a pipe would wait for whoever writes into it
            return None
        inside = path.suffix == ".json" or (path.suffix == ".safetensors" and not checkpoint.is_ours(path))
        # A file may be a link into a store of blobs: the folder is where the link lies, not where it leads.
        return path.absolute().parent if inside and path.with_name("config.json").is_file() else path
    except (OSError, ValueError, RuntimeError):  # a name too long or odd to be a path, or an unknown ~user
        return None


def load_tokenizer(name: str) -> Tokenizer:
    """The tokenizer of a model that can be loaded now, without its weights where the file allows that.

    Raises:
        BadInput: as `load`.
    """
    path = fetch.fetched_path(name) if name in FETCHABLE else None
    if path is not None:
        return read_tokenizer(GGUFFile(path).metadata)
    if name in STORYTELLERS and file_of(name).exists():
        return checkpoint.read_tokenizer(file_of(name))
    return load(name).tokenizer


@cache
def _tiny() -> LanguageModel:
    transformer = Transformer(TINY_CONFIG).initialise(torch.Generator().manual_seed(0))
    return LanguageModel(
        TINY,
        transformer,
        Tokenizer.of_bytes(),
        trained=False,
        description="untrained: random weights from a fixed seed, one token per byte",
    )
