"""`python -m model train`: train a storyteller, or a small model for the classroom, on any text."""

from __future__ import annotations

import argparse
import math
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch

from ..errors import BadInput
from ..files import checkpoint
from ..files.catalog import load
from ..files.fetch import cache_folder
from ..footprint import MOST_KEPT, keep_memory
from ..language_model import LanguageModel
from ..training import classroom, corpus, loop, recipes
from ..training.folder import LARGEST_VOCABULARY, TrainingFolder, digest, finished
from ..training.measure import baselines
from ..training.watched import Watch, be_modest
from .common import at_least, check_place

CONFIGS = recipes.CONFIGS | classroom.CONFIGS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `train`."""
    parser.add_argument(
        "--config", choices=list(CONFIGS), default="storyteller", help="architecture (default: storyteller)"
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="go on from the weights of a finished model of that architecture, with its tokenizer: "
        "a name or a .safetensors file",
    )
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        required=True,
        metavar="FILE",
        help="text files, plain or .xz; each is one kind of text",
    )
    parser.add_argument(
        "--tokens",
        type=float,
        metavar="N",
        help="tokens to train on (default: one pass over the text; a small model's own number)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="FOLDER",
        help="where the tokenizer, the run's state and the validation texts are kept "
        "(default: in the user's cache); a run there is continued",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the finished model (default: NAME.safetensors in the folder)"
    )
    parser.add_argument(
        "--vocabulary",
        type=int,
        metavar="V",
        help=f"tokens of a new tokenizer (default: {recipes.VOCABULARY}; {classroom.VOCABULARY} for a small model)",
    )
    parser.add_argument(
        "--batch",
        type=int,
        metavar="B",
        help=f"sequences in a step (default: 8; 4 for a small model; {recipes.CARD_BATCH} on a graphics card)",
    )
    parser.add_argument(
        "--device",
        choices=["cpu", "cuda"],
        default="cpu",
        help="what computes: this processor, or an NVIDIA card, in bfloat16 and larger steps (default: cpu)",
    )
    parser.add_argument(
        "--rate",
        type=float,
        help=f"highest learning rate; half of it after --from (default: {recipes.Schedule(tokens=1).rate}; "
        "a small model's own)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights and order (default: 0)")
    parser.add_argument("--name", help="what the finished model is called (default: its architecture's name)")
    parser.add_argument(
        "--watched",
        action="store_true",
        help="for another program: say what happens, and obey, in lines of JSON (see model/training/watched.py)",
    )


def run(args: argparse.Namespace) -> int:
    """Train to the end of the schedule, write the model, print its path; 0."""
    watch = None
    if args.watched:
        be_modest()
        watch = Watch(sys.stdin, sys.stdout)
    try:
        out = trained(args, watch)
    except BadInput as error:
        if watch is not None:
            watch.fail(error)
        raise
    if watch is None:
        print(out)
    else:
        watch.tell("done", path=str(out), stopped=watch.stopped)
    return 0


def trained(args: argparse.Namespace, watch: Watch | None) -> Path:
    """Train as `args` say, and write the model; its path."""
    check(args)
    folder = TrainingFolder(args.folder or cache_folder() / "training")
    out = args.out or folder.model(args.config)
    make_folder(folder.path)
    check_place(out)
    start = None if args.start is None else beginning(args.start, args.config)
    if watch is not None:
        watch.tell("stage", stage="text")
    small = args.config in classroom.CONFIGS
    vocabulary = classroom.VOCABULARY if small and args.vocabulary is None and start is None else args.vocabulary
    tokenizer, tokens = folder.prepare(args.data, vocabulary, start.tokenizer if start else None)
    schedule = scheduled(args, len(tokens))
    config = replace(CONFIGS[args.config], vocab_size=tokenizer.vocab_size)
    name = args.config
    weights = None
    if start is not None:
        schedule, weights = recipes.further(schedule), start.transformer.state_dict()
        name += "." + digest(weights)  # of another model's weights it would be another run
    keep_memory(MOST_KEPT)
    done = loop.Run(config, schedule, tokens, corpus.line_starts(tokens, tokenizer), weights, args.device)
    if watch is None:
        loop.train(done, folder.state(name), args.config)
    else:
        watch.tell("stage", stage="peers")
        held_out = [text for own in folder.validation.values() for text in own]
        watch.begin(done, tokenizer, held_out, {peer: own.popitem()[1] for peer, own in baselines(folder).items()})
        loop.train(done, folder.state(name), args.config, watch.after_step)
        watch.look(done)
    record = start.record if start else None
    known_as = args.name or args.config
    description = (recipes.DESCRIPTIONS | classroom.DESCRIPTIONS)[args.config]
    checkpoint.save(finished(done, known_as, tokenizer, record, description), out)
    return out


def scheduled(args: argparse.Namespace, text: int) -> recipes.Schedule:
    """The architecture's own schedule, but for what `args` say; `text`: tokens of one pass."""
    small = args.config in classroom.CONFIGS
    schedule = classroom.schedule(args.config) if small else recipes.Schedule(tokens=text)
    if args.device == "cuda" and args.batch is None:
        schedule = recipes.on_card(schedule)
    said = {"tokens": args.tokens, "batch": args.batch, "rate": args.rate, "seed": args.seed}
    said["tokens"] = None if args.tokens is None else int(args.tokens)
    return replace(schedule, **{name: value for name, value in said.items() if value is not None})


