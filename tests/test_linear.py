"""The product of all weights, against PyTorch's own; and that gradients and other dtypes still go PyTorch's way."""

import pytest
import torch
from torch.nn import functional as F

from model.linear import Linear, affine


@pytest.mark.parametrize("rows", [(0, 24), (1, 24), (1, 1, 24), (2, 9, 24), (1, 130, 24)])
@pytest.mark.parametrize("out", [1, 3, 64, 257])
@pytest.mark.parametrize("with_bias", [True, False])
def test_the_product_is_pytorchs(rows, out, with_bias):
    """Guards against a kernel that drops a bias, reads beyond an odd edge, or forgets the shape of no rows."""
    x, weight, bias = torch.randn(rows), torch.randn(out, 24), torch.randn(out) if with_bias else None
    with torch.inference_mode():
        ours = affine(x, weight, bias)
    torch.testing.assert_close(ours, F.linear(x, weight, bias), atol=1e-5, rtol=1e-5)


def test_views_are_read_as_they_lie():
    """Experts are slices of one tensor, heads are transposed, a last token is a cut: none is contiguous."""
    weights, x = torch.randn(3, 10, 24), torch.randn(24, 5).T[1:4]
    with torch.inference_mode():
        for weight in (*weights, weights[:, ::2][1], torch.randn(24, 10).T):
            torch.testing.assert_close(affine(x, weight), F.linear(x, weight), atol=1e-5, rtol=1e-5)


def test_gradients_reach_input_and_weights():
    layer, x = Linear(6, 4), torch.randn(2, 6, requires_grad=True)
    layer(x).sum().backward()
    torch.testing.assert_close(x.grad, layer.weight.sum(0).expand(2, 6))
    torch.testing.assert_close(layer.weight.grad, x.detach().sum(0).expand(4, 6))
    layer.requires_grad_(False)
    (only_x,) = torch.autograd.grad(layer(x).sum(), x)
    torch.testing.assert_close(only_x, x.grad)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_dtypes_keep_theirs(dtype):
    layer = Linear(6, 4, dtype=dtype).requires_grad_(False)
    assert layer(torch.randn(2, 6, dtype=dtype)).dtype == dtype


def test_autocast_still_halves_what_it_may():
    layer = Linear(6, 4).requires_grad_(False)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.randn(2, 6)).dtype == torch.bfloat16
