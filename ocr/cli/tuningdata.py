"""The lines that calibration and tuning look at."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from ocr.cli.failures import say
from ocr.errors import InputError, PartialFailure

if TYPE_CHECKING:
    from ocr.calibration import KnownLine
    from ocr.recognition import Recognizer
    from ocr.training.data.dataset import Dataset
    from ocr.types import Sample

SHOWN = 10  # unusable lines that are named
SEED = 1  # of the choice of lines


def lines_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """The switch ``--lines N``."""
    return click.option(
        "--lines",
        metavar="N",
        type=click.IntRange(min=1),
        default=1000,
        show_default=True,
        help="Look at this many of the lines at most, chosen at random.",
    )(function)


def usable_samples(dataset: Dataset) -> tuple[Sample, ...]:
    """The lines of the data. Raises InputError without any."""
    if not dataset.samples:
        first = dataset.problems[0]
        reason = f"no line can be used; the first, {first.id}: {first.reason}"
        raise InputError(reason, "see: ocr check DATA")
    return dataset.samples


@contextmanager
def read_known_lines(
    recognizer: Recognizer, dataset: Dataset, most: int
) -> Iterator[list[KnownLine]]:
    """What the model says of the transcribed lines of the data, of ``most`` at most. Raises
    PartialFailure at the end, when the work is done, if some could not be used."""
    from ocr.calibration import known_lines
    from ocr.cli.display import counted, progress_bar

    samples = usable_samples(dataset)
    if len(samples) > most:
        chosen = sorted(random.Random(SEED).sample(range(len(samples)), most))
        samples = tuple(samples[index] for index in chosen)
    unused = [f"{p.id}: {p.reason}" for p in dataset.problems]
    with progress_bar("reading") as move:
        lines, failed = known_lines(recognizer, samples, move)
    unused += [f"{failure.id}: {failure.reason}" for failure in failed]
    for reason in unused[:SHOWN]:
        say(f"left out: {reason}", "yellow")
    yield lines
    if unused:
        raise PartialFailure(
            f"{counted(len(unused), 'line')} could not be used", "see: ocr check DATA"
        )
