"""A widened network reads as before, and every weight in it can learn."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ocr.errors import UsageError
from ocr.network.recognizer import RecognizerNetwork
from ocr.network.widening import check_sizes, widened
from ocr.options import FEATURES, NetworkOptions, PreprocessingOptions

SMALL = NetworkOptions(convolutions="2,3,4,5", residuals=1, layers=2, hidden=7)
WIDE = NetworkOptions(convolutions="3,3,6,8", residuals=2, layers=2, hidden=11)
LABELS = 6


def network(preprocessing: PreprocessingOptions, options: NetworkOptions) -> RecognizerNetwork:
    """Random weights and statistics."""
    torch.manual_seed(0)
    result = RecognizerNetwork(preprocessing, options, LABELS).eval()
    with torch.no_grad():
        for value in (*result.parameters(), *result.buffers()):
            if value.is_floating_point():
                value.copy_(
                    torch.rand_like(value) - 0.4 if value.ndim > 1 else torch.rand(value.shape)
                )
    return result


def columns(features: str) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.rand(2, 30, 9 if features == "geometric" else 20), torch.tensor([30, 17])


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize("cell", ["rnn", "lstm-1997", "lstm", "lstm-peephole"])
def test_it_reads_as_before(features: str, cell: str) -> None:
    preprocessing = PreprocessingOptions(height=20, features=features)
    small, wide = replace(SMALL, cell=cell), replace(WIDE, cell=cell)
    narrow = network(preprocessing, small)
    wider = widened(narrow, preprocessing, (small, wide))
    assert wider.recurrent[1].input_weights.shape[1:] == (wider.recurrent[1].cell.gates * 11, 22)
    expected, _ = narrow(*columns(features))
    found, _ = wider(*columns(features))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_every_weight_can_learn() -> None:
    preprocessing = PreprocessingOptions(height=20)
    wider = widened(network(preprocessing, SMALL), preprocessing, (SMALL, WIDE)).train()
    moved = torch.optim.SGD(wider.parameters(), 0.1)
    for _ in range(2):  # what feeds a new unit has a gradient once the unit is heard
        moved.zero_grad()
        wider(*columns("conv"))[0][:, :, 1].sum().backward()
        moved.step()
    for name, parameter in wider.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name
    for layer in wider.recurrent:
        for weights in (layer.input_weights, layer.recurrent_weights):
            assert weights.grad is not None
            into_cells = weights.grad.view(2, layer.cell.gates, 11, -1).abs().sum(-1)
            assert (into_cells[:, :, 7:] > 0).all()
    output = wider.output.weight.view(LABELS, 2, 11)
    assert (output[:, :, 7:] != 0).all()


@pytest.mark.parametrize(
    "asked",
    [
        replace(WIDE, hidden=6),
        replace(WIDE, convolutions="3,3,6,4"),
        replace(WIDE, residuals=0),
        replace(WIDE, layers=3),
        replace(WIDE, cell="rnn"),
    ],
)
def test_what_is_no_widening_is_refused(asked: NetworkOptions) -> None:
    preprocessing = PreprocessingOptions(height=20)
    with pytest.raises(UsageError):
        widened(network(preprocessing, SMALL), preprocessing, (SMALL, asked))


def test_a_tdnn_is_refused() -> None:
    preprocessing, small = PreprocessingOptions(height=20), replace(SMALL, cell="tdnn")
    wide = replace(small, hidden=11)
    with pytest.raises(UsageError, match="from nothing"):
        widened(network(preprocessing, small), preprocessing, (small, wide))
    check_sizes(small, small)  # to be trained on as it is


@pytest.mark.parametrize("cell", ["lstm", "tdnn"])
def test_what_is_no_width_can_change(cell: str) -> None:
    preprocessing, settled = PreprocessingOptions(height=20), replace(SMALL, cell=cell)
    before = network(preprocessing, settled)
    asked = replace(settled, dropout=0.4)
    after = widened(before, preprocessing, (settled, asked))
    weights = after.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in before.state_dict().items())
