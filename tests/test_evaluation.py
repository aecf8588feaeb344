"""Evaluation with a recognizer that reads what it is told to."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ocr.confidence import whole
from ocr.errors import ImageError, InputError
from ocr.evaluation import Failure, Report, evaluate
from ocr.metrics import character_error_rate, confusions, word_error_rate
from ocr.types import Character, Line, Sample, Transcript

TRUTH = {
    "a": ("the quick brown fox", "the quick brown fox"),
    "b": ("jumps over", "jumqs ouer"),
    "c": ("1", "7"),
    "d": ("the lazy dog", "the lazydog"),
}


class FakeRecognizer:
    """Reads the image ``x.png`` as ``texts["x"]``; an image it has no text for is broken."""

    model_id = "0123456789ab"

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.batches: list[list[str]] = []

    def recognize_many(self, sources: Sequence[Path]) -> list[Transcript | ImageError]:
        self.batches.append([source.stem for source in sources])
        return [self._read(source) for source in sources]

    def _read(self, source: Path) -> Transcript | ImageError:
        if source.stem not in self.texts:
            return ImageError(f"{source.name} is not an image", "give a PNG or JPEG file")
        return Transcript(self.texts[source.stem], confidence=0.5)


def samples_of(truth: dict[str, tuple[str, str]]) -> list[Sample]:
    return [Sample(key, Path(f"{key}.png"), reference) for key, (reference, _) in truth.items()]


def report_of(truth: dict[str, tuple[str, str]], broken: tuple[str, ...] = ()) -> Report:
    texts = {key: text for key, (_, text) in truth.items() if key not in broken}
    return evaluate(FakeRecognizer(texts), samples_of(truth), batch_size=2)


def test_rates_are_those_of_the_metrics() -> None:
    report = report_of(TRUTH)
    pairs = list(TRUTH.values())
    assert report.cer == character_error_rate(pairs)
    assert report.wer == word_error_rate(pairs)
    assert report.confusions == confusions(pairs)
    assert (report.cer.edits, report.cer.length, report.cer.lines) == (4, 42, 4)
    assert (report.wer.edits, report.wer.length) == (5, 10)
    assert report.model_id == "0123456789ab"
    assert report.failed == ()


def test_lines_keep_the_order_of_the_samples() -> None:
    report = report_of(TRUTH)
    assert [(line.id, line.sample.image.name) for line in report.lines] == [
        (key, f"{key}.png") for key in "abcd"
    ]
    second = report.lines[1]
    assert (second.reference, second.text) == TRUTH["b"]
    assert (second.edits, second.length, second.confidence) == (2, 10, 0.5)
    assert second.rate == 0.2


def test_batches_are_bounded_and_lines_of_like_length_go_together() -> None:
    recognizer = FakeRecognizer({key: text for key, (_, text) in TRUTH.items()})
    steps: list[tuple[int, int]] = []
    evaluate(recognizer, samples_of(TRUTH), 3, lambda done, total: steps.append((done, total)))
    assert recognizer.batches == [["a", "d", "b"], ["c"]]
    assert steps == [(3, 4), (4, 4)]


def test_unreadable_images_are_listed_and_the_rest_is_scored() -> None:
    report = report_of(TRUTH, broken=("a", "c"))
    assert report.failed == (
        Failure("a", "a.png is not an image; give a PNG or JPEG file"),
        Failure("c", "c.png is not an image; give a PNG or JPEG file"),
    )
    assert [line.id for line in report.lines] == ["b", "d"]
    assert report.cer == character_error_rate([TRUTH["b"], TRUTH["d"]])


def test_worst_lines_have_most_edits_and_none_is_right() -> None:
    report = report_of(TRUTH)
    assert [line.id for line in report.worst(10)] == ["b", "c", "d"]
    assert [line.id for line in report.worst(1)] == ["b"]
    alike = report_of({"long": ("seven", "seved"), "short": ("7", "1")})
    assert [line.id for line in alike.worst(2)] == ["short", "long"]


def test_speed_is_lines_per_second_of_recognition() -> None:
    report = report_of(TRUTH)
    assert report.seconds > 0
    assert report.lines_per_second == pytest.approx(4 / report.seconds)


def test_nothing_to_evaluate_is_an_error() -> None:
    with pytest.raises(InputError, match="no line to evaluate"):
        evaluate(FakeRecognizer({}), [])
    with pytest.raises(InputError, match=r"none of the 4 lines .* a\.png is not an image"):
        report_of(TRUTH, broken=("a", "b", "c", "d"))


class SizeRecognizer:
    """Reads what it is given as "width x height, grey", the grey 0 black to 255 white."""

    model_id = "size"

    def recognize_many(self, sources: Sequence[object]) -> list[Transcript]:
        return [Transcript(self._read(np.asarray(source)), 0.5) for source in sources]

    def _read(self, image: np.ndarray) -> str:
        return f"{image.shape[1]} x {image.shape[0]}, {255 * image.mean():.0f}"


def test_a_line_on_a_page_is_cut_out_of_it(tmp_path: Path) -> None:
    Image.new("L", (60, 40), 200).save(tmp_path / "p.png")
    corners = {"l1": (3.0, 5.0, 33.0, 15.0), "l2": (0.0, 20.0, 50.0, 40.0)}
    samples = []
    for name, (left, top, right, bottom) in corners.items():
        outline = ((left, top), (right, top), (right, bottom), (left, bottom))
        text = f"{right - left:.0f} x {bottom - top:.0f}, 200"
        samples.append(Sample(name, tmp_path / "p.png", text, Line(name, outline, ())))
    samples.append(Sample("gone", tmp_path / "q.png", "text", samples[0].line))
    report = evaluate(SizeRecognizer(), samples)
    assert report.cer.edits == 0
    assert [line.text for line in report.lines] == ["30 x 10, 200", "50 x 20, 200"]
    assert [failure.id for failure in report.failed] == ["gone"]


class UnsureRecognizer(FakeRecognizer):
    """Gives each character the confidence 0.9, or 0.3 where it is q, u or 7."""

    def _read(self, source: Path) -> Transcript | ImageError:
        text = self.texts[source.stem]
        characters = tuple(Character(c, 0.0, 1.0, 0.3 if c in "qu7" else 0.9) for c in text)
        confidence = whole([character.confidence for character in characters])
        return Transcript(text, confidence, characters)


def test_confidences_are_held_against_what_was_right() -> None:
    """Of the six unsure characters q and u of "quick" and u of "jumqs" are right; q there, u of
    "ouer" and 7 are wrong. All the others are right."""
    texts = {key: text for key, (_, text) in TRUTH.items()}
    report = evaluate(UnsureRecognizer(texts), samples_of(TRUTH))
    unsure, sure = report.reliability
    assert (unsure.count, unsure.confidence) == (6, pytest.approx(0.3))
    assert unsure.right == pytest.approx(3 / 6)
    assert sure.count == sum(map(len, texts.values())) - 6
    assert sure.right == 1.0
    assert report.calibration_error == pytest.approx(
        (6 * 0.2 + sure.count * 0.1) / (6 + sure.count)
    )


def test_the_least_confident_lines_are_worth_correcting() -> None:
    texts = {key: text for key, (_, text) in TRUTH.items()}
    report = evaluate(UnsureRecognizer(texts), samples_of(TRUTH))
    order = sorted(report.lines, key=lambda line: line.confidence)
    edits = [line.edits for line in order]
    assert report.errors_removed((0.25, 0.5, 1.0)) == (
        edits[0] / 4,
        sum(edits[:2]) / 4,
        1.0,
    )
    assert report_of(TRUTH).reliability == ()  # a reader without characters


def test_the_report_tells_how_the_lines_were_read() -> None:
    report = dataclasses.replace(report_of(TRUTH), options={"language_model": "latin", "beam": 9})
    assert report.reader == f"{report.model_id}, language model latin, beam 9"
    assert report.to_dict()["options"] == {"language_model": "latin", "beam": 9}


def test_the_report_goes_through_json() -> None:
    report = report_of(TRUTH, broken=("a",))
    values = json.loads(json.dumps(report.to_dict()))
    assert values == report.to_dict()
    assert values["cer"]["rate"] == report.cer.rate
    assert (values["cer"]["low"], values["cer"]["high"]) == (None, None)  # of so few lines
    many = report_of({f"{key}{n}": pair for key, pair in TRUTH.items() for n in range(10)})
    cer = many.to_dict()["cer"]
    assert (cer["low"], cer["high"]) == many.cer.interval
    assert values["lines"][0]["image"] == "b.png"
    assert values["failed"][0]["id"] == "a"
    assert values["confusions"][0].keys() == {"reference", "hypothesis", "count"}
