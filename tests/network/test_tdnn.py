"""The time-delay layer and the squashing functions against their formulas."""

from __future__ import annotations

import pytest
import torch

from ocr.network.squashing import LOGISTIC_1, LOGISTIC_2, TANH, Squashing
from ocr.network.tdnn import TimeDelayLayer


def test_every_frame_is_the_sum_over_its_window() -> None:
    torch.manual_seed(1)
    layer = TimeDelayLayer(2, 3, taps=3).double()
    torch.nn.init.normal_(layer.bias)
    x, lengths = torch.randn(6, 2, 2, dtype=torch.float64), torch.tensor([6, 4])
    outputs = layer(x, lengths)
    for n, length in enumerate(lengths.tolist()):
        for t in range(length):
            for d, sign in enumerate((-1, 1)):
                a = layer.bias[d]
                for k in range(3):
                    if 0 <= t + sign * k < length:
                        a = a + layer.input_weights[d, :, k] @ x[t + sign * k, n]
                torch.testing.assert_close(outputs[t, n, 3 * d : 3 * d + 3], a.tanh())
    assert not outputs[4:, 1].any()


def test_gradcheck_of_the_time_delay_layer() -> None:
    torch.manual_seed(1)
    layer = TimeDelayLayer(2, 2, taps=2).double()
    x = torch.randn(4, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: layer(x, torch.tensor([4, 2])), (x,))


@pytest.mark.parametrize(
    ("squashing", "scale", "shift", "steepness"),
    [(TANH, 2, 1, 2), (LOGISTIC_1, 2, 1, 1), (LOGISTIC_2, 4, 2, 1)],
)
def test_squashing_is_the_published_logistic(
    squashing: Squashing, scale: float, shift: float, steepness: float
) -> None:
    x = torch.linspace(-6, 6, 25, dtype=torch.float64, requires_grad=True)
    expected = scale / (1 + torch.exp(-steepness * x)) - shift
    value = squashing(x)
    torch.testing.assert_close(value, expected)
    (slope,) = torch.autograd.grad(expected.sum(), x)
    torch.testing.assert_close(squashing.derivative(value), slope)
