"""The model card: what the trained models can do, measured on text they never saw.

    python -m model.training.card --run FOLDER

reads the validation texts and training tokens that `python -m model train` left in FOLDER
and every model in assets/models, adds to the record of each that was not measured before
what the app shows (scores, heads, experts), keeps what each scores on text of other sources
(elsewhere.json), and writes assets/models/README.md with the loss curves beside it
(losses.csv, losses.svg).
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from pathlib import Path

import numpy as np

from ..errors import BadInput
from ..files import checkpoint
from ..files.catalog import MODELS, STORYTELLERS, file_of
from ..files.tokenizer import Tokenizer
from ..generate import generate
from ..language_model import LanguageModel
from ..measure import curves, heads
from ..measure.memory import elements_per_layer
from . import elsewhere
from .corpus import HELD_OUT
from .folder import TrainingFolder
from .measure import BEFORE_SUMS, baselines, measure, peers
from .recipes import Schedule

PROMPTS = {
    "en-books": "Once upon a time there was a",
    "en-stories": "One day, the little goat",
    "zh-poems": "春望\n杜甫\n",
    "python": "def read_file(path):\n    ",
    "sums": "12 + 7 = 19\n30 + 4 =",
}
SAMPLES, SAMPLE_TOKENS = 10, 40
SAME = 0.005  # relative difference of bits per byte that says nothing: seeds differ by as much
AS_GOOD = 0.01  # more bits that a smaller cache may cost
PARTS = ("the training text's own sources", "other sources")
SUMS_GOAL = 0.8  # of held-out additions
LOAD_GOAL = (0.02, 0.4)  # of the choices in a layer: an expert's least and most
JOBS = {
    "previous": "looks at the token before",
    "induction": "looks at what followed last time",
    "first": "rests on the first token",
}


def claims(models: dict[str, LanguageModel]) -> list[str]:
    """What the twins show of the outline's claims, in sentences: mean bits per byte over the kinds of both parts."""
    scores = {name: (lm.record["scores"], elsewhere.scores(lm)) for name, lm in models.items()}
    mean = {name: [_mean(part) for part in parts if part] for name, parts in scores.items()}
    said = []
    for first, second, claim, most in (
        (
            "storyteller",
            "storyteller-mha",
            "latent attention against multi-head attention, {cache:.0%} of its cache",
            AS_GOOD,
        ),
        (
            "storyteller",
            "storyteller-dense",
            "experts against one dense network of the same active parameters",
            -SAME,
        ),
        ("storyteller-mha", "storyteller-classic", "experts, RMSNorm, SwiGLU and RoPE against GPT-2's parts", -SAME),
    ):
        if first in mean and second in mean:
            words = claim.format(
                cache=elements_per_layer(models[first].config.attention)
                / elements_per_layer(models[second].config.attention)
            )
            compared = []
            for part, (where, own, other) in enumerate(zip(PARTS, mean[first], mean[second], strict=False)):
                change = own / other - 1
                verdict = "as many" if abs(change) < SAME else "fewer" if change < 0 else "more"
                holds = "" if change <= most else f"; **it does not hold there**{_worse(part, first, second, scores)}"
                compared.append(
                    f"on {where} {own:.3f} against {other:.3f} bits per byte ({change:+.1%}, {verdict}{holds})"
                )
            said.append(f"- {words}: {', '.join(compared)}.")
    return said


def _worse(part: int, first: str, second: str, scores: dict[str, tuple[dict, dict]]) -> str:
    """On which kinds `first` needs more bits than `second`, to say whether one alone turns the mean."""
    own, other = (scores[name][part] for name in (first, second))
    kinds = [kind for kind in own if own[kind]["bits_per_byte"] >= (1 + SAME) * other[kind]["bits_per_byte"]]
    return f", for more on {', '.join(kinds)}" if len(kinds) < len(own) else ""


def _mean(scores: dict[str, dict[str, float]]) -> float:
    return float(np.mean([own["bits_per_byte"] for own in scores.values()]))


