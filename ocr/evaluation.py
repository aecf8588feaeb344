"""Samples -> Report: read transcribed lines with a model and count its errors.

A line that cannot be read is listed with its reason and does not enter the rates.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from ocr.errors import ImageError, InputError
from ocr.metrics import (
    Confusion,
    Edits,
    ErrorRate,
    confusions,
    edit_counts,
    error_rate,
    word_error_rate,
)
from ocr.types import Sample, Transcript

OnProgress = Callable[[int, int], None]  # lines done, lines in all


class LineReader(Protocol):
    """What an evaluation needs of a recognizer."""

    @property
    def model_id(self) -> str: ...

    def recognize_many(self, sources: Sequence[Path], /) -> Sequence[Transcript | ImageError]:
        """One result per source, in order; an unusable image gives its error."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line read. ``edits`` and ``length`` (of the reference) in code points,
    ``confidence`` 0..1."""

    id: str
    image: Path
    reference: str
    text: str
    edits: int
    length: int
    confidence: float

    @property
    def rate(self) -> float:
        """The line's own CER."""
        return Edits(self.edits, self.length).rate


@dataclass(frozen=True, slots=True)
class Failure:
    """A line that could not be read, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """How well a model reads a set of lines.

    lines    in the order of the samples, without those in ``failed``
    seconds  spent in recognition, loading of images included
    """

    model_id: str
    cer: ErrorRate
    wer: ErrorRate
    lines: tuple[LineResult, ...]
    confusions: tuple[Confusion, ...]
    failed: tuple[Failure, ...]
    seconds: float

    @property
    def lines_per_second(self) -> float:
        """Lines read per second; 0 where no time was measured."""
        return len(self.lines) / self.seconds if self.seconds > 0 else 0.0

    def worst(self, count: int) -> tuple[LineResult, ...]:
        """At most ``count`` lines with errors, most edits first, then highest rate.

        Edits come first because they make up the total: a wrong page number is 100 % of its
        own line and next to nothing of the whole.
        """
        wrong = [line for line in self.lines if line.edits]
        return tuple(sorted(wrong, key=lambda line: (-line.edits, -line.rate))[:count])

    def to_dict(self) -> dict[str, Any]:
        """The report as values that ``json`` can write; paths are text, rates are 0 or more."""
        return {
            "model": self.model_id,
            "cer": _rate_values(self.cer),
            "wer": _rate_values(self.wer),
            "seconds": self.seconds,
            "lines_per_second": self.lines_per_second,
            "confusions": [asdict(confusion) for confusion in self.confusions],
            "lines": [asdict(line) | {"image": str(line.image)} for line in self.lines],
            "failed": [asdict(failure) for failure in self.failed],
        }


def evaluate(
    recognizer: LineReader,
    samples: Sequence[Sample],
    batch_size: int = 32,
    on_progress: OnProgress | None = None,
) -> Report:
    """Read every sample and score the readings.

    ``on_progress`` is called after each batch. Raises InputError if there is no sample, or
    none that can be read.
    """
    if not samples:
        raise InputError("there is no line to evaluate", "give transcribed line images")
    sources = [_source(sample) for sample in samples]
    results: dict[int, Transcript | ImageError] = {}
    seconds = 0.0
    for batch in _batches(samples, batch_size):
        start = time.perf_counter()
        read = recognizer.recognize_many([sources[index] for index in batch])
        seconds += time.perf_counter() - start
        results.update(zip(batch, read, strict=True))
        if on_progress is not None:
            on_progress(len(results), len(samples))
    ordered = [results[index] for index in range(len(samples))]
    return _report(recognizer.model_id, samples, ordered, seconds)


def _source(sample: Sample) -> Path:
    """What the recognizer is given for a sample: the one place that knows.

    A line on a page would have to be cut out here; read as it is, the whole page would pass
    for the line, so it is refused.
    """
    if sample.line is not None:
        raise InputError(f"{sample.id} is a line on a page", "give images of single lines")
    return sample.image


def _batches(samples: Sequence[Sample], size: int) -> list[list[int]]:
    """Sample numbers in groups of ``size``, long texts first.

    The text's length stands for the image's width, which is not known before it is opened:
    lines of like width waste little padding, and the longest first show at once whether the
    memory suffices.
    """
    order = sorted(range(len(samples)), key=lambda index: -len(samples[index].text))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _report(
    model_id: str,
    samples: Sequence[Sample],
    results: Sequence[Transcript | ImageError],
    seconds: float,
) -> Report:
    lines: list[LineResult] = []
    failed: list[Failure] = []
    for sample, result in zip(samples, results, strict=True):
        if isinstance(result, ImageError):
            failed.append(Failure(sample.id, str(result)))
        else:
            lines.append(_line(sample, result))
    if not lines:
        raise InputError(f"none of the {len(failed)} lines can be read: {failed[0].reason}")
    pairs = [(line.reference, line.text) for line in lines]
    return Report(
        model_id=model_id,
        cer=error_rate([Edits(line.edits, line.length) for line in lines]),
        wer=word_error_rate(pairs),
        lines=tuple(lines),
        confusions=confusions(pairs),
        failed=tuple(failed),
        seconds=seconds,
    )


def _line(sample: Sample, transcript: Transcript) -> LineResult:
    edits = edit_counts(sample.text, transcript.text)
    return LineResult(
        id=sample.id,
        image=sample.image,
        reference=sample.text,
        text=transcript.text,
        edits=edits.count,
        length=edits.length,
        confidence=transcript.confidence,
    )


def _rate_values(rate: ErrorRate) -> dict[str, Any]:
    low, high = rate.interval
    return {
        "rate": rate.rate,
        "low": low,
        "high": high,
        "edits": rate.edits,
        "length": rate.length,
        "lines": rate.lines,
    }
