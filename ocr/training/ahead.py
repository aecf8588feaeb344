"""Batches made ahead of their steps, in processes of their own.

A GPU takes a step in less time than one core needs to render and distort its lines. A batch is a
function of the seed and its step alone, so it does not matter who makes it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ocr.cores import usable_cores
from ocr.processes import leave_signals_to_the_first
from ocr.training.batches import Batcher, Order
from ocr.training.lines import training_lines
from ocr.training.run import Run
from ocr.types import Batch

MOST_STEPS = 2**31  # longer than any run
Parts = tuple[Any, ...]  # columns, lengths, labels and label lengths of a batch, and its ids


def maker_count(device: torch.device) -> int:
    """Processes that make batches for one that steps on ``device``: on the CPU none, for there
    the cores are better used for steps."""
    return max(1, usable_cores() - 1) if device.type == "cuda" else 0


def batches_ahead(run: Run, first: int, processes: int) -> Generator[Batch, None, None]:
    """The distorted batches of a run alone, from step number ``first`` on. Close the iterator, or
    the processes stay."""
    loader = DataLoader(
        _Steps(run),
        batch_size=None,  # what the data set gives is a batch
        collate_fn=_as_it_is,
        sampler=range(first, MOST_STEPS),
        num_workers=processes,
        generator=torch.Generator(),  # its seed for them is not to be drawn from the training's
        worker_init_fn=_begin,
    )
    for *arrays, ids in loader:
        columns, lengths, labels, label_lengths = map(torch.from_numpy, arrays)
        yield Batch(columns, lengths, labels, label_lengths, ids)


def _as_it_is(parts: Any) -> Any:
    return parts


class _Steps(Dataset[Parts]):
    """Step number -> the parts of its batch, as arrays: they travel through a pipe, where tensors
    would take shared memory, of which a container has little. What it takes to make one is read by
    the process that does, since it can be large."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._tools: tuple[Batcher, Order] | None = None

    def __getitem__(self, step: int) -> Parts:
        run = self.run
        if self._tools is None:
            lines, members = training_lines(run), np.array(run.train, dtype=np.int64)
            batcher = Batcher(lines, run.spec, members, run.seed)
            self._tools = batcher, Order(lines, members, run)
        batcher, order = self._tools
        batch = batcher.distorted(order.batch(step), step, run.options.augment)
        tensors = batch.columns, batch.lengths, batch.labels, batch.label_lengths
        return *(tensor.numpy() for tensor in tensors), batch.ids


def _begin(process: int) -> None:
    """In a process that begins."""
    leave_signals_to_the_first()
    cv2.setNumThreads(1)
