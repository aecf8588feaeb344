"""The learning of ``ocr adapt``: known lines first, then further ones as the model reads them."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocr.cli.failures import say
from ocr.errors import InputError
from ocr.files.names import printable
from ocr.options import AdaptationOptions

if TYPE_CHECKING:
    from ocr.training.run import Run
    from ocr.types import Problem, Sample

FIRST = 0.4  # share of the time for the known lines alone, where there are others
LEAST = 0.2  # share of the time for both, however long the reading took
BRIEFEST = 0.01  # minutes that a training may be given


def learn(
    data: Sequence[str],
    unread: Sequence[Path],
    output: Path,
    model: str,
    options: AdaptationOptions,
    overwrite: bool,
) -> None:
    """Learn the transcribed lines of ``data``, then with them what the model reads on ``unread``
    images, and tell what it brought. Raises InputError where no line is left to judge by."""
    from ocr.cli.train import train
    from ocr.training.record import read_log

    began = time.monotonic()
    with ExitStack() as hold:
        first = _within(options, options.minutes * (FIRST if unread else 1))
        run, problems = _known(data, output, model, first, overwrite, hold)
        used = {printable(image) for image in unread}
        _announce(run, [each for each in problems if each.id not in used], options.minutes)
        train(run)
        before = read_log(run.folder)[0]["cer"]
        if unread and (readings := _readings(output, unread, options.unread)):
            spent = (time.monotonic() - began) / 60
            left = max(LEAST * options.minutes, options.minutes - spent)
            train(_both(run, data, readings, _within(options, left)))
    _tell(run, before)


def _within(options: AdaptationOptions, minutes: float) -> AdaptationOptions:
    """The options with so many minutes, if not fewer than there may be."""
    return replace(options, minutes=max(BRIEFEST, minutes))


def _known(
    data: Sequence[str],
    output: Path,
    model: str,
    options: AdaptationOptions,
    overwrite: bool,
    hold: ExitStack,
) -> tuple[Run, tuple[Problem, ...]]:
    """The run that learns the known lines, its folder held, and what cannot be used of them."""
    from ocr.cli.display import progress_bar
    from ocr.network.shipped import resolve_model
    from ocr.training.claim import claimed
    from ocr.training.prepare import Recipe, prepare

    recipe = Recipe(training=options.training, start=resolve_model(model))
    claim = partial(hold.enter_context, claimed(output, overwrite))
    with progress_bar("reading lines") as move:
        run, report = prepare(data, output, recipe, on_progress=move, on_data=claim)
    return run, report.problems


def _readings(model: Path, images: Sequence[Path], count: int) -> tuple[Sample, ...]:
    """What the model reads surest of so many lines of the images, in which nothing is known."""
    from ocr.cli.display import counted, progress_bar
    from ocr.cores import usable_cores
    from ocr.recognition import load_model
    from ocr.training.selftraining import own_readings

    with progress_bar("reading further lines") as move:
        readings, read = own_readings(
            load_model(model, threads=usable_cores()), images, count, move
        )
    click.echo(
        f"read {counted(read, 'line')} that nobody transcribed, learning from the "
        f"{len(readings):,} read surest as well"
    )
    return readings


def _both(
    known: Run, data: Sequence[str], readings: tuple[Sample, ...], options: AdaptationOptions
) -> Run:
    """The run that goes on with what the first one made, to better it."""
    from ocr.cli.display import progress_bar
    from ocr.training.prepare import Recipe, prepare

    training = replace(options.training, remember=known.options.remember)
    recipe = Recipe(training=training, start=known.output, read=readings)
    with progress_bar("reading lines") as move:
        run, _ = prepare(data, known.output, recipe, on_progress=move, overwrite=True)
    return run


def _announce(run: Run, problems: Sequence[Problem], minutes: float) -> None:
    """Say what is learnt, and list what is not. Raises InputError without lines to judge by."""
    from ocr.cli.display import counted
    from ocr.training.session import write_problems

    if listed := write_problems(run, tuple(problems)):
        say(f"{counted(len(problems), 'line')} left out, see {listed}", "yellow")
    if not run.validation:
        raise InputError(
            f"{counted(len(run.train), 'line')} cannot be learnt from: one in five is held back",
            f"transcribe more, about {AdaptationOptions().lines}",
        )
    click.echo(
        f"learning from {counted(len(run.train), 'line')}, {len(run.validation)} held back to "
        f"judge by, {minutes:g} min at most"
    )


def _tell(run: Run, before: float) -> None:
    """The gain, and what to do next. ``before``: CER on the lines held back, 0..1."""
    from ocr.cli.display import counted
    from ocr.cli.trainingdisplay import percent
    from ocr.network.modelheader import read_spec

    best = read_spec(run.output).training["validation_cer"]
    held = f"the {counted(len(run.validation), 'line')} held back, which chose the model"
    click.echo(f"CER of the network alone on {held}: ", nl=False)
    if best < before:
        fall = f"{100 * (1 - best / before):.0f} % fewer errors"
        click.echo(f"{percent(before)} before, {percent(best)} after, {fall}")
    else:
        click.echo(
            f"{percent(before)} before and no better after; correct more lines (into the draft: "
            "ocr adapt IMAGES -o MODEL --more N), then the same command with --overwrite"
        )
    click.echo(f"model  {run.output}\nnext:  ocr recognize LINE -m {shlex.quote(str(run.output))}")
