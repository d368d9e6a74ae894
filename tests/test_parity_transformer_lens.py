"""SmolLM2 against TransformerLens, hook by hook: its users must find the numbers they know under the names they know.

Where the two differ by design, and what is compared here:

- TransformerLens keeps the batch dimension; a `Trace` drops it.
- Its `TransformerBridge` has `hook_in` and `hook_out` around every module as well; we have none, every
  value behind them has a name of its own here (`blocks.0.attn.o.hook_out` is `blocks.0.hook_attn_out`).
- It calls the logits `hook_unembed`; we call them `logits`.
- It shows the rotation's `hook_cos` and `hook_sin`, we the `hook_positions` that they are made from,
  and, for interventions, `attn.hook_mask` and `attn.hook_scaling`.
- Where a score is masked it holds the lowest float32, we minus infinity; both become 0 in the pattern.
- Everything else of ours that SmolLM2 has is in its cache by the same name, with the same shape.
"""

import numpy as np
import pytest
import torch

from model.trace import run_trace
from tests.peers import transformer_lens

ONLY_OURS = ("hook_positions", "attn.hook_mask", "attn.hook_scaling")
OTHER_NAME = {"logits": "hook_unembed"}


@pytest.fixture(scope="module")
def lens(smollm2_file, tmp_path_factory):
    return transformer_lens(smollm2_file, tmp_path_factory.mktemp("lens"))


@pytest.mark.parametrize("prompt", ["The capital of France is", "def fibonacci(n):\n    if n", "人工智能🦊"])
def test_every_hook_by_name(prompt, smollm2, lens):
    """Guards order of heads, moment of rotation, place of scale and mask, and which norm a hook looks at."""
    trace = run_trace(smollm2, prompt)
    with torch.inference_mode():
        _, cache = lens.run_with_cache(torch.tensor([trace.ids]))
    compared = 0
    for name, ours in trace.items():
        if name.endswith(ONLY_OURS):
            continue
        theirs = cache[OTHER_NAME.get(name, name)][0].numpy()
        assert ours.shape == theirs.shape, name
        theirs = np.where(theirs == np.finfo(np.float32).min, np.float32("-inf"), theirs)
        size = np.abs(
            theirs, where=np.isfinite(theirs), out=np.zeros_like(theirs)
        ).max()  # some streams of this model are in the thousands
        np.testing.assert_allclose(ours, theirs, atol=1e-4 * max(1, size), rtol=0, err_msg=name)
        compared += 1
    assert compared == 30 * 20 + 4
