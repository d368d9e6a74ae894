"""Make the texts in this folder from their sources.

    python assets/texts/elsewhere/build.py CLONES

CLONES holds a clone of every repository that sources.toml names, as OWNER+NAME, and the wheels
(`pip download --no-deps`).  Needs `opencc`, which turns the poems into simplified characters.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
BOOK, MODULE = 30_000, 12_000  # characters of each
POEMS, LONGEST = 60, 200  # of a poet; characters of a poem, as in the training text
LINES = 900  # of sums


def read(source: dict[str, str], clones: Path) -> str:
    """The file of a source, as it is in its commit or wheel."""
    if "wheel" in source:
        with zipfile.ZipFile(clones / source["wheel"]) as wheel:
            return wheel.read(source["path"]).decode()
    place = clones / source["repository"].replace("/", "+")
    shown = ["git", "-C", str(place), "show", f"{source['commit']}:{source['path']}"]
    return subprocess.run(shown, check=True, capture_output=True).stdout.decode().replace("\r\n", "\n")


def joined(text: str) -> str:
    """Paragraphs, one a line, without the breaks of a page; quotes and dashes as the training text has them."""
    for printed, typed in zip("“”‘’—…", ('"', '"', "'", "'", "--", "..."), strict=True):
        text = text.replace(printed, typed)
    return "\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip())


def cut(text: str, most: int) -> str:
    """The beginning of `text`, to a line's end."""
    return text if len(text) <= most else text[: text.rindex("\n", 0, most)]


def book(source: dict[str, str], text: str) -> str:
    """A book without what Project Gutenberg put around it, from the first long paragraph on."""
    inside = re.search(r"\*\*\* ?START OF.*?\*\*\*(.*)\*\*\* ?END OF", text, re.DOTALL)
    assert inside is not None, source["path"]
    lines = joined(inside[1].replace("_", "")).splitlines()
    first = next(number for number, line in enumerate(lines) if len(line) > 300)
    return cut("\n".join(lines[first:]), BOOK)


def story(source: dict[str, str], text: str) -> str:
    """A storybook, a line a page, under its title."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL).split("\n* License:")[0]
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|\{[%{].*?[%}]\}|<[^>]*>", "\n\n", text)  # pictures and what lays out
    lines = [line for line in joined(re.sub(r"^#+.*$", "\n", text, flags=re.MULTILINE)).splitlines() if line]
    return "\n".join([source["title"], *lines])


def poems(source: dict[str, str], text: str) -> str:
    """The first short poems of one poet: title, poet, lines."""
    from opencc import OpenCC

    own = [poem for poem in json.loads(text) if poem["author"] == source["poet"]]
    whole = ["\n".join([" ".join(poem["title"].split()), poem["author"], *poem["paragraphs"]]) for poem in own]
    short = [poem for poem in whole if len(poem) <= LONGEST and "□" not in poem and "{" not in poem][:POEMS]
    return OpenCC("t2s").convert("\n\n".join(short))


def module(source: dict[str, str], text: str) -> str:
    """The beginning of a module."""
    return cut(text, MODULE)


def sums() -> str:
    """Lines of the training text's four forms and shares, none with operands that its generator drew.

    There: sums and differences of numbers below 100, products up to 12 x 12, series that begin at 50 or below.
    """
    draw = random.Random(0)
    lines = []
    for form in draw.choices("+-*,", [45, 25, 15, 15], k=LINES):
        large, small = draw.randint(100, 149), draw.randint(0, 99)
        if form == "+":
            first, second = draw.sample([large, small], 2)
            lines.append(f"{first} + {second} = {first + second}")
        elif form == "-":
            lines.append(f"{large} - {small} = {large - small}")
        elif form == "*":
            first, second = draw.sample([draw.randint(13, 19), draw.randint(2, 12)], 2)
            lines.append(f"{first} * {second} = {first * second}")
        else:
            start, step = draw.randint(51, 90), draw.randint(1, 10)
            lines.append(", ".join(str(start + step * place) for place in range(8)))
    return "\n".join(lines)


KINDS: dict[str, tuple[Callable[[dict[str, str], str], str], str]] = {  # how to clean, what stands between two
    "en-books": (book, "\n\n"),
    "en-stories": (story, "\n\n"),
    "python": (module, "\n\n\n"),
    "zh-poems": (poems, "\n\n"),
}


def main() -> None:
    """Write the text of every kind, and the licences that ask to be kept with it."""
    clones = Path(sys.argv[1])
    sources = tomllib.loads((FOLDER / "sources.toml").read_text(encoding="utf-8"))["source"]
    for kind, (clean, between) in KINDS.items():
        parts = [clean(source, read(source, clones)).strip() for source in sources if source["kind"] == kind]
        (FOLDER / f"{kind}.txt").write_text(between.join(parts) + "\n", encoding="utf-8")
    (FOLDER / "sums.txt").write_text(sums() + "\n", encoding="utf-8")
    licences = []
    for name in dict.fromkeys(source["wheel"] for source in sources if "wheel" in source):
        with zipfile.ZipFile(clones / name) as wheel:
            kept = [path for path in wheel.namelist() if re.search(r"licenses/|NOTICE|LICENSE", path)]
            licences += [f"{name}: {path}\n\n{wheel.read(path).decode()}" for path in kept]
    (FOLDER / "LICENSES").write_text("\n\n".join(licences), encoding="utf-8")


if __name__ == "__main__":
    main()
