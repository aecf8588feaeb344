"""Lines that nobody transcribed, as a model reads them: a hand is learnt from its own readings.

    a model learns the few lines whose text is known
    it reads further lines of the hand, with its language model
    it goes on to learn both, the known lines and what it read surest

What the language model knows of words so comes to tell of letters. The errors among the readings
are of many kinds and rarely of one, so that what is learnt from most of them is right. The readings
are chosen by the mean logarithm of their characters' probabilities, as by

M. Kišš, K. Beneš & M. Hradiš, "AT-ST: self-training adaptation strategy for OCR in domains with
limited transcriptions", ICDAR 2021.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from ocr.errors import ImageError
from ocr.options import ReadingOptions
from ocr.recognition import Recognizer
from ocr.types import Line, OnProgress, PageTranscript, Sample, Transcript

# Of 500 lines of hooker and peraire read by models that had learnt 50, the surer half had 25 and
# 5 % errors, all of them 34 and 12 %. With nine in ten hooker came out worse with `latin`.
SHARE = 0.6
SHORTEST = 4  # characters; a number or a word alone is too often read as another
NEVER = 1e-9  # what a probability of nothing counts as
AT_ONCE = 16  # images
NAME = "read"  # that the ids of the lines begin with


@dataclass(frozen=True, slots=True)
class Reading:
    """A line as it was read; ``sureness`` is the mean natural log of its characters'
    probabilities."""

    sample: Sample
    sureness: float


def own_readings(
    recognizer: Recognizer, images: Sequence[Path], count: int, on_progress: OnProgress
) -> tuple[tuple[Sample, ...], int]:
    """The surest of ``count`` lines, and how many there were, if fewer, to read.

    The images, of lines or of pages, are taken in an order that is random, but always the same.
    What cannot be read, and short lines, are left out. ``on_progress`` is told of lines.
    """
    order = random.Random(len(images)).sample(images, len(images))
    readings: list[Reading] = []
    for seen, reading in itertools.islice(_readings(recognizer, order), count):
        readings.append(reading)
        expected = len(readings) * len(order) // seen  # if the other images have as many lines
        on_progress(len(readings), min(count, expected))
    long = [reading for reading in readings if len(reading.sample.text) >= SHORTEST]
    long.sort(key=lambda reading: -reading.sureness)
    surest = long[: round(SHARE * len(readings))]
    return tuple(reading.sample for reading in surest), len(readings)


def _readings(recognizer: Recognizer, images: Sequence[Path]) -> Iterator[tuple[int, Reading]]:
    """Of every line of the images, image by image, with how many of them were seen."""
    number = itertools.count()
    for start in range(0, len(images), AT_ONCE):
        part = images[start : start + AT_ONCE]
        results = recognizer.read_many(part, ReadingOptions())
        for seen, (image, result) in enumerate(zip(part, results, strict=True), start + 1):
            for transcript, line, index in _lines(result):
                sample = Sample(f"{NAME}/{next(number)}", image, transcript.text, line, index)
                yield seen, Reading(sample, _sureness(transcript))


def _lines(
    result: Transcript | PageTranscript | ImageError,
) -> Iterator[tuple[Transcript, Line | None, int]]:
    """The lines of what was read, each with its place on its page."""
    if isinstance(result, Transcript):
        yield result, None, 0
    elif isinstance(result, PageTranscript):
        for transcript, line in zip(result.transcripts, result.page.lines, strict=True):
            yield transcript, line, result.page.index


def _sureness(transcript: Transcript) -> float:
    confidences = (character.confidence for character in transcript.characters)
    return fmean([math.log(max(confidence, NEVER)) for confidence in confidences] or [-math.inf])