def check(args: argparse.Namespace) -> None:
    """Refuse what would fail, or be ignored, once work has begun.

    Raises:
        BadInput: "bad_count" for a number that cannot be, "unreadable_text" for a file that is not there,
            "no_card" where there is none to train on.
    """
    if args.device == "cuda" and not torch.cuda.is_available():
        raise BadInput("no_card", "PyTorch finds no NVIDIA card on this machine: leave out --device cuda.")
    if args.batch is not None:
        at_least(args.batch, 1, "--batch")
    at_least(args.seed, 0, "--seed")
    at_most(args.seed, 2**63 - 1, "--seed")
    if args.vocabulary is not None:
        at_least(args.vocabulary, 300, "--vocabulary")
        at_most(args.vocabulary, LARGEST_VOCABULARY, "--vocabulary")
    if args.tokens is not None:
        finite(args.tokens, "--tokens")
        at_least(args.tokens, 1, "--tokens")
    if args.rate is not None:
        finite(args.rate, "--rate")
        if args.rate <= 0:
            message = f"--rate must be more than 0, not {args.rate}."
            raise BadInput("bad_count", message, option="--rate", value=args.rate)
    corpus.check_files(args.data)


def at_most(value: int, most: int, option: str) -> None:
    """Refuse a `value` above `most`."""
    if value > most:
        raise BadInput("bad_count", f"{option} must be {most} or less, not {value}.", option=option, value=value)


def finite(value: float, option: str) -> None:
    """Refuse what is no number, or endless."""
    if not math.isfinite(value):
        raise BadInput("bad_count", f"{option} must be a finite number, not {value}.", option=option, value=str(value))


def make_folder(path: Path) -> None:
    """Make the folder `path` where it is missing.

    Raises:
        BadInput: "cannot_write" if it cannot be made, or nothing can be written there.
    """
    reason = "write-protected"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
    if not path.is_dir() or not os.access(path, os.W_OK):
        raise BadInput(
            "cannot_write",
            f"Nothing can be written in {path} ({reason}): choose another --folder.",
            path=str(path),
            reason=reason,
        )


def beginning(name: str, config: str) -> LanguageModel:
    """The finished model to go on from.

    Raises:
        BadInput: if it cannot be loaded, or has another architecture than `config`.
    """
    lm = load(name)
    if replace(CONFIGS[config], vocab_size=lm.config.vocab_size) != lm.config or "losses" not in lm.record:
        raise BadInput(
            "other_run", f"{name} is no trained model of the architecture {config}: choose its own with --config."
        )
    return lm
