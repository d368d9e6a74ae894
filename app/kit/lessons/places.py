"""The line of every key of a TOML file: `tomllib` reads the values, and forgets where they stood."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_STRINGS = ('"""', "'''", '"', "'")
_KEY = re.compile(r'"[^"\n]*"|\'[^\'\n]*\'|[^.\s"\'=\[\]]+')


def places(text: str) -> dict[Path, int]:
    """Line, from 1 on, of each key and each table of `text`, which `tomllib` has read without complaint.

    A path has the names on the way to a key, and after an array of tables which of them: ("station", 1, "title").
    What stands inside a value has the line of its key.
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}  # of arrays of tables
    table: Path = ()
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] == "#":
            at = _end_of_line(text, at)
        elif text[at] == "[":
            end = _end_of_line(text, at)
            array = text.startswith("[[", at)
            table = _resolved(_names(text[at:end].split("#")[0]), counts, array)
            found[table] = _line(text, at)
            at = end
        else:
            equals = text.find("=", at)
            if equals < 0:
                break
            found.setdefault(table + _names(text[at:equals]), _line(text, at))
            at = _after_value(text, equals + 1)
    return found


def line_of(found: dict[Path, int], path: Path) -> int:
    """Line of `path`, or of the nearest table around it; 1 where there is none."""
    while path and path not in found:
        path = path[:-1]
    return found.get(path, 1)


def _names(text: str) -> Path:
    return tuple(name.strip("\"'") for name in _KEY.findall(text))


def _resolved(names: Path, counts: dict[Path, int], array: bool) -> Path:
    """The path of a table's heading: inside an array of tables it belongs to the last one."""
    path: Path = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if array and place == len(names) - 1:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _after_value(text: str, at: int) -> int:
    """Where the line ends on which a value does."""
    depth = 0
    while at < len(text):
        quote = next((quote for quote in _STRINGS if text.startswith(quote, at)), None)
        if quote is not None:
            at = _after_string(text, at + len(quote), quote)
        elif text[at] == "#":
            at = _end_of_line(text, at)
        elif text[at] == "\n" and depth == 0:
            break
        else:
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(text[at], 0)
            at += 1
    return at


def _after_string(text: str, at: int, quote: str) -> int:
    while at < len(text) and not text.startswith(quote, at):
        at += 2 if text[at] == "\\" and quote[0] == '"' else 1
    at += len(quote)
    while len(quote) == 3 and text.startswith(quote[0], at):  # up to two more quotes belong to the text
        at += 1
    return at
