"""Samples -> Report: read transcribed lines with a model and count its errors.

A line that cannot be read is listed with its reason and does not enter the rates.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np

from ocr.confidence import Bin, calibration_error, errors_removed, reliability
from ocr.errors import ImageError, InputError
from ocr.metrics import (
    Confusion,
    Edits,
    ErrorRate,
    confusions,
    edit_counts,
    error_rate,
    right_characters,
    word_error_rate,
)
from ocr.preprocessing import ImageSource
from ocr.preprocessing.lines import LineImages
from ocr.types import OnProgress, Sample, Transcript

CORRECTED = (0.05, 0.1, 0.2, 0.3, 0.5)  # shares of the lines for which a report tells the gain


class LineReader(Protocol):
    """What an evaluation needs of a recognizer."""

    @property
    def model_id(self) -> str: ...

    def recognize_many(
        self, sources: Sequence[ImageSource], /
    ) -> Sequence[Transcript | ImageError]:
        """One result per source, in order; an unusable image gives its error."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line read. ``edits`` and ``length`` (of the reference) in code points,
    ``confidence`` 0..1."""

    sample: Sample
    text: str
    edits: int
    length: int
    confidence: float

    @property
    def id(self) -> str:
        return self.sample.id

    @property
    def reference(self) -> str:
        return self.sample.text

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

    lines        in the order of the samples, without those in ``failed``
    seconds      spent in recognition, loading of images included
    reliability  how often characters were right, by confidence; see ocr.confidence
    options      how they were decoded, where not by default; see DecodingOptions.stated
    """

    model_id: str
    cer: ErrorRate
    wer: ErrorRate
    lines: tuple[LineResult, ...]
    confusions: tuple[Confusion, ...]
    failed: tuple[Failure, ...]
    seconds: float
    reliability: tuple[Bin, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def reader(self) -> str:
        """The model and how it was used: ``0123456789ab, language model latin``."""
        options = (f"{name.replace('_', ' ')} {value}" for name, value in self.options.items())
        return ", ".join([self.model_id, *options])

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of the characters' confidences, 0..1."""
        return calibration_error(self.reliability)

    def errors_removed(self, shares: Sequence[float] = CORRECTED) -> tuple[float, ...]:
        """The share of all edits that is gone, 0..1, when so large a share of the lines is
        corrected, the least confident first: what an archive should know of proofreading."""
        confidences = [line.confidence for line in self.lines]
        return errors_removed(confidences, [line.edits for line in self.lines], shares)

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
            "options": self.options,
            "cer": _rate_values(self.cer),
            "wer": _rate_values(self.wer),
            "seconds": self.seconds,
            "lines_per_second": self.lines_per_second,
            "calibration_error": self.calibration_error,
            "reliability": [asdict(entry) for entry in self.reliability],
            "errors_removed": [
                {"lines_corrected": share, "errors_removed": removed}
                for share, removed in zip(CORRECTED, self.errors_removed(), strict=True)
            ],
            "confusions": [asdict(confusion) for confusion in self.confusions],
            "lines": [_line_values(line) for line in self.lines],
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
    images = LineImages()
    results: dict[int, Transcript | ImageError] = {}
    seconds = 0.0
    for batch in _batches(samples, batch_size):
        start = time.perf_counter()
        read = _read(recognizer, images, [samples[index] for index in batch])
        seconds += time.perf_counter() - start
        results.update(zip(batch, read, strict=True))
        if on_progress is not None:
            on_progress(len(results), len(samples))
    ordered = [results[index] for index in range(len(samples))]
    return _report(recognizer.model_id, samples, ordered, seconds)


def _read(
    recognizer: LineReader, images: LineImages, batch: Sequence[Sample]
) -> list[Transcript | ImageError]:
    sources = [_source(sample, images) for sample in batch]
    usable = [source for source in sources if not isinstance(source, ImageError)]
    read = iter(recognizer.recognize_many(usable))
    return [source if isinstance(source, ImageError) else next(read) for source in sources]


def _source(sample: Sample, images: LineImages) -> ImageSource | ImageError:
    """What the recognizer is given for a sample: the one place that knows."""
    if sample.line is None:
        return sample.image
    try:
        return np.subtract(1, images.load(sample))  # as grey, white 1
    except ImageError as error:
        return error


def _batches(samples: Sequence[Sample], size: int) -> list[list[int]]:
    """Sample numbers in groups of ``size``, long texts first, but lines of a page together.

    The text's length stands for the image's width, which is not known before it is opened:
    lines of like width waste little padding, and the longest first show at once whether the
    memory suffices.
    """

    def place(index: int) -> tuple[str, int, int]:
        sample = samples[index]
        page = str(sample.image) if sample.line is not None else ""
        return page, sample.index, -len(sample.text)

    order = sorted(range(len(samples)), key=place)
    return [order[start : start + size] for start in range(0, len(order), size)]


def _report(
    model_id: str,
    samples: Sequence[Sample],
    results: Sequence[Transcript | ImageError],
    seconds: float,
) -> Report:
    lines: list[LineResult] = []
    failed: list[Failure] = []
    confidences: list[float] = []
    right: list[bool] = []
    for sample, result in zip(samples, results, strict=True):
        if isinstance(result, ImageError):
            failed.append(Failure(sample.id, str(result)))
        else:
            lines.append(_line(sample, result))
            if result.characters:
                confidences += [character.confidence for character in result.characters]
                right += right_characters(sample.text, result.text)
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
        reliability=reliability(confidences, right),
    )


def _line(sample: Sample, transcript: Transcript) -> LineResult:
    edits = edit_counts(sample.text, transcript.text)
    return LineResult(
        sample=sample,
        text=transcript.text,
        edits=edits.count,
        length=edits.length,
        confidence=transcript.confidence,
    )


def _line_values(line: LineResult) -> dict[str, Any]:
    return {
        "id": line.id,
        "image": str(line.sample.image),
        "reference": line.reference,
        "text": line.text,
        "edits": line.edits,
        "length": line.length,
        "confidence": line.confidence,
    }


def _rate_values(rate: ErrorRate) -> dict[str, Any]:
    low, high = rate.interval if rate.tells_interval else (None, None)
    return {
        "rate": rate.rate,
        "low": low,
        "high": high,
        "edits": rate.edits,
        "length": rate.length,
        "lines": rate.lines,
    }
