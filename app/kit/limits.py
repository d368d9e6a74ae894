"""What one person may ask of a server: on their own machine, and on one for everybody (``python3 -m app --public``)."""

from __future__ import annotations

import os
from dataclasses import dataclass

PUBLIC = "GLASSFORMER_PUBLIC"  # set by python3 -m app --public


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of what is computed, shown and held."""

    prompt_tokens: int  # of a prompt that is shown
    sessions: int  # browsers at a time
    writers: int  # of them generating or measuring at a time; the next waits for its turn
    trace_bytes: int  # of all traces held at a time, beside the one that is shown


OWN = Limits(prompt_tokens=1024, sessions=1000, writers=8, trace_bytes=256_000_000)
EVERYBODY = Limits(prompt_tokens=256, sessions=60, writers=2, trace_bytes=256_000_000)


def public() -> bool:
    """Whether this server is for everybody: it reads no paths, fetches no models, and bounds what one may ask."""
    return os.environ.get(PUBLIC) == "1"


def limits() -> Limits:
    """The bounds that hold on this server."""
    return EVERYBODY if public() else OWN
