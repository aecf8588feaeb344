"""Data-parallel training: processes of one thread each that add up their gradients.

Two threads in one process share one step's kernels and wait for each other; two processes with
a batch each meet once a step. All processes compute the same sum, so they take the same step
and their weights never differ. torch.distributed (gloo, over the loopback interface) does the
adding; the meeting point is a file in the run's folder.
"""

from __future__ import annotations

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import torch
import torch.distributed
from torch import Tensor, nn

from ocr.errors import OcrError
from ocr.processes import command, environment
from ocr.training.run import MEETING

PATIENCE = timedelta(minutes=30)  # a validation on many lines, or a laptop that slept
START_FIX = "see what it printed above, or train in one with --processes 1"
POLL = 0.05  # s between looks at processes that are still starting


class Exchange(Protocol):
    """How the processes of a run add up numbers."""

    rank: int
    size: int

    def add(self, values: Tensor) -> None:
        """Replace a float32 vector by its sum over all processes, the same bits in each."""


class Alone:
    """The exchange of a run with one process."""

    rank = 0
    size = 1

    def add(self, values: Tensor) -> None:
        """The sum over one process is the vector itself."""


class Gloo:
    """The exchange of ``size`` processes that meet in ``folder``."""

    def __init__(self, folder: Path, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        loopback = "lo0" if platform.system() == "Darwin" else "lo"
        if platform.system() != "Windows":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
        # Not by a URI, in which torch leaves the escapes of spaces and accents as they are.
        place = os.fsencode((folder / MEETING).resolve())
        meeting = torch.distributed.FileStore(place, size)  # type: ignore[attr-defined,arg-type]
        torch.distributed.init_process_group(
            "gloo", store=meeting, rank=rank, world_size=size, timeout=PATIENCE
        )

    def add(self, values: Tensor) -> None:
        try:
            torch.distributed.all_reduce(values)
        except RuntimeError as error:
            raise PartnerGoneError(
                "another process of this training has ended",
                "go on with: ocr train -o MODEL --resume, and --processes 1 if memory was short",
            ) from error

    def close(self) -> None:
        """Leave the group; the others may go on leaving."""
        torch.distributed.destroy_process_group()


class PartnerGoneError(OcrError):
    """Another process has ended, and has said why."""


def add_up(network: nn.Module, exchange: Exchange, numbers: list[float]) -> list[float]:
    """Replace every gradient by its sum over the processes and every statistic of the network
    (its floating-point buffers) by its mean; returns the sums of ``numbers``.

    All travel in one meeting. A parameter without a gradient, in a process that had no line of
    the batch, counts as 0.
    """
    parameters = list(network.parameters())
    statistics = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
    if exchange.size > 1:
        for statistic in statistics:
            statistic /= exchange.size
        tail = torch.tensor(numbers, device=parameters[0].device)
        add_together([*gradients, *statistics, tail], exchange)
        numbers = tail.tolist()
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    return numbers


def add_together(tensors: Sequence[Tensor], exchange: Exchange) -> None:
    """Replace every tensor by its sum over the processes. All travel in one vector, since the
    meeting costs more than the bytes."""
    if exchange.size == 1:
        return
    vector = torch.cat([tensor.reshape(-1) for tensor in tensors])
    exchange.add(vector)
    position = 0
    for tensor in tensors:
        tensor.copy_(vector[position : position + tensor.numel()].view_as(tensor))
        position += tensor.numel()


def ready(folder: Path, rank: int) -> None:
    """Tell ``Helpers`` that this process has come so far that the others may wait for it."""
    (folder / f".ready-{rank}").touch()


class Helpers:
    """The other processes of a run: started together, ended together."""

    def __init__(self, folder: Path, size: int) -> None:
        self._ready = [folder / f".ready-{rank}" for rank in range(1, size)]
        for path in (folder / MEETING, *self._ready):
            path.unlink(missing_ok=True)
        self._processes = [
            subprocess.Popen(
                command("ocr.training.worker", str(folder), str(rank), str(size)),
                env=environment(),
                stdin=subprocess.DEVNULL,
            )
            for rank in range(1, size)
        ]

    def __enter__(self) -> Helpers:
        """Wait until all are ready to meet. Raises OcrError if one ends before."""
        try:
            while not all(path.exists() for path in self._ready):
                if any(process.poll() is not None for process in self._processes):
                    raise OcrError("a process of this training could not start", START_FIX)
                time.sleep(POLL)
        except BaseException:
            self.__exit__(OcrError)
            raise
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        for process in self._processes:
            if kind is not None:
                process.kill()  # they ignore polite signals, and have nothing to save
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
