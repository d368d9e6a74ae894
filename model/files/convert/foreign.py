"""Other people's files: how much of one is read, and one place where a value of the wrong kind becomes a sentence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import BadInput

MOST_BYTES = 200_000_000  # of a file that is no weights: six times the largest tokenizer.json met


def read_bytes(path: Path) -> bytes:
    """The content of a file that is no weights.

    Raises:
        OSError: if it is missing, no ordinary file (a pipe would be waited for, a device has no end), or too large.
    """
    if path.exists() and not path.is_file():
        raise OSError("it is no ordinary file")
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise OSError(f"it has more than {MOST_BYTES // 1_000_000} MB")
        return file.read()


@contextmanager
def foreign(refuse: Callable[[str], BadInput]) -> Iterator[None]:
    """Read values as what they should be; where one turns out to be something else, raise ``refuse(why)``.

    Around code that only reads what a file says: a list where a number belongs, a missing key, a number that no
    machine can hold. What the code itself refuses stays as it is.
    """
    try:
        yield
    except BadInput:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise refuse(f"{type(error).__name__}: {str(error)[:100]}") from error
