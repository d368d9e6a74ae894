"""python assets/first_view.py: choose what a newcomer sees first, from what the default model does well.

Writes app/kit/first_view.json.  The prompt is the story's beginning whose next token the model is surest of, among
those that it goes on with a word of its own; the head has the clearest job on it; the experts are those of the layer
that tells kinds of text apart best.  Pages find layers and heads by the same functions, for any model and prompt.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import model  # noqa: E402
from app.kit import head_jobs  # noqa: E402
from app.rooms.moe.analysis import telling_layer  # noqa: E402

STORED = ROOT / "app" / "kit" / "first_view.json"
MOST_TOKENS = 12  # that a first picture shows without scrolling
LEAST_JOB = 0.5  # of attention, for a head's job to be seen at a glance
BEGINNINGS = (
    "Once upon a time there was a",
    "Once upon a time there lived a",
    "Once upon a time there was a king who had a",
    "Once upon a time there was a poor man who had a",
    "Once upon a time there was an old woman who lived in a",
    "There was once a poor woodcutter who had a",
    "There was once a king who had three",
    "One day, the little goat",
    "One morning the old man went into the",
    "In the middle of the forest there was a",
    "A king had three sons, and the youngest",
    "The King said to the",
    "The prince took the princess by the hand and",
    "The wolf ran into the wood, and the wolf",
    "Once there was a little girl who lived with her",
)


def choose(lm: model.LanguageModel) -> dict[str, Any]:
    """The first view of `lm`, and the numbers that it was chosen by.

    Raises:
        ValueError: if it goes on with a new word after none of `BEGINNINGS`.
    """
    found: list[dict[str, Any]] = []
    for prompt in BEGINNINGS:
        trace = model.run_trace(lm, prompt)
        best = head_jobs.clearest(head_jobs.overview(trace))
        probability = model.distribution(trace.logits[-1])
        token = lm.tokenizer.decode([int(probability.argmax())])
        word = token.strip()
        says_something = token.startswith(" ") and word.isalpha() and word.lower() not in prompt.lower().split()
        if not says_something or best is None or best.score < LEAST_JOB or len(trace.ids) > MOST_TOKENS:
            continue
        head = {"layer": best.layer, "head": best.head, "job": best.job, "score": round(best.score, 3)}
        sure = round(float(probability.max()), 3)
        found.append({"prompt": prompt, "next": {"token": token, "probability": sure}, "attention": head})
    if not found:
        raise ValueError(f"{lm.name} goes on with a word of its own after none of the beginnings.")
    best_view = max(found, key=lambda view: view["next"]["probability"])
    experts = {} if lm.config.feed_forward.kind != "MoE" else {"experts": {"layer": telling_layer(lm)}}
    return {"model": lm.name} | best_view | experts


def main() -> None:
    """Choose for the model that the app begins with."""
    made = json.dumps(choose(model.load(model.default_name())), indent=1, ensure_ascii=False)
    STORED.write_text(made + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
