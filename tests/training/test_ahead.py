"""Batches made ahead are those of their steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import torch

from ocr.training import ahead
from ocr.training.ahead import batches_ahead, maker_count
from ocr.training.loop import Trainer
from ocr.training.parallel import Alone
from ocr.training.run import Run
from ocr.types import Batch

MakeRun = Callable[..., Run]


def assert_equal(left: Batch, right: Batch) -> None:
    for field in fields(Batch):
        one, other = getattr(left, field.name), getattr(right, field.name)
        same = torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other
        assert same, field.name


@pytest.mark.parametrize("processes", [0, 2])
def test_they_are_made_as_on_the_spot(tmp_path: Path, make_run: MakeRun, processes: int) -> None:
    run = make_run(tmp_path, augment=1.0)
    trainer, first = Trainer(run, Alone()), 2  # of an epoch of 3 steps
    batches = batches_ahead(run, first, processes)
    for step in range(first, first + 4):
        expected = trainer.batcher.distorted(trainer.order.batch(step), step, 1.0)
        assert_equal(next(batches), expected)


def test_only_a_gpu_is_worked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "usable_cores", lambda: 16)
    assert maker_count(torch.device("cpu")) == 0
    assert maker_count(torch.device("cuda")) == 15
