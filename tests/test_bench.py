"""The benchmark must compare equals: what it measures is checked here, its times are not."""

import sys

import torch

import model
from tests.bench.hookless import without_hooks


def test_the_model_without_hooks_says_the_same(tmp_path, monkeypatch):
    """Guards against a cutter that leaves hooks in, or cuts more than hooks."""
    lm = model.load("tiny")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    bare = without_hooks(lm.transformer, tmp_path)
    tokens = torch.arange(20)[None]
    with torch.inference_mode():
        torch.testing.assert_close(bare(tokens), lm.transformer(tokens), atol=0, rtol=0)
    source = (tmp_path / "hookless" / "attention.py").read_text()
    assert "hook_pattern(" not in source
    assert ".listening" not in source
    assert "softmax" in source
