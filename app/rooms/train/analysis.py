"""What people bring to train on, as text or as one clear sentence; and the curves of a training, short enough to draw.

N steps, P points of a drawn curve.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence

import numpy as np

from model import BadInput

POINTS = 200  # of a whole training's curve: more than one for each two px of a picture say nothing


def decode(data: bytes) -> str:
    """The text of an uploaded file: UTF-8, or UTF-16 where its first bytes say so.

    Raises:
        BadInput: "text_encoding".
    """
    utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            "text_encoding",
            f"Byte {error.start + 1:,} of this file is no UTF-8 text: save it as UTF-8, and give it again.",
            byte=f"{error.start + 1:,}",
        ) from error


def usable(text: str, *, least: int, most: int) -> str:
    """`text` with line ends as here, if a model can learn from it.

    Args:
        least: characters.
        most: bytes of UTF-8.

    Raises:
        BadInput: "text_binary", "text_short" or "text_long".
    """
    # Half of a surrogate pair is no character: it becomes U+FFFD, as in the tokenizer.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if "\0" in text:
        raise BadInput("text_binary", "This is no text: it has zero bytes in it. Give a plain text file, such as .txt.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    size, length = len(text.encode()), len(text.strip())
    if length < least:
        raise BadInput(
            "text_short",
            f"This text has {length:,} characters; a model needs at least {least:,} to learn from: give more.",
            count=f"{length:,}",
            least=f"{least:,}",
        )
    if size > most:
        raise BadInput(
            "text_long",
            f"This text has {size / 1e6:.1f} MB; this server trains on at most {most / 1e6:.1f} MB: give a part of it.",
            size=f"{size / 1e6:.1f}",
            most=f"{most / 1e6:.1f}",
        )
    return text


def thinned(values: np.ndarray, total: int) -> np.ndarray:
    """Means of equally many neighbouring rows: (N, C) -> (P, C).

    As many as leave `POINTS` of a whole training's `total` rows: a point that is drawn once stays where it is.
    """
    groups = np.arange(len(values)) // max(1, -(-total // POINTS))
    sums = np.zeros((groups[-1] + 1 if len(values) else 0, values.shape[1]))
    np.add.at(sums, groups, values)
    return sums / np.bincount(groups)[:, None]


def clearest_head(patterns: np.ndarray) -> int:
    """Number of the head, counted through the layers, that chooses most clearly among tokens other than the first.

    Args:
        patterns: (L, H, T, S) weights; where there is but one token every head is alike.
    """
    heads = patterns.reshape(-1, *patterns.shape[2:])[:, 1:, 1:]
    return int(heads.max(-1).mean(-1).argmax()) if heads.size else 0


def table(steps: Sequence[tuple[int, float, float, float]]) -> str:
    """Every step as CSV."""
    lines = ["step,loss_nats_per_token,gradient_norm,seconds"]
    return (
        "\n".join([*lines, *(f"{step},{loss!r},{norm!r},{seconds:.3f}" for step, loss, norm, seconds in steps)]) + "\n"
    )
