"""The loss of the two readings, against the losses of each."""

from __future__ import annotations

import pytest
import torch

from ocr.network.recognizer import RecognizerNetwork
from ocr.options import NetworkOptions, PreprocessingOptions, TrainingOptions
from ocr.training.objective import Objective, ctc
from ocr.types import Batch

SMALL = NetworkOptions(convolutions="2,2,4,4", layers=1, hidden=4, dropout=0.0)


def objective_of(shortcut: float, features: str = "conv") -> Objective:
    torch.manual_seed(0)
    network = RecognizerNetwork(PreprocessingOptions(height=16, features=features), SMALL, 3)
    options = TrainingOptions(shortcut=shortcut, precision="float32")
    return Objective(network, options).eval()


def batch_of(widths: tuple[int, ...], features: int = 16) -> Batch:
    generator = torch.Generator().manual_seed(1)
    columns = torch.rand(len(widths), max(widths), features, generator=generator)
    for row, width in enumerate(widths):
        columns[row, width:] = 0
    return Batch(
        columns=columns,
        lengths=torch.tensor(widths),
        labels=torch.tensor([1, 2] * len(widths)),
        label_lengths=torch.tensor([2] * len(widths)),
        ids=tuple(map(str, widths)),
    )


@pytest.mark.parametrize("shortcut", [0.0, 0.1, 2.0])
def test_the_loss_is_the_networks_and_a_share_of_the_shortcuts(shortcut: float) -> None:
    objective, batch = objective_of(shortcut), batch_of((64, 40))
    whole, network_loss = objective(batch)
    log_probs, frames = objective.network(batch.columns, batch.lengths)
    assert network_loss.item() == pytest.approx(ctc(log_probs, frames, batch).item(), rel=1e-6)
    assert (objective.shortcut is None) == (shortcut == 0)
    if objective.shortcut is None:
        assert whole.item() == network_loss.item()
        return
    stacked = objective.network.front_end(batch.columns, batch.lengths)  # (T', N, features)
    weight, bias = objective.shortcut.weight, objective.shortcut.bias  # (K, features, 3), (K,)
    padded = torch.nn.functional.pad(stacked, (0, 0, 0, 0, 1, 1))
    activations = bias + sum(padded[k : k + len(stacked)] @ weight[:, :, k].T for k in range(3))
    other = ctc(activations.log_softmax(dim=2), frames, batch).item()
    assert whole.item() == pytest.approx(network_loss.item() + shortcut * other, rel=1e-5)


def test_the_shortcut_teaches_the_front_end_alone() -> None:
    objective, batch = objective_of(1.0), batch_of((64,))
    whole, network_loss = objective(batch)
    (whole - network_loss).backward()
    network = objective.network
    assert all(p.grad is None or not p.grad.any() for p in network.recurrent.parameters())
    assert all(p.grad is None or not p.grad.any() for p in network.output.parameters())
    assert all(
        p.grad is not None and p.grad.any() for p in network.front_end.convolutions[0].parameters()
    )


def test_a_network_without_convolutions_has_no_shortcut() -> None:
    assert objective_of(0.5, "pixels").shortcut is None