def of_other_sources(models: list[LanguageModel]) -> list[str]:
    """The second part of validation, as Markdown; nothing where it was not measured."""
    kept, scores = elsewhere.kept(), {lm.name: elsewhere.scores(lm) for lm in models}
    known = {name: own for name, own in scores.items() if own}
    if not known:
        return []
    kinds = list(next(iter(known.values())))
    lines = [
        "## Bits per byte on text of other sources",
        "",
        "Books, stories, poems and modules whose authors, poets and projects stand nowhere in the training text, and "
        "sums of operands that its generator never drew: [their sources](../texts/elsewhere/sources.toml). No model "
        "here was trained on any of them, so all of it is clean for all of them.",
        "",
        "| model | " + " | ".join(kinds) + " | mean |",
        "|---|" + "---|" * (len(kinds) + 1),
    ]
    for name, own in known.items():
        cells = [f"{own[kind]['bits_per_byte']:.3f} ({100 * own[kind]['top1']:.0f} %)" for kind in kinds]
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {_mean(own):.3f} |")
    for name, found in kept.get("peers", {}).items():
        mean = np.mean([found[kind] for kind in kinds])
        lines.append(f"| {name} | " + " | ".join(f"{found[kind]:.3f}" for kind in kinds) + f" | {mean:.3f} |")
    beaten = [
        f"{name} on {kind} by {peer}"
        for name, own in known.items()
        for peer, found in kept.get("peers", {}).items()
        for kind in kinds
        if own[kind]["bits_per_byte"] >= found[kind]
    ]
    lines += ["", f"Beaten there: {'; '.join(beaten)}." if beaten else "Every model beats both peers on every kind."]
    if "shared" in kept:
        shares = ", ".join(f"{kind} {100 * share:.1f} %" for kind, share in kept["shared"].items())
        lines.append(
            f"Lines of {elsewhere.LONG} characters or more that stand word for word in the training text: {shares}."
        )
    return [*lines, ""]


def recipe(record: dict) -> list[str]:
    """How the rate and the text went in each of the runs that made a model, as Markdown."""
    said, before = [], 0
    for run in curves.runs(record):
        schedule = Schedule(**run["schedule"])
        half = 1 / (2 * schedule.batch)  # sequence, of a step
        fall = "from there on" if schedule.decay == 1 else f"over the last {schedule.decay:.0%} of the run"
        said.append(
            f"- {run['tokens'] - before:,} tokens: the learning rate rises to {schedule.rate} and falls to "
            f"zero {fall}; "
            f"while it falls, {schedule.lines * half:.1%} of the tokens are lines by themselves and "
            f"{schedule.again * half:.1%} passages said again and again."
        )
        before = run["tokens"]
    return [
        "One run after the other, the next from the weights of the one before:",
        "",
        *said,
    ]


def choices() -> list[str]:
    """The comparison of optimisers and learning rates that `python -m model.training.compare` left, as Markdown."""
    path = MODELS / "choices.csv"
    if not path.exists():
        return ["No comparison of optimisers or learning rates stands behind the recipe yet."]
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    names = {"muon": "Muon", "adamw": "AdamW"}
    return [
        f"Optimisers, rates and batches, compared on `storyteller` over {int(rows[0]['tokens']):,} tokens "
        "(`python -m model.training.compare`); nats per held-out token, mean over the kinds:",
        "",
        "| matrices by | rate | sequences a step | nats per token |",
        "|---|--:|--:|--:|",
        *(
            f"| {names[row['optimiser']]} | {float(row['rate'])} | {row['batch']} | {float(row['nats']):.4f} |"
            for row in rows
        ),
        "",
        f"The recipe's rate, {Schedule(tokens=1).rate}, was set before this comparison. Short runs favour higher rates "
        "than long ones; what a higher one does in a long run was not measured.",
    ]


