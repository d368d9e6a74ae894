"""GGUF files that must be refused: no models, cut off, damaged, hostile."""

import pickle
import random
import resource
import struct
import time

import gguf
import pytest

from model import load
from model.errors import BadInput
from model.files.convert import read_gguf
from model.files.convert.gguf_file import GGUFFile
from tests.gguf_models import tiny


def header(n_tensors=0, n_values=0, body=b"", version=3):
    return b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_values) + body


HUGE = 2**62
NOT_MODELS = {
    "empty": b"",
    "text": b"Once upon a time there was a little girl.\n" * 9,
    "pickle": pickle.dumps({"weights": [1.0, 2.0]}),
    "letters only": b"GGUF",
    "header cut off": header()[:10],
    "version 1": header(version=1),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "absurd number of tensors": header(n_tensors=HUGE),
    "absurd number of values": header(n_values=HUGE),
    "absurd string": header(n_values=1, body=struct.pack("<Q", HUGE) + b"x" * 40),
    "absurd array": header(n_values=1, body=struct.pack("<Q1sIIQ", 1, b"k", 9, 6, HUGE) + b"\0" * 40),
    "array of arrays": header(n_values=1, body=struct.pack("<Q1sIIQ", 1, b"k", 9, 9, 1) + b"\0" * 40),
    "unknown value type": header(n_values=1, body=struct.pack("<Q1sI", 1, b"k", 77) + b"\0" * 40),
    "no text": header(n_values=1, body=struct.pack("<Q1sIQ", 1, b"k", 8, 2) + b"\xff\xfe" + b"\0" * 40),
    "many dimensions": header(n_tensors=1, body=struct.pack("<Q1sI", 1, b"t", 1_000_000) + b"\0" * 80),
    "absurd shape": header(n_tensors=1, body=struct.pack("<Q1sI2QIQ", 1, b"t", 2, HUGE, HUGE, 0, 0)),
    "unknown packing": header(n_tensors=1, body=struct.pack("<Q1sI1QIQ", 1, b"t", 1, 4, 9999, 0) + b"\0" * 80),
    "nothing in it": header() + b"\0" * 64,
}


@pytest.mark.parametrize("name", NOT_MODELS)
def test_what_is_no_model_gets_one_sentence(name, tmp_path):
    """Each through the same door as a user's file, and without a memory blow-up."""
    path = tmp_path / "m.gguf"
    path.write_bytes(NOT_MODELS[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(BadInput) as error:
        load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB
    assert str(error.value).count("\n") == 0 and str(error.value).endswith(".")
    assert error.value.code in ("not_a_model_file", "unsupported")


def test_nothing_is_unpickled(tmp_path):
    """Guards against a pickle renamed .gguf that runs code when it is opened."""

    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    (tmp_path / "m.gguf").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadInput, match="does not begin with the letters GGUF"):
        load(tmp_path / "m.gguf")
    assert not (tmp_path / "sprung").exists()


def test_every_truncation_of_a_file_is_refused(tmp_path):
    path = tiny(tmp_path)
    whole = path.read_bytes()
    end = max(tensor.start + tensor.nbytes for tensor in GGUFFile(path).tensors.values())  # padding may follow
    for length in (*random.Random(0).sample(range(end), 60), end - 1, 1, 4, 23, 24):
        path.write_bytes(whole[:length])
        with pytest.raises(BadInput):
            read_gguf(path, "m")


def test_damaged_headers_never_raise_anything_else(tmp_path):
    """Guards the reader with random bytes changed in a good file's header."""
    path = tiny(tmp_path)
    whole = path.read_bytes()
    rng = random.Random(1)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(4, 1400)] = rng.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            read_gguf(path, "m")
        except BadInput as error:
            assert "\n" not in str(error)


def test_a_folder_named_gguf_and_a_missing_file(tmp_path):
    with pytest.raises(BadInput, match="is a folder"):
        GGUFFile(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        GGUFFile(tmp_path / "none.gguf")


def test_loading_takes_no_longer_than_reading_the_file_with_gguf(smollm2_file):
    """Guards the five seconds that loading may take, by a ratio that holds on a busy machine too."""
    ours, theirs = [], []
    for _ in range(2):
        start = time.perf_counter()
        read_gguf(smollm2_file, "m")
        middle = time.perf_counter()
        for tensor in gguf.GGUFReader(smollm2_file).tensors:
            gguf.dequantize(tensor.data, tensor.tensor_type)
        ours.append(middle - start)
        theirs.append(time.perf_counter() - middle)
    assert min(ours) < 1.25 * min(theirs)
