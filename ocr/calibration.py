"""Transcribed lines -> the temperature at which confidences come true.

A model has one temperature, for its log-probabilities; a language model has another, for what
it makes of them. Lines for this are none that were trained on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ocr.alphabet import Alphabet
from ocr.confidence import calibration_error, fit_temperature, label_posteriors, reliability
from ocr.decoding.alignment import peak_frames
from ocr.decoding.beam import BeamDecoder
from ocr.decoding.greedy import greedy
from ocr.errors import ImageError, InputError
from ocr.evaluation import Failure
from ocr.metrics import right_characters
from ocr.preprocessing import columns_of
from ocr.preprocessing.lines import LineImages
from ocr.recognition import AT_ONCE, Recognizer
from ocr.types import Columns, Float32Array, FloatArray, OnProgress, Sample


@dataclass(frozen=True, slots=True)
class KnownLine:
    """What the network says of a line, (T, K) natural logs, and what stands there."""

    log_probs: Float32Array
    text: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """The temperature, and the expected calibration error without it and with it, 0..1, over
    so many characters."""

    temperature: float
    before: float
    after: float
    characters: int


def known_lines(
    recognizer: Recognizer,
    samples: Sequence[Sample],
    on_progress: OnProgress = lambda done, total: None,
) -> tuple[list[KnownLine], list[Failure]]:
    """Read the samples, with the model's temperature as it is, and list those that cannot be
    read. Raises InputError where none can."""
    lines: list[KnownLine] = []
    failed: list[Failure] = []
    images = LineImages()
    for start in range(0, len(samples), AT_ONCE):
        columns: list[Columns] = []
        texts: list[str] = []
        for sample in samples[start : start + AT_ONCE]:
            try:
                ink = images.load(sample)
                columns.append(columns_of(ink, recognizer.spec.preprocessing))
                texts.append(sample.text)
            except ImageError as error:
                failed.append(Failure(sample.id, str(error)))
        lines += map(KnownLine, recognizer.log_probs(columns), texts)
        on_progress(len(lines) + len(failed), len(samples))
    if not lines:
        reason = f": {failed[0].reason}" if failed else ""
        raise InputError(f"none of the {len(samples)} lines can be read{reason}", "see: ocr check")
    return lines, failed


def calibrate_model(
    lines: Iterable[KnownLine], alphabet: Alphabet, temperature: float = 1.0
) -> Calibration:
    """What a model's ``temperature``, with which the lines were read, is to be multiplied by,
    from the characters that best path decoding reads. Raises InputError where it reads none."""
    margins, right = [], []
    for line in lines:
        (reading,) = greedy(line.log_probs)
        peaks = peak_frames(line.log_probs, reading.labels, reading.spans)
        rows = line.log_probs[peaks]  # (U, K)
        own = np.arange(len(rows)), np.array(reading.labels, np.int64)
        margin = rows - rows[own][:, None]
        margin[own] = -np.inf
        margins.append(margin)
        right += right_characters(line.text, alphabet.decode(reading.labels))
    return _calibration(margins, right, 1.0 / temperature)


def calibrate_language(
    decoder: BeamDecoder, lines: Sequence[KnownLine], alphabet: Alphabet, expected: float
) -> Calibration:
    """The temperature of the posteriors that a beam decoder gives, near the ``expected`` one
    where the lines tell little. Raises InputError where no character is read."""
    margins, right = [], []
    for line in lines:
        frames = decoder.frames(line.log_probs)
        (reading,) = decoder(line.log_probs)
        margins.append(decoder.margins(frames, reading.labels, reading.spans))
        right += right_characters(line.text, alphabet.decode(reading.labels))
    return _calibration(margins, right, expected)


def _calibration(
    margins: Sequence[FloatArray], right: Sequence[bool], expected: float
) -> Calibration:
    """margins: per line (U, R), R of each its own."""
    if not right:
        raise InputError("the model reads nothing on these lines", "give other lines")
    whole = np.full((len(right), max(margin.shape[1] for margin in margins)), -np.inf, np.float32)
    done = 0
    for margin in margins:
        whole[done : done + len(margin), : margin.shape[1]] = margin
        done += len(margin)
    outcomes = np.array(right)
    temperature = fit_temperature(whole, outcomes, expected)
    before, after = (
        calibration_error(reliability(label_posteriors(whole, t), outcomes))
        for t in (1.0, temperature)
    )
    return Calibration(temperature, before, after, len(right))
