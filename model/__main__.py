"""The command line: ``python -m model COMMAND``.

Each command is a module with `add_arguments(parser)` and `run(args) -> int`, imported only
when it is asked for.  Exit status 0; 2 with one line on standard error for bad input;
130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
from typing import NoReturn

from .errors import BadInput

# Command -> the module that does it, and what it does.
COMMANDS = {
    "list": ("model.commands.list_models", "the models that can be used by name"),
    "next": ("model.commands.next_token", "the most probable next tokens after a prompt"),
    "generate": ("model.commands.generate_text", "continue a prompt"),
    "trace": ("model.commands.write_trace", "write every number computed on a prompt to a file"),
    "hooks": ("model.commands.hooks", "every tensor of a model that can be seen or changed, with its shape"),
    "fetch": ("model.commands.fetch_model", "bring the weights of a published model onto this machine"),
    "memory": ("model.commands.memory", "bytes of cache and parameters of a model, by formula"),
    "train": ("model.commands.train", "train a model of the storyteller family on any text"),
    "evaluate": ("model.commands.evaluate", "bits per byte and accuracy of a model on texts"),
}

EXAMPLES = """\
examples:
  python -m model list
  python -m model next "Once upon a time" --top 5
  python -m model generate "Once upon a time" --temperature 0.7 --seed 1
  python -m model trace "Once upon a time" --out trace.npz
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (try {self.prog} --help)\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows ? instead of failing
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(arguments)
    except BadInput as error:
        print(f"python -m model: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has seen enough. What is still buffered must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: list[str]) -> int:
    parser = Parser(
        prog="python -m model",
        description="A transformer language model made of glass.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", required=True)
    asked = next((word for word in arguments if not word.startswith("-")), None)
    for name, (path, about) in COMMANDS.items():
        command = commands.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
        if name == asked:
            importlib.import_module(path).add_arguments(command)
    args = parser.parse_args(arguments)
    module, _ = COMMANDS[args.command]
    status = importlib.import_module(module).run(args)
    sys.stdout.flush()  # here, where a closed pipe is still caught
    return status


if __name__ == "__main__":
    sys.exit(main())
