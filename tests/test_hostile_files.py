"""Files as an attack: flipped, cut off, of the wrong kind, bombs, pipes, links out of their folder.

GLASSFORMER_FLIPS=1000 does more of each, and then cuts headers off at every byte.
"""

from __future__ import annotations

import json
import lzma
import os
import random
import resource
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import model
from model.errors import BadInput
from model.files import checkpoint
from model.files.convert import foreign
from model.files.convert import gguf as convert_gguf
from model.files.convert.gguf_file import GGUFFile
from model.training import corpus
from tests.gguf_models import tiny
from tests.test_hf_families import CONFIGS, make_folder
from tests.test_hf_folders import LLAMA

FLIPS = int(os.environ.get("GLASSFORMER_FLIPS", "200"))
STEP = 1 if FLIPS >= 1000 else 5  # bytes between two truncations
LIMIT = 100_000  # KiB of memory that a hostile file may make this process take
FAMILIES = ("deepseek_v3, short config", "glm4_moe", "gemma3", "gpt_oss", "phi3, long text", "olmo3", "minicpm3")
VALUES = (
    None, True, False, 0, -1, 1, 3, 2**31, 2**60, 2**64, 10**400, 0.5, float("nan"), float("inf"), 1e308, "", "x",
    "\ud800", [], [1], [[1]], {}, {"a": 1}, [None], [2**60] * 4,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < LIMIT


def header_end(file: Path) -> int:
    return 8 + int.from_bytes(file.read_bytes()[:8], "little")


@pytest.fixture(scope="module")
def targets(tmp_path_factory) -> dict[str, tuple[Path, Path, int]]:
    """What is loaded, the file of it that is attacked, and where its header ends."""
    place = tmp_path_factory.mktemp("targets")
    own, folder = place / "own.safetensors", place / "llama"
    checkpoint.save(model.load("tiny"), own)
    folder.mkdir()
    make_folder(LLAMA, 0, folder)
    packed = tiny(place)
    files = {name: folder / name for name in ("config.json", "tokenizer.json")}
    return {
        "checkpoint": (own, own, header_end(own)),
        "gguf": (packed, packed, min(tensor.start for tensor in GGUFFile(packed).tensors.values())),
        "safetensors": (folder, folder / "model.safetensors", header_end(folder / "model.safetensors")),
        **{name: (folder, file, file.stat().st_size) for name, file in files.items()},
    }


TARGETS = ("checkpoint", "gguf", "safetensors", "config.json", "tokenizer.json")


def refused_or_read(path: Path, read: Callable[[Path], object] = model.load) -> bool:
    """Whether it could be read; where not, one sentence said why."""
    try:
        read(path)
    except BadInput as error:
        assert str(error) and "\n" not in str(error)
        return False
    return True


@pytest.mark.parametrize("name", TARGETS)
def test_flipped_bytes_of_a_header_are_read_or_refused_in_one_sentence(name, targets):
    load, file, end = targets[name]
    whole = file.read_bytes()
    try:
        for seed in range(FLIPS):
            rng, data = random.Random(f"{name} {seed}"), bytearray(whole)
            for _ in range(rng.choice((1, 1, 2, 4))):
                place = rng.randrange(end)
                data[place] = rng.choice((data[place] ^ 1 << rng.randrange(8), rng.randrange(256), *b'0129-"{}[],:'))
            file.write_bytes(data)
            refused_or_read(load)
    finally:
        file.write_bytes(whole)


@pytest.mark.parametrize("name", TARGETS)
def test_truncations_of_a_header_is_refused(name, targets):
    load, file, end = targets[name]
    whole = file.read_bytes()
    try:
        for length in range(0, end, STEP):
            file.write_bytes(whole[:length])
            assert not refused_or_read(load) or whole[:length].rstrip() == whole.rstrip(), length
    finally:
        file.write_bytes(whole)


def places(data: Any, path: tuple = ()) -> Iterator[tuple]:
    """Where values stand in JSON; of a long list or the vocabulary the first three."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(inside)[: 3 if isinstance(data, list) or path[-1:] == ("vocab",) else None]:
        yield (*path, key)
        yield from places(value, (*path, key))


def changed(data: Any, rng: random.Random) -> Any:
    """`data` with one value left out, or of another kind, or absurd."""
    data = json.loads(json.dumps(data))
    *path, last = rng.choice(list(places(data)))
    inside = data
    for key in path:
        inside = inside[key]
    if isinstance(inside, dict) and rng.randrange(6) == 0:
        del inside[last]
    else:
        inside[last] = rng.choice(VALUES)
    return data


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_values_of_the_wrong_kind_in_a_folder(name, targets):
    """Guards against tracebacks for a list as model_type, a number that no float holds, a tokenizer's missing key."""
    folder, file, _ = targets[name]
    whole = file.read_bytes()
    try:
        for seed in range(FLIPS // 2):
            file.write_text(json.dumps(changed(json.loads(whole), random.Random(seed))))
            refused_or_read(folder)
            refused_or_read(folder, lambda path: model.check(str(path)))
    finally:
        file.write_bytes(whole)


@pytest.mark.parametrize("family", FAMILIES)
def test_values_of_the_wrong_kind_in_configs_of_other_families(family, tmp_path):
    make_folder(CONFIGS[family], 0, tmp_path)
    for seed in range(FLIPS // 5):
        (tmp_path / "config.json").write_text(json.dumps(changed(CONFIGS[family], random.Random(seed))))
        refused_or_read(tmp_path)


def test_values_of_the_wrong_kind_in_a_gguf_header(tmp_path, monkeypatch):
    path, rng = tiny(tmp_path), random.Random(0)

    def opened(path: Path) -> GGUFFile:
        file = GGUFFile(path)
        for key in rng.sample(sorted(file.metadata), 1):
            file.metadata[key] = rng.choice(VALUES)
        return file

    monkeypatch.setattr(convert_gguf, "GGUFFile", opened)
    for _ in range(FLIPS // 2):
        refused_or_read(path)


@pytest.mark.parametrize("promised", [2**31, 2**60, 2**63, 2**64 - 1])
def test_a_header_that_promises_more_than_there_is_takes_no_memory(promised, tmp_path):
    """As a length, as a count of entries, as a shape."""
    entry = {"w": {"dtype": "F32", "shape": [promised], "data_offsets": [0, promised]}}
    text = json.dumps(entry).encode()
    bodies = {
        "m.safetensors": (struct.pack("<Q", promised) + text, struct.pack("<Q", len(text)) + text),
        "m.gguf": (
            b"GGUF" + struct.pack("<IQQ", 3, promised, 0) + bytes(64),
            b"GGUF" + struct.pack("<IQQ", 3, 0, promised) + bytes(64),
            b"GGUF" + struct.pack("<IQQQ1sI1QIQ", 3, 1, 0, 1, b"w", 1, promised, 0, 0),
        ),
    }
    for name, contents in bodies.items():
        for content in contents:
            (tmp_path / name).write_bytes(content)
            assert not refused_or_read(tmp_path / name)


def test_a_config_of_two_hundred_megabytes_is_not_read(targets, monkeypatch, tmp_path):
    """A file of holes: it has a size, and takes no room."""
    for name in ("config.json", "tokenizer.json"):
        folder = tmp_path / name[:4]
        folder.mkdir()
        for file in targets["config.json"][0].iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        with open(folder / name, "ab") as file:
            file.truncate(foreign.MOST_BYTES + 1)
        with pytest.raises(BadInput, match="more than 200 MB"):
            model.load(folder)


def test_pipes_and_devices_are_no_models(targets, tmp_path):
    """Guards against waiting for ever for whoever writes into a pipe."""
    for name in ("m.gguf", "m.safetensors", "model"):
        os.mkfifo(tmp_path / name)
        assert not refused_or_read(tmp_path / name)
    assert not refused_or_read(Path("/dev/zero")) and not refused_or_read(Path("/dev/null"))
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        for file in targets["config.json"][0].iterdir():
            (folder / file.name).unlink(missing_ok=True)
            (folder / file.name).write_bytes(file.read_bytes())
        (folder / name).unlink()
        os.mkfifo(folder / name)
        assert not refused_or_read(folder)


def test_an_index_reaches_only_files_beside_it(targets, tmp_path):
    """By "..", by an absolute path, or by the name of a pipe."""
    source = targets["safetensors"][0]
    (tmp_path / "outside.safetensors").write_bytes((source / "model.safetensors").read_bytes())
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_bytes((source / name).read_bytes())
    os.mkfifo(folder / "pipe")
    for target in (
        "../outside.safetensors",
        str(tmp_path / "outside.safetensors"),
        "..",
        "",
        ".",
        "pipe",
        "none",
        "a\0b",
    ):
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": target}}))
        assert not refused_or_read(folder)


def test_loops_of_links_and_links_to_nothing_are_refused(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "gone.gguf").symlink_to(tmp_path / "nothing")
    assert not refused_or_read(tmp_path / "loop") and not refused_or_read(tmp_path / "gone.gguf")


def test_loading_writes_nothing(targets, tmp_path):
    """Whatever is read, its folder is left as it was."""
    folder = targets["config.json"][0]
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.parent.rglob("*")}
    for path in (folder, targets["gguf"][0], targets["checkpoint"][0]):
        assert refused_or_read(path)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.parent.rglob("*")} == before


def test_a_text_that_unpacks_to_far_more_is_refused(tmp_path, monkeypatch):
    """A bomb: 40 KB of .xz that are 256 MB of text."""
    monkeypatch.setattr(corpus, "MOST_BYTES", 1_000_000)
    path = tmp_path / "bomb.txt.xz"
    squeeze = lzma.LZMACompressor(preset=0)
    path.write_bytes(b"".join([squeeze.compress(b"a" * 2**20) for _ in range(256)]) + squeeze.flush())
    with pytest.raises(BadInput, match="unpacks to more than 1 MB"):
        corpus.read_files([path])
    path.write_bytes(lzma.compress(b"Once upon a time.\n" * 1000)[:-20])
    with pytest.raises(BadInput, match="convert it first"):
        corpus.read_files([path])
