"""`python -m model train`: train a model of the storyteller family on any text."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from ..errors import BadInput
from ..files import checkpoint
from ..files.catalog import load
from ..files.fetch import cache_folder
from ..files.tokenizer import Tokenizer
from ..language_model import LanguageModel
from ..training import corpus, loop, recipes
from .common import at_least


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `train`."""
    parser.add_argument(
        "--config", choices=list(recipes.CONFIGS), default="storyteller", help="architecture (default: storyteller)"
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="go on from the weights of a finished model of that architecture, with its tokenizer: a name or a .safetensors file",
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
        "--tokens", type=float, metavar="N", help="tokens to train on (default: one pass over the text)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="FOLDER",
        help="where the tokenizer, the run's state and the validation texts are kept (default: in the user's cache); a run there is continued",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the finished model (default: NAME.safetensors in the folder)"
    )
    parser.add_argument(
        "--vocabulary", type=int, default=8192, metavar="V", help="tokens of a new tokenizer (default: 8192)"
    )
    parser.add_argument(
        "--batch", type=int, default=8, metavar="B", help="sequences of 512 tokens in a step (default: 8)"
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=recipes.Schedule(tokens=1).rate,
        help="highest learning rate; half of it after --from (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights and order (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Train to the end of the schedule, write the model, print its path; 0."""
    at_least(args.batch, 1, "--batch")
    at_least(args.vocabulary, 300, "--vocabulary")
    at_least(args.seed, 0, "--seed")
    folder = args.folder or cache_folder() / "training"
    folder.mkdir(parents=True, exist_ok=True)
    start = None if args.start is None else beginning(args.start, args.config)
    tokenizer, tokens = prepare(args.data, folder, args.vocabulary, start and start.tokenizer)
    wanted = len(tokens) if args.tokens is None else int(at_least(args.tokens, 1, "--tokens"))
    schedule = recipes.Schedule(tokens=wanted, batch=args.batch, rate=args.rate, seed=args.seed)
    config = replace(recipes.CONFIGS[args.config], vocab_size=tokenizer.vocab_size)
    state = args.config
    weights = None
    if start is not None:
        schedule, weights = recipes.further(schedule), start.transformer.state_dict()
        state += "." + digest(weights)  # of another model's weights it would be another run
    loop.keep_memory()
    done = loop.Run(config, schedule, tokens, corpus.line_starts(tokens, tokenizer), weights)
    loop.train(done, folder / f"{state}.run.safetensors", args.config)
    out = args.out or folder / f"{args.config}.safetensors"
    checkpoint.save(finished(done, args.config, tokenizer, start.record if start else None), out)
    print(out)
    return 0


def beginning(name: str, config: str) -> LanguageModel:
    """The finished model to go on from.

    Raises:
        BadInput: if it cannot be loaded, or has another architecture than `config`.
    """
    lm = load(name)
    if replace(recipes.CONFIGS[config], vocab_size=lm.config.vocab_size) != lm.config or "losses" not in lm.record:
        raise BadInput(
            "other_run", f"{name} is no trained model of the architecture {config}: choose its own with --config."
        )
    return lm


def digest(weights: dict[str, torch.Tensor]) -> str:
    """Eight hexadecimal digits that tell these weights from others."""
    return hashlib.sha256(b"".join(weight.numpy().tobytes() for weight in weights.values())).hexdigest()[:8]


def prepare(
    files: list[Path], folder: Path, vocabulary: int, tokenizer: Tokenizer | None = None
) -> tuple[Tokenizer, np.ndarray]:
    """The tokenizer (a new one if none is given) and training tokens of `files`, made once and kept in `folder`.

    Validation texts go to ``folder/validation/KIND.txt``, for `evaluate`, and document by
    document to ``folder/validation.json``.

    Raises:
        BadInput: for files that cannot be read, or a folder that belongs to other files or another tokenizer.
    """
    stamp = hashlib.sha256(
        b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files if path.is_file())
    ).hexdigest()
    marker = folder / "text.json"
    if marker.exists():
        if json.loads(marker.read_text())["sha256"] != stamp:
            raise BadInput(
                "other_text", f"{folder} holds a run on other texts: choose another --folder.", folder=str(folder)
            )
        kept = Tokenizer.from_file(folder / "tokenizer.json")
        if tokenizer is not None and tokenizer.fingerprint != kept.fingerprint:
            raise BadInput(
                "other_text",
                f"{folder} holds the text in tokens of another tokenizer: choose another --folder.",
                folder=str(folder),
            )
        return kept, np.load(folder / "tokens.npy", allow_pickle=False)
    texts = corpus.read_files(files)
    tokenizer = tokenizer or corpus.train_tokenizer(texts, vocabulary)
    tokens = corpus.stream({kind: corpus.encode(each, tokenizer, kind) for kind, each in texts.train.items()}, seed=0)
    (folder / "validation").mkdir(exist_ok=True)
    for kind, each in texts.validation.items():
        (folder / "validation" / f"{kind}.txt").write_text("\n".join(each), encoding="utf-8")
    (folder / "validation.json").write_text(json.dumps(texts.validation, ensure_ascii=False), encoding="utf-8")
    tokenizer.save(folder / "tokenizer.json")
    np.save(folder / "tokens.npy", tokens)
    marker.write_text(
        json.dumps({"sha256": stamp, "files": [path.name for path in files]})
    )  # last: all before it is there
    return tokenizer, tokens


def finished(run: loop.Run, name: str, tokenizer: Tokenizer, before: dict | None = None) -> LanguageModel:
    """The model of `run`, with the record of its training; `before`: the record of the model it went on from."""
    record = {
        "tokens": run.step * run.schedule.batch * run.schedule.length,
        "seconds": round(run.seconds),
        "machine": f"{torch.get_num_threads()} of {os.cpu_count()} shared cores",
        "losses": [round(loss, 4) for loss in run.losses],
        "steps_per_loss": loop.LOG_STEPS,
        "schedule": asdict(run.schedule),
    }
    if before is not None:
        facts = {key: before[key] for key in (*record, "before") if key in before}
        record |= {
            "before": facts,
            "tokens": record["tokens"] + facts["tokens"],
            "seconds": record["seconds"] + facts["seconds"],
        }
    return LanguageModel(name, run.model, tokenizer, description=recipes.DESCRIPTIONS[name], record=record)