def write(
    models: list[LanguageModel], peers: dict[str, dict[str, float]], texts: dict[str, list[str]], text_tokens: int
) -> str:
    """The card's Markdown; `text_tokens` is the length of one pass over the training text."""
    kinds = list(texts)
    missing = [name for name in STORYTELLERS if name not in {lm.name for lm in models}]
    absent = f" Not trained yet: {', '.join(missing)}." if missing else ""
    lines = [
        "# The storytellers",
        "",
        "Small language models that ship with Glassformer, trained on one text with one tokenizer "
        f"(byte-level BPE, {models[0].tokenizer.vocab_size:,} tokens, single digits).",
        "Text: children's books and storybooks in English, Tang poems, Python sources, sums; "
        "sources and licences in [CREDITS.md](CREDITS.md).",
        f"One document in {HELD_OUT}, and one pair of operands in {HELD_OUT} of the sums, was held out before anything "
        "else; all numbers below are of these where they do not say other sources.",
        f"Written by `python -m model.training.card`. The recipes: model/training/recipes.py.{absent}",
        "",
        "## Bits per byte (smaller is better), and share of tokens that were the first guess",
        "",
        "| model | passes over the text | " + " | ".join(kinds) + " | sums solved, " + ", ".join(BEFORE_SUMS) + " |",
        "|---|---|" + "---|" * (len(kinds) + 1),
    ]
    for lm in models:
        cells = [
            f"{lm.record['scores'][kind]['bits_per_byte']:.3f} ({100 * lm.record['scores'][kind]['top1']:.0f} %)"
            for kind in kinds
        ]
        solved = ", ".join(f"{100 * share:.0f} %" for share in lm.record["sums_solved"].values())
        lines.append(f"| {lm.name} | {lm.record['tokens'] / text_tokens:.2f} | " + " | ".join([*cells, solved]) + " |")
    for name, found in peers.items():
        lines.append(f"| {name} | | " + " | ".join(f"{found[kind]:.3f}" for kind in kinds) + " | |")
    missed = not_shown(models, peers)
    lines += ["", *of_other_sources(models), "## What the twins show", "", *claims({lm.name: lm for lm in models})]
    lines += [
        "",
        "**Not shown yet:** " + "; ".join(missed) + "."
        if missed
        else "Every model beats both peers on every kind of text, solves the sums, has a head for each job "
        "and an even load of its experts.",
        "",
    ]
    lines += ["![Training loss along each run](losses.svg)", "", "The same as numbers: [losses.csv](losses.csv).", ""]
    lines += [*recipe(models[0].record), "", *choices(), ""]
    lines += [f"The tokenizer spends, on the same texts: {_tokenizer_use(models[0].tokenizer, texts)}.", ""]
    for lm in models:
        record = lm.record
        seeds = ", then ".join(str(run["schedule"]["seed"]) for run in curves.runs(record))
        losses = [loss for _, loss in curves.points(record)]
        lines += [
            f"## {lm.name}",
            "",
            f"{lm.description}. {lm.parameters:,} parameters. Seed {seeds}; {record['tokens']:,} tokens "
            f"in {record['seconds'] / 3600:.2f} hours, {record['machine']}.",
            "",
        ]
        lines.append(
            "Loss in nats per token, along the way: "
            + ", ".join(f"{loss:.2f}" for loss in losses[:: max(1, len(losses) // 12)])
            + f", {losses[-1]:.2f}."
        )
        lines.append(
            "Heads, by attention on repeated random tokens: "
            + "; ".join(_head(JOBS[name], found) for name, found in record["heads"].items())
            + "."
        )
        if "load" in record:
            shares = np.array(list(record["load"].values()))
            lines.append(
                f"Load of an expert on the validation texts: {100 * shares.min():.0f} % to {100 * shares.max():.0f} % "
                f"(even: {100 / shares.shape[1]:.1f} %)."
            )
            lines.append(
                "Mutual information of expert and kind of text, bits: "
                + ", ".join(
                    f"layer {layer} {own['information']:.2f}" for layer, own in record["experts"]["layers"].items()
                )
                + f" (at most {math.log2(len(kinds)):.2f})."
            )
        lines += [
            "",
            f"### {SAMPLES} samples of each kind, unpicked (temperature 0.8, top-p 0.95, seeds 0 to {SAMPLES - 1})",
            "",
        ]
        for kind, prompt in PROMPTS.items():
            if kind in texts:
                lines += [f"{kind}, after `{json.dumps(prompt, ensure_ascii=False)}`:", ""]
                lines += [
                    f"{seed + 1}. `{json.dumps(_sample(lm, prompt, seed), ensure_ascii=False)}`"
                    for seed in range(SAMPLES)
                ]
                lines.append("")
    return "\n".join(lines)


def not_shown(models: list[LanguageModel], peers: dict[str, dict[str, float]]) -> list[str]:
    """What the family is made to show and these models do not, a phrase each; empty if they show it all."""
    missed = []
    for lm in models:
        record = lm.record
        missed += [
            f"{lm.name} does not beat {name} on {kind}"
            for name, found in peers.items()
            for kind, score in record["scores"].items()
            if score["bits_per_byte"] >= found[kind]
        ]
        missed += [
            f"{lm.name} solves fewer than {100 * SUMS_GOAL:.0f} % of the held-out additions {how}"
            for how, share in record["sums_solved"].items()
            if share < SUMS_GOAL
        ]
        missed += [
            f"{lm.name} has no head that {JOBS[job]}"
            for job in ("previous", "induction")
            if record["heads"][job]["score"] < heads.LEAST_SCORE
        ]
        shares = np.array(list(record.get("load", {}).values()))
        if shares.size and (shares.min() < LOAD_GOAL[0] or shares.max() > LOAD_GOAL[1]):
            missed.append(
                f"{lm.name} gives an expert {100 * shares.min():.0f} % and one {100 * shares.max():.0f} % of the tokens"
            )
    return missed


def _head(job: str, found: dict) -> str:
    """The best head for a job, or that no head has it: a score of a few hundredths is chance."""
    place = f"layer {found['layer']} head {found['head']}"
    return (
        f"{place} {job} ({found['score']:.2f})"
        if found["score"] >= heads.LEAST_SCORE
        else f"no head {job} yet (most: {place}, {found['score']:.2f})"
    )


def _tokenizer_use(tokenizer: Tokenizer, texts: dict[str, list[str]]) -> str:
    """Bytes per token of each kind, and the share of Chinese characters cut into bytes."""
    said, chinese, cut = [], 0, 0
    for kind, own in texts.items():
        tokens = sum(len(tokenizer.encode(text)) for text in own)
        said.append(f"{kind} {sum(len(text.encode()) for text in own) / tokens:.2f} bytes a token")
        found = [letter for text in own for letter in text if letter >= "\u2e80"]
        chinese += len(found)
        cut += sum(len(tokenizer.encode(letter)) > 1 for letter in found)
    return ", ".join(said) + (
        f"; {100 * cut / chinese:.1f} % of Chinese characters are no token of their own" if chinese else ""
    )


def _sample(lm: LanguageModel, prompt: str, seed: int) -> str:
    return "".join(
        step.text for step in generate(lm, prompt, max_new_tokens=SAMPLE_TOKENS, temperature=0.8, top_p=0.95, seed=seed)
    )


def main() -> None:
    """Measure every model in assets/models and write the card."""
    parser = argparse.ArgumentParser(prog="python -m model.training.card", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--run", type=Path, required=True, metavar="FOLDER", help="the folder of `python -m model train`"
    )
    try:
        folder = TrainingFolder.of_a_run(parser.parse_args().run)
    except BadInput as error:
        parser.error(str(error))
    texts = folder.validation
    models = []
    for name in STORYTELLERS:
        path = file_of(name)
        if path.exists():
            lm = checkpoint.read(path)
            if "scores" not in lm.record:
                lm = measure(lm, texts)
                checkpoint.save(lm, path)
            if not elsewhere.scores(lm):
                elsewhere.measure(lm)
            models.append(lm)
    if "peers" not in elsewhere.kept():
        elsewhere.keep("peers", peers(folder, elsewhere.texts()))
        elsewhere.keep("shared", elsewhere.shared(folder))
    card = write(models, baselines(folder), texts, len(folder.tokens))
    (MODELS / "README.md").write_text(card, encoding="utf-8")
    (MODELS / "losses.csv").write_text(curves.table(models), encoding="utf-8")
    (MODELS / "losses.svg").write_text(curves.picture(models), encoding="utf-8")


if __name__ == "__main__":
    main()
