"""What each expert likes: the tokens and the kinds of text it takes, counted over many texts.

T tokens, E experts, k chosen per token, V vocabulary, L layers with experts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch
from tqdm import tqdm

from ..capture import Recorder, recording
from ..errors import BadInput
from ..language_model import LanguageModel

TOP = 12  # tokens kept for each expert
LEAST = 5  # choices: a token met more rarely tells nothing about an expert


def statistics(lm: LanguageModel, texts: Mapping[str, Iterable[str]], top: int = TOP, label: str | None = None) -> dict:
    """Count which experts the tokens of each kind of text choose.

    Args:
        texts: kind -> its texts, best such as the model was not trained on; each is read on
            its own up to the model's context.
        top: tokens kept for each expert.
        label: of the progress bar; None for none.

    Returns:
        Plain data for JSON, to be kept as ``LanguageModel.record["experts"]``::

            {"kinds": [kind, ...], "tokens": {kind: tokens read},
             "layers": {"1": {"share": {kind: [E shares of the choices, sum 1]},
                              "top": [E lists of [token id, how often of all its occurrences it went here]],
                              "information": bits}}}

        A token stands in an expert's list by how much more often it goes there than tokens
        do in general, weighted by how often it comes: count * log(lift).  `information` is
        `mutual_information` of the shares, every kind counting alike; at most log2 of the
        number of kinds.

    Raises:
        BadInput: "no_experts" for a dense model, "unreadable_text" where a kind has no tokens.
    """
    config = lm.config
    moe = config.experts
    layers = [layer for layer in range(config.n_layers) if config.dense_at(layer) is None]
    E = moe.n_routed_experts
    chosen = {layer: {kind: np.zeros((config.vocab_size, E), np.int64) for kind in texts} for layer in layers}
    tokens = dict.fromkeys(texts, 0)
    for kind, documents in texts.items():
        for text in tqdm(list(documents), desc=f"{label}: {kind}", leave=False, disable=label is None):
            ids = lm.tokenizer.encode(text)[: config.context]
            if ids:
                tokens[kind] += len(ids)
                for layer, indices in _choices(lm, ids).items():  # (T, k)
                    np.add.at(chosen[layer][kind], (np.array(ids)[:, None], indices), 1)
        if not tokens[kind]:
            raise BadInput(
                "unreadable_text", f"The texts of kind {kind!r} are empty: give at least one token.", kind=kind
            )
    return {
        "kinds": list(texts),
        "tokens": tokens,
        "layers": {str(layer): _layer(chosen[layer], moe.num_experts_per_tok, top) for layer in layers},
    }


def mutual_information(counts: np.ndarray) -> float:
    """Bits that the chosen expert tells about the kind of text: `counts` (kinds, E) of choices."""
    joint = counts / counts.sum()
    independent = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log2(joint[seen] / independent[seen])).sum())


def _choices(lm: LanguageModel, ids: list[int]) -> dict[int, np.ndarray]:
    recorder = Recorder(lambda name: name.endswith("hook_expert_indices"))
    with torch.inference_mode(), recording(recorder):
        lm.transformer(torch.tensor([ids]))
    return {
        int(name.split(".")[1]): indices.reshape(len(ids), -1).numpy() for name, indices in recorder.tensors.items()
    }


def _layer(chosen: dict[str, np.ndarray], k: int, top: int) -> dict:
    shares = {kind: table.sum(0) / table.sum() for kind, table in chosen.items()}
    table = np.sum(list(chosen.values()), axis=0)  # (V, E)
    uses, load = table.sum(1), table.sum(0) / table.sum()  # (V,), (E,)
    often = np.flatnonzero(uses >= LEAST)
    share = k * table[often] / uses[often, None]  # of each token's occurrences
    with np.errstate(divide="ignore", invalid="ignore"):
        liking = np.where(table[often] > 0, table[often] * np.log(share / (k * load)), 0.0)
    best = [
        [i for i in np.argsort(-liking[:, e], kind="stable")[:top] if liking[i, e] > 0] for e in range(table.shape[1])
    ]
    return {
        "share": {kind: values.round(5).tolist() for kind, values in shares.items()},
        "top": [[[int(often[i]), round(float(share[i, e]), 4)] for i in rows] for e, rows in enumerate(best)],
        "information": round(mutual_information(np.stack(list(shares.values()))), 5),
    }
