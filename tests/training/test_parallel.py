"""What processes add up, and what happens when one of them dies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ocr.errors import OcrError
from ocr.training import parallel, session
from ocr.training.parallel import Alone, Exchange, add_up
from ocr.training.run import Run

MakeRun = Callable[..., Run]


def network_of(seed: int) -> nn.Module:
    """A layer with batch norm; every gradient and statistic its own number."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    for parameter in network.parameters():
        parameter.grad = torch.randn_like(parameter)
    for statistic in (b for b in network.buffers() if b.is_floating_point()):
        statistic.copy_(torch.randn_like(statistic))
    return network


def beside(other: Tensor) -> tuple[Exchange, list[Tensor]]:
    """The exchange with a second process that brings ``other``, and what this one brought."""
    brought: list[Tensor] = []

    def add(values: Tensor) -> None:
        brought.append(values.clone())
        values += other

    exchange: Any = SimpleNamespace(rank=0, size=2, add=add)
    return exchange, brought


def test_gradients_are_summed_and_statistics_averaged_in_one_meeting() -> None:
    mine, theirs, expected = network_of(1), network_of(2), network_of(1)
    exchange, brought = beside(torch.zeros(()))
    add_up(theirs, exchange, [10.0, 20.0])
    exchange, seen = beside(brought[0])
    assert add_up(mine, exchange, [1.0, 2.0]) == [11.0, 22.0]
    assert len(seen) == 1
    theirs = network_of(2)
    for sum_, a, b in zip(
        mine.parameters(), expected.parameters(), theirs.parameters(), strict=True
    ):
        assert a.grad is not None
        assert b.grad is not None
        torch.testing.assert_close(sum_.grad, a.grad + b.grad)
        assert torch.equal(sum_, a), "weights do not travel"
    for mean, a, b in zip(mine.buffers(), expected.buffers(), theirs.buffers(), strict=True):
        torch.testing.assert_close(mean, (a + b) / 2 if a.is_floating_point() else a)


def test_a_process_without_a_line_counts_as_0() -> None:
    idle, busy = network_of(1), network_of(2)
    idle.zero_grad(set_to_none=True)
    exchange, brought = beside(torch.zeros(()))
    add_up(busy, exchange, [1.0])
    add_up(idle, beside(brought[0])[0], [0.0])
    for a, b in zip(idle.parameters(), network_of(2).parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def test_alone_nothing_changes() -> None:
    network, same = network_of(1), network_of(1)
    third = 1 / 3  # would not survive a float32 vector
    assert add_up(network, Alone(), [third]) == [third]
    for a, b in zip(network.parameters(), same.parameters(), strict=True):
        assert torch.equal(a.grad, b.grad)  # type: ignore[arg-type]
    for c, d in zip(network.buffers(), same.buffers(), strict=True):
        assert torch.equal(c, d)


def test_the_death_of_a_process_is_told_and_the_run_can_go_on(
    tmp_path: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[parallel.Helpers] = []

    class Watched(parallel.Helpers):
        def __init__(self, folder: Path, size: int) -> None:
            super().__init__(folder, size)
            started.append(self)

    monkeypatch.setattr(session, "Helpers", Watched)
    run = make_run(tmp_path, epochs=1000, processes=2, held_back=0)
    steps = session.train_run(run)
    next(steps)
    [helper] = started[0]._processes
    helper.kill()
    with pytest.raises(OcrError, match="--resume, and --processes 1"):
        for _ in steps:
            pass
    assert helper.poll() is not None


def test_a_process_that_cannot_start_is_no_reason_to_wait(tmp_path: Path) -> None:
    """There is no run in the folder, so the worker ends at once."""
    with pytest.raises(OcrError, match="could not start"), parallel.Helpers(tmp_path, 2):
        pytest.fail("nobody is there to train with")
