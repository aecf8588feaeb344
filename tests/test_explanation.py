"""The picture of a line: what is drawn is what the network said."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from ocr.alphabet import Alphabet
from ocr.explanation import (
    Explanation,
    cell_panels,
    draw,
    draw_curves,
    draw_image,
    draw_table,
    explain,
    rivals,
)
from ocr.network.inspection import CellActivity
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.preprocessing.columns import COLUMNS_PER_FRAME, frame_count
from ocr.recognition import Recognizer
from ocr.types import Character, Columns, Float32Array, ModelSpec, Transcript

ALPHABET = Alphabet("ab ")
PATH = np.array([0, 1, 1, 0, 3, 2, 0])
TRANSCRIPT = Transcript("a b", 0.5, (Character("a", 5, 30, 0.9), Character(" ", 30, 45, 0.9)))


@pytest.fixture
def explanation() -> Explanation:
    """Seven frames of 10 px; at frame 3 the blank wins over an "a" of 0.3."""
    probabilities = np.full((7, 4), 0.02, np.float32)
    probabilities[np.arange(7), PATH] = 0.9
    probabilities[3] = (0.6, 0.02, 0.3, 0.08)
    frames = 10 * np.arange(8, dtype=np.float32)
    image = np.zeros((20, 70), np.float32)
    return Explanation(image, frames, probabilities, PATH, TRANSCRIPT, ALPHABET)


def test_rows_are_in_the_order_of_the_line(explanation: Explanation) -> None:
    assert explanation.rows == [0, 1, 2, 3]  # blank, a, then b as a rival before the space
    assert rivals(explanation) == [(3, 2)]
    empty = Explanation(
        explanation.image,
        np.zeros(1, np.float32),
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.int64),
        Transcript("", 0.0),
        ALPHABET,
    )
    assert (empty.rows, rivals(empty)) == ([0], [])


def test_curves_and_path_are_at_the_middles_of_the_frames(explanation: Explanation) -> None:
    axes = Figure().subplots()
    draw_curves(axes, explanation)
    *curves, dots = axes.get_lines()
    assert [c.get_ydata()[3] for c in curves] == pytest.approx([0.02, 0.3, 0.08])
    np.testing.assert_allclose(curves[0].get_xdata(), 5 + 10 * np.arange(7))
    np.testing.assert_allclose(dots.get_xdata(), [15, 25, 45, 55])
    np.testing.assert_allclose(dots.get_ydata(), 0.9)
    assert [text.get_text() for text in axes.texts] == ["b"]


def test_the_table_has_a_row_per_character_and_the_path_runs_through_it(
    explanation: Explanation,
) -> None:
    axes = Figure().subplots()
    draw_table(axes, explanation)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["blank", "a", "b", "space"]
    (path,) = axes.get_lines()
    np.testing.assert_array_equal(path.get_ydata(), [0, 1, 1, 0, 3, 2, 0])
    blank, others = axes.collections
    assert blank.get_array().shape == (1, 7)
    np.testing.assert_allclose(others.get_array(), explanation.probabilities[:, 1:].T)


def test_boxes_stand_over_the_image(explanation: Explanation) -> None:
    axes = Figure().subplots()
    draw_image(axes, explanation)
    assert [(box.get_x(), box.get_width()) for box in axes.patches] == [(5, 25), (30, 15)]
    assert [text.get_text() for text in axes.texts] == ["a", " "]
    assert axes.get_images()[0].get_extent() == [0, 70, 20, 0]


def test_the_liveliest_cells_are_drawn_in_the_order_of_their_peaks(
    explanation: Explanation,
) -> None:
    """Cell 2 is largest from the first frame on, cell 1 soon, cell 0 late."""
    states = np.zeros((7, 1, 3), np.float32)
    states[:, 0, 0] = [0, 0, 0, 0, 1, -5, 0]
    states[:, 0, 1] = [0, 2, 0, 1, 0, 0, 0]
    states[:, 0, 2] = 3
    gates = {"input gate": np.tile(np.arange(3, dtype=np.float32) / 2, (7, 1, 1))}
    (first, gate), (last, state) = cell_panels(CellActivity(gates, states))
    assert (first, last) == ("input gate\nleft to right", "cell state\nleft to right")
    np.testing.assert_array_equal(gate[0], [1.0, 0.5, 0.0])  # cells 2, 1, 0 peak in this order
    np.testing.assert_allclose(state[:, 2], [0, 0, 0, 0, 0.2, -1, 0])
    with_cells = dataclasses.replace(explanation, cells=CellActivity(gates, states))
    taller = draw(with_cells, "svg")
    assert b"<svg" in taller
    assert taller.count(b"cell state") > draw(explanation, "svg").count(b"cell state") == 0


def test_characters_that_the_font_lacks_are_called_by_their_codes(
    explanation: Explanation, recwarn: pytest.WarningsRecorder
) -> None:
    alphabet = Alphabet("\u5b57" + explanation.alphabet.characters[1:])
    characters = [Character("\u5b57", 3, 9, 0.9)]
    transcript = dataclasses.replace(explanation.transcript, characters=tuple(characters))
    strange = dataclasses.replace(explanation, alphabet=alphabet, transcript=transcript)
    picture = draw(strange, "svg").decode()
    assert picture.count("<!-- U+5B57 -->") >= 2
    assert not list(recwarn)


def test_the_picture_is_a_file_of_its_kind(explanation: Explanation) -> None:
    assert Image.open(io.BytesIO(draw(explanation))).width > 200


class StripeEngine:
    """Reads "a" where a frame has ink."""

    def log_probs(self, lines: Sequence[Columns]) -> list[Float32Array]:
        results = []
        for line in lines:
            values = np.pad(line.values, ((0, -len(line.values) % COLUMNS_PER_FRAME), (0, 0)))
            inked = values.reshape(frame_count(len(line.values)), -1).mean(axis=1) > 0.15
            rows = np.where(inked[:, None], [0.1, 0.9], [0.9, 0.1])
            results.append(np.log(rows).astype(np.float32))
        return results


def test_a_line_is_explained_as_it_is_read() -> None:
    spec = ModelSpec("a", PreprocessingOptions(), NetworkOptions())
    recognizer = Recognizer(StripeEngine(), spec, "id")
    image = np.full((60, 200), 255, np.uint8)
    image[15:45, 40:60] = image[15:45, 120:140] = 0
    explanation = explain(recognizer, image)
    assert explanation.transcript == recognizer.recognize(image)
    assert explanation.transcript.text == "aa"
    assert explanation.image.shape == (60, 200)
    frames, path = explanation.frames, explanation.path
    assert len(frames) == len(path) + 1 == len(explanation.probabilities) + 1
    np.testing.assert_allclose(np.exp(np.log(explanation.probabilities)).sum(axis=1), 1, rtol=1e-5)
    inked = [(frames[t], frames[t + 1]) for t in np.flatnonzero(path)]
    assert all(left > 30 and right < 150 for left, right in inked)
    assert any(left <= 50 <= right for left, right in inked)
