"""How long a run lasts, and how large its steps are: functions of its options and counters."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ocr.options import TrainingOptions

DEFAULT_EPOCHS = 40.0  # of a run without any limit
LAST_RATE = 0.01  # step size at the end of the cycle, relative to its peak


def most_epochs(options: TrainingOptions) -> float | None:
    """The limit in passes over the data; None where only the minutes are limited."""
    return options.epochs or (None if options.minutes else DEFAULT_EPOCHS)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The limits of one run."""

    options: TrainingOptions
    steps_per_epoch: int

    def fraction(self, steps: int, seconds: float) -> float:
        """Share of the run, 0..1, that is over after ``steps`` steps and ``seconds`` of
        training, by whichever limit is nearer."""
        options = self.options
        epochs = most_epochs(options)
        done = steps / (epochs * self.steps_per_epoch) if epochs else 0.0
        if options.minutes:
            done = max(done, seconds / (60 * options.minutes))
        return min(1.0, done)

    def rate(self, step: int, fraction: float) -> float:
        """Size of step number ``step`` (from 0) relative to the peak: a linear rise, then the
        cycle's fall with the ``fraction`` of the run that is over before it."""
        warmup = self.options.warmup
        rise = min(1.0, (step + 1) / warmup) if warmup else 1.0
        return rise * cycle(fraction)


def cycle(fraction: float) -> float:
    """Step size relative to its peak: half a cosine from 1 down to ``LAST_RATE``
    (Loshchilov & Hutter 2017)."""
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * fraction))
