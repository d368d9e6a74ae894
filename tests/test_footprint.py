"""What does not fit is refused before it runs, with both numbers and what to do instead."""

import subprocess
import sys

import numpy as np
import pytest

from model import footprint, load, run_trace
from model.errors import BadInput


@pytest.fixture
def tiny():
    return load("tiny")


@pytest.mark.parametrize("name", ["tiny", "storyteller", "storyteller-classic"])
@pytest.mark.parametrize("capture", ["all", "light"])
def test_a_traces_bytes_are_known_before_it_runs(name, capture):
    """Guards the promise of every hook, experts and latents too."""
    lm = load(name)
    ids = [token % lm.config.vocab_size for token in range(3, 40)]
    trace = run_trace(lm, ids, capture=capture)
    sizes = footprint.trace_bytes(lm, ids, lambda hook: hook in trace)
    assert sum(sizes.values()) == trace.nbytes


def test_long_prompts_derive_scores_and_patterns(tiny, monkeypatch):
    """12.3 GB at 2,048 tokens of SmolLM2, three quarters of it scores and patterns."""
    ids = [token % 256 for token in range(300)]
    whole = run_trace(tiny, ids)
    assert "blocks.0.attn.hook_pattern" in whole
    monkeypatch.setattr("model.trace.MOST_DERIVED", 1_000_000)
    short, long = run_trace(tiny, ids[:200]), run_trace(tiny, ids)
    assert "blocks.0.attn.hook_pattern" in short
    assert "blocks.0.attn.hook_pattern" not in long and long.nbytes < whole.nbytes / 3
    np.testing.assert_allclose(long["blocks.3.attn.hook_pattern"], whole["blocks.3.attn.hook_pattern"], atol=1e-6)


def test_what_does_not_fit_is_refused_before_it_runs(tiny, monkeypatch):
    monkeypatch.setattr(footprint, "free_bytes", lambda: 30_000_000)
    ids = [token % 256 for token in range(500)]
    with pytest.raises(
        BadInput, match=r"500 tokens of tiny takes 0.07 GB .* 0.03 GB are free.*capture=lambda"
    ) as error:
        run_trace(tiny, ids)
    assert error.value.code == "no_memory"
    only = run_trace(tiny, ids, capture=lambda name: name == "blocks.0.hook_resid_post")
    assert list(only) == ["blocks.0.hook_resid_post", "logits"]


def test_this_machine_says_what_it_has_free():
    free = footprint.free_bytes()
    assert free is None or 0 < free < 2**50


def test_the_next_trace_takes_the_memory_of_the_last():
    """Guards against fresh pages for every trace, a tenth of its time: counted, not timed."""
    script = (
        "import resource, model\n"
        "lm = model.load('storyteller'); ids, usage = [5] * 200, resource.RUSAGE_SELF\n"
        "faults = [0]\n"
        "for _ in range(6): model.run_trace(lm, ids); faults.append(resource.getrusage(usage).ru_minflt)\n"
        "print(model.run_trace(lm, ids).nbytes // 4096, faults[-1] - faults[-2])\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    pages, fresh = map(int, said.stdout.split())
    assert fresh < pages / 4
