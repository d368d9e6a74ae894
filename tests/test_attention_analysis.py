"""What the attention page shows of a head is the trace's, and its thumbnails hide no strong weight."""

import numpy as np
import pytest

from app.kit.head_jobs import thumbnails
from app.rooms.attention.analysis import head_stages
from model import run_trace


@pytest.mark.parametrize("head", [0, 2, 3, 5])
def test_stages_and_operands_belong_to_one_head(tiny, head):
    """Guards against a query head paired with the wrong shared key head: 6 heads, 2 key heads."""
    trace = run_trace(tiny, "to be or not", capture="light")
    shown = head_stages(trace, 1, head, trace.pattern(1))
    assert shown.key_head == head // 3
    np.testing.assert_allclose(shown.query @ shown.key.T, shown.dot, atol=1e-6)
    np.testing.assert_allclose(np.where(shown.mask, shown.dot * shown.scale, -np.inf), shown.scores, atol=1e-6)
    np.testing.assert_allclose(shown.pattern.sum(-1), 1, atol=1e-6)
    np.testing.assert_allclose(shown.pattern @ shown.value, shown.result, atol=1e-6)


def test_thumbnails_keep_the_largest_weight_of_what_they_merge():
    pattern = np.zeros((2, 101, 101), np.float32)
    pattern[0, 70, 3] = 1.0
    pattern[1] = np.eye(101)
    small = thumbnails(pattern, 13)
    assert small.shape == (2, 13, 13) and small.dtype == np.uint8
    assert small[0].max() == 255 and (small[0] > 0).sum() == 1
    assert (np.diag(small[1]) == 255).all()
    assert (thumbnails(pattern[:, :7, :7], 13)[1] == np.eye(7) * 255).all()
