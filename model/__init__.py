"""Glassformer's model: a transformer language model whose every step can be seen.

Read in this order: config, norm, rope, attention, feed_forward, transformer, cache, capture,
interventions, trace, sampling, generate.  What is not the model has a folder: files/ (tokenizer and
file formats), measure/ (memory, speed, heads, experts), training/, commands/.

    import model
    lm = model.load("smollm2")
    trace = model.run_trace(lm, "Once upon a time")
    trace["blocks.0.attn.hook_pattern"]  # numpy (H, T, S)
"""

import os
import sys

# Read when torch is loaded. Torch's threads wait for each other by spinning; where a browser or
# a second model wants the same two cores, that made a token take 500 ms instead of 55. Threads that
# sleep at once take 11 ms to make a token of 4 ms on an idle machine; 50,000 turns, a fraction of a
# millisecond, are the best of both (GOMP: the C library's OpenMP; others know only the first line).
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "50000")

# While `python -m model` looks for __main__, argv[0] is "-m". The command line imports what its command
# needs and no more: --help comes in a tenth of a second, and torch alone takes more than one.
if sys.argv[:1] != ["-m"]:
    from .config import DenseConfig, GQAConfig, MLAConfig, ModelConfig, MoEConfig, RopeConfig
    from .errors import BadInput
    from .files.catalog import Entry, catalog, default_name, load
    from .files.fetch import fetch, fetch_smollm2, fetched_path, smollm2_path
    from .files.fetchable import MODELS as FETCHABLE
    from .generate import Step, generate
    from .interventions import (
        AblateAttention,
        AblateExpert,
        AblateFeedForward,
        AblateHead,
        AblateNeuron,
        ChooseTop,
        CompressKeysValues,
        ForceExpert,
        FreezePattern,
        NoMask,
        NoPositions,
        NoScaling,
        NoSelectionBias,
        UniformPattern,
    )
    from .language_model import LanguageModel
    from .measure.check import Check, check
    from .sampling import distribution, draw
    from .trace import STAGES, Trace, run_trace

__all__ = [
    "FETCHABLE",
    "STAGES",
    "AblateAttention",
    "AblateExpert",
    "AblateFeedForward",
    "AblateHead",
    "AblateNeuron",
    "BadInput",
    "Check",
    "ChooseTop",
    "CompressKeysValues",
    "DenseConfig",
    "Entry",
    "ForceExpert",
    "FreezePattern",
    "GQAConfig",
    "LanguageModel",
    "MLAConfig",
    "MoEConfig",
    "ModelConfig",
    "NoMask",
    "NoPositions",
    "NoScaling",
    "NoSelectionBias",
    "RopeConfig",
    "Step",
    "Trace",
    "UniformPattern",
    "catalog",
    "check",
    "default_name",
    "distribution",
    "draw",
    "fetch",
    "fetch_smollm2",
    "fetched_path",
    "generate",
    "load",
    "run_trace",
    "smollm2_path",
]
