"""Calibration and tuning on synthetic posteriors whose truth is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ocr.alphabet import Alphabet
from ocr.calibration import KnownLine, calibrate_language, calibrate_model, known_lines
from ocr.confidence import calibration_error, reliability, tempered
from ocr.decoding.beam import language_decoder
from ocr.decoding.language import LanguageModel, train_language_model
from ocr.errors import InputError
from ocr.metrics import character_error_rate, right_characters
from ocr.options import DecodingOptions, LanguageOptions, NetworkOptions, PreprocessingOptions
from ocr.preprocessing.columns import frame_count
from ocr.recognition import Recognizer
from ocr.tuning import BONUSES, WEIGHTS, labels_with, tune_language_model
from ocr.types import Columns, Float32Array, ModelSpec, Sample

ALPHABET = Alphabet(" adehinorstu")
SENTENCES = ("the rain and sun", "the sun is north", "he rose to ride") * 60


def noisy_line(text: str, rng: np.random.Generator, noise: float) -> NDArray[np.float32]:
    """Posteriors that are right: at every frame the truth is one draw from the row it is in, so
    a label of probability p is the true one in a share p of the cases."""
    path = [frame for label in ALPHABET.encode(text) for frame in (label, 0)]
    rows = rng.dirichlet(np.full(len(ALPHABET), noise), len(path))
    for row, label in zip(rows, path, strict=True):
        drawn = int(rng.choice(len(row), p=row))
        row[[drawn, label]] = row[[label, drawn]]
        if label == 0:  # the frames between characters are sure: characters stay apart
            row[:] = np.arange(len(row)) == 0
    return np.log(rows + 1e-7).astype(np.float32)


def lines_of(seed: int, noise: float = 0.04, count: int = 180) -> list[KnownLine]:
    rng = np.random.default_rng(seed)
    return [KnownLine(noisy_line(text, rng, noise), text) for text in SENTENCES[:count]]


@pytest.mark.parametrize("planted", [0.5, 1.0, 2.0])
def test_the_temperature_that_was_planted_is_found(planted: float) -> None:
    lines = [KnownLine(tempered(k.log_probs, 1 / planted), k.text) for k in lines_of(1)]
    found = calibrate_model(lines, ALPHABET)
    assert found.temperature == pytest.approx(planted, rel=0.15)
    assert found.after < 0.04
    assert found.after <= found.before + 0.005
    assert found.characters > 2000
    if planted != 1.0:
        assert found.before > 2 * found.after


def test_nothing_read_cannot_be_calibrated() -> None:
    blank = np.log(np.tile(np.array([[0.9, 0.1]], np.float32), (5, 1)))
    with pytest.raises(InputError, match="the model reads nothing on these lines"):
        calibrate_model([KnownLine(blank, "a")], Alphabet("a"))


@pytest.fixture(scope="module")
def language() -> LanguageModel:
    return train_language_model(SENTENCES[:3], LanguageOptions(order=4))


def cer(lines: Sequence[KnownLine], model: LanguageModel) -> float:
    decoder = language_decoder(model, ALPHABET, DecodingOptions(beam=16))
    pairs = [(line.text, ALPHABET.decode(decoder.labels(line.log_probs))) for line in lines]
    return character_error_rate(pairs).rate


def test_tuning_finds_what_the_language_is_worth(language: LanguageModel) -> None:
    lines = lines_of(2, noise=0.06, count=3)
    steps: list[tuple[int, int]] = []
    tuning = tune_language_model(language, lines, ALPHABET, lambda *step: steps.append(step))
    total = len(lines) * (2 * len(WEIGHTS) + len(BONUSES))
    assert steps[0] == (len(lines), total)
    assert steps[-1] == (total, total)
    assert tuning.options.weight in WEIGHTS
    assert tuning.options.bonus in BONUSES
    assert tuning.cer < 0.5 * tuning.greedy_cer
    tuned = dataclasses.replace(language, options=tuning.options)
    assert cer(lines, tuned) == pytest.approx(tuning.cer)
    others = {}
    for weight in (0.0, *WEIGHTS):
        options = dataclasses.replace(tuning.options, weight=weight)
        others[weight] = cer(lines, dataclasses.replace(language, options=options))
    assert min(others.values()) == pytest.approx(tuning.cer)
    assert others[0.0] > tuning.cer


def test_tuning_leaves_empty_lines_empty(language: LanguageModel) -> None:
    """As reading does: a language writes its commonest words where the blank leads."""
    lines = lines_of(2, noise=0.06, count=3)
    rows = np.full((19, len(ALPHABET)), 0.5 / (len(ALPHABET) - 1), np.float32)
    rows[:, 0] = 0.5
    empty = KnownLine(np.log(rows), "")
    decoder = language_decoder(language, ALPHABET)
    assert decoder.labels(empty.log_probs)
    assert not labels_with(decoder)(empty.log_probs)
    assert tune_language_model(language, [*lines, empty], ALPHABET) == tune_language_model(
        language, lines, ALPHABET
    )


def test_the_language_temperature_comes_true_on_other_lines(language: LanguageModel) -> None:
    options = LanguageOptions(weight=0.8, bonus=1.0)
    beam = DecodingOptions(beam=16, threshold=0.01)
    decoder = language_decoder(dataclasses.replace(language, options=options), ALPHABET, beam)
    found = calibrate_language(decoder, lines_of(3, noise=0.06, count=18), ALPHABET, 1.8)
    tuned = dataclasses.replace(decoder, temperature=found.temperature)
    confidences: list[float] = []
    right: list[bool] = []
    for line in lines_of(4, noise=0.06, count=18):
        (hypothesis,) = tuned(line.log_probs)
        confidences += hypothesis.posteriors
        right += right_characters(line.text, ALPHABET.decode(hypothesis.labels))
    assert found.after < 0.05
    assert calibration_error(reliability(confidences, right)) < 0.08


class UndecidedEngine:
    """Takes everything for as likely as the blank, in as many frames as a line has."""

    def log_probs(self, lines: Sequence[Columns]) -> list[Float32Array]:
        return [np.zeros((frame_count(len(line.values)), 2), np.float32) for line in lines]


def test_known_lines_are_those_that_can_be_read(tmp_path: Path) -> None:
    samples = []
    for number in range(35):
        path = tmp_path / f"{number}.png"
        if number == 7:
            path.write_bytes(b"no image")
        else:
            Image.new("L", (40 + number, 20), 255).save(path)
        samples.append(Sample(str(number), path, f"text {number}"))
    spec = ModelSpec("a", PreprocessingOptions(height=16), NetworkOptions())
    recognizer = Recognizer(UndecidedEngine(), spec, "id")
    steps: list[tuple[int, int]] = []
    lines, failed = known_lines(recognizer, samples, lambda *step: steps.append(step))
    assert [line.text for line in lines] == [f"text {n}" for n in range(35) if n != 7]
    assert [failure.id for failure in failed] == ["7"]
    assert steps == [(32, 35), (35, 35)]
    with pytest.raises(InputError, match=r"none of the 1 lines can be read: .*7.png"):
        known_lines(recognizer, samples[7:8])
