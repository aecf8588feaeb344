"""One training run from its folder to its end: start the processes, train, calibrate."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path

import torch

from ocr.cores import usable_cores
from ocr.files.atomic import write_atomically
from ocr.options import TrainingOptions
from ocr.training.data.datareport import problems_tsv
from ocr.training.finish import calibrate_run
from ocr.training.loop import Progress, Trainer, train
from ocr.training.parallel import Alone, Gloo, Helpers
from ocr.training.run import PROBLEMS, Run
from ocr.types import Problem

MOST_PROCESSES = 8  # beyond this the meeting after each step costs more than a process brings


def write_problems(run: Run, problems: tuple[Problem, ...]) -> Path | None:
    """List the unusable lines in the run's folder; returns the list's path, None without any."""
    path = run.folder / PROBLEMS
    if not problems:
        path.unlink(missing_ok=True)
        return None
    write_atomically(path, problems_tsv(problems))
    return path


def process_count(options: TrainingOptions) -> int:
    """Processes that share a step: as asked for, else one per core or one for a GPU; never more
    than a batch has lines."""
    cores = 1 if torch.cuda.is_available() else min(MOST_PROCESSES, usable_cores())
    return min(options.processes or cores, options.batch_size)


def lines_per_second(run: Run) -> float:
    """Training speed of one process, measured on the loss and the gradients of one batch after a
    warm-up; changes nothing."""
    trainer = Trainer(run, Alone())
    trainer.objective.train()
    batch = trainer.order.typical()
    times = []
    for _ in range(2):
        before = time.monotonic()
        trainer.batch_loss(batch, 0)[0].backward()  # type: ignore[no-untyped-call]
        times.append(time.monotonic() - before)
    return len(batch) / times[-1]


def train_run(
    run: Run, should_stop: Callable[[], bool] = lambda: False
) -> Generator[Progress, None, None]:
    """Save the run, start its processes, train, end them, and calibrate the model if the run
    came to its end. See ``ocr.training.loop.train``.

    Close the iterator if you leave it early, or the other processes wait for the next step.
    """
    run.save()
    stopping = False
    for progress in _steps(run, should_stop):
        stopping = progress.stopping
        yield progress
    if not stopping:
        calibrate_run(run)


def _steps(run: Run, should_stop: Callable[[], bool]) -> Iterator[Progress]:
    """The training itself, in as many processes as there should be."""
    size = process_count(run.options)
    if size == 1:
        yield from train(run, Alone(), should_stop)
    else:
        with Helpers(run.folder, size), closing(Gloo(run.folder, 0, size)) as exchange:
            yield from train(run, exchange, should_stop)
