"""Links short enough to send: long words of an address travel compressed in one parameter, `z`.

`z` is base64url of raw deflate of a JSON object, {"prompt": "...", ...}.  It comes from strangers:
what it unpacks to is bounded before it is unpacked, and is parameters of an address, no more.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from urllib.parse import quote, urlencode

PACKED = "z"
LONG = 240  # characters of a word as an address writes it: from here on it is packed
MOST = 200_000  # bytes that a link may unpack to: more than the longest prompt that a page reads
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def query_of(parameters: Mapping[str, str]) -> str:
    """The query of a link to these parameters: short words as they are, long ones packed where that is shorter."""
    long = {name: value for name, value in parameters.items() if len(quote(value)) > LONG}
    plain = urlencode(parameters, quote_via=quote)
    if not long or len(plain) > MOST:  # what `unpacked` would refuse
        return plain
    short = {name: value for name, value in parameters.items() if name not in long}
    packed = urlencode(short | {PACKED: _pack(long)}, quote_via=quote)
    return min(packed, plain, key=len)


def unpacked(parameters: Mapping[str, str]) -> dict[str, str]:
    """The parameters with what `z` holds in its place; a word that stands in the address too is taken from there.

    Raises:
        ValueError: if `z` is damaged, holds anything but texts by name, or unpacks to more than `MOST` bytes.
    """
    plain = {name: value for name, value in parameters.items() if name != PACKED}
    return _unpack(parameters[PACKED]) | plain if PACKED in parameters else plain


def _pack(words: Mapping[str, str]) -> str:
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(squeeze.compress(text.encode()) + squeeze.flush()).decode().rstrip("=")


def _unpack(text: str) -> dict[str, str]:
    if not _BASE64URL.fullmatch(text):
        raise ValueError("The packed part of the link has characters that no link has.")
    inflate = zlib.decompressobj(-15)
    try:
        data = inflate.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), MOST)
        if not inflate.eof or inflate.unused_data:
            raise ValueError("The packed part of the link is cut off, has something behind it, or is too long.")
        words = json.loads(data)
    except (zlib.error, binascii.Error, RecursionError) as error:
        raise ValueError(f"The packed part of the link is damaged: {error}") from error
    if not isinstance(words, dict) or not all(isinstance(value, str) for value in words.values()):
        raise ValueError("The packed part of the link holds no words of an address.")
    return words
