"""Values in other people's files, which may be of any kind: one place where a wrong kind becomes a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...errors import BadInput


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
