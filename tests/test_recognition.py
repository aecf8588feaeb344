"""The pipeline with an engine that sees bars, and boxes worked out by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ocr.alphabet import Alphabet
from ocr.errors import ImageError, ModelError
from ocr.formats.words import words_of
from ocr.geometry import frame_of
from ocr.options import DecodingOptions, NetworkOptions, PreprocessingOptions, ReadingOptions
from ocr.preprocessing.columns import COLUMNS_PER_FRAME, frame_count
from ocr.recognition import AT_ONCE, LONE_REACH, Recognizer, load_model, transcript_of
from ocr.types import (
    Character,
    Columns,
    Float32Array,
    Hypothesis,
    Line,
    ModelSpec,
    Page,
    PageTranscript,
    Score,
    Transcript,
)

ALPHABET = Alphabet("abc")
BARS = (40, 110, 140, 230)  # px, left edges of the bars that a line image shows
BAR = 12  # px wide


class BarEngine:
    """Reads "a" wherever there is ink, with probability 0.9; the blank elsewhere."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    def log_probs(self, lines: Sequence[Columns]) -> list[Float32Array]:
        self.calls.append(len(lines))
        return [self._read(line.values) for line in lines]

    def _read(self, values: Float32Array) -> Float32Array:
        missing = -len(values) % COLUMNS_PER_FRAME
        frames = np.pad(values, ((0, missing), (0, 0))).reshape(frame_count(len(values)), -1)
        inked = frames.mean(axis=1) > 0.15
        scores = np.full((len(frames), len(ALPHABET)), 0.02)
        scores[:, 0], scores[:, 1] = np.where(inked, 0.06, 0.94), np.where(inked, 0.9, 0.02)
        return np.asarray(np.log(scores), np.float32)


def recognizer(temperature: float = 1.0, threads: int = 1, **decoding: Any) -> Recognizer:
    spec = ModelSpec(
        ALPHABET.characters, PreprocessingOptions(), NetworkOptions(), temperature=temperature
    )
    return Recognizer(BarEngine(), spec, "0123456789ab", DecodingOptions(**decoding), threads)


def line_image(bars: Sequence[int] = BARS) -> np.ndarray:
    """(60, 300) uint8: black upright bars on white paper."""
    image = np.full((60, 300), 255, np.uint8)
    for left in bars:
        image[15:45, left : left + BAR] = 0
    return image


def hypothesis_of(labels: Sequence[int], spans: Sequence[tuple[int, int]]) -> list[Hypothesis]:
    return [Hypothesis(tuple(labels), tuple(spans), -1.0, (0.5,) * len(labels))]


def test_boundaries_worked_out_by_hand() -> None:
    # Middles at frames 2, 5 and 9; boundaries halfway, at 3.5 and 7; the outer characters reach
    # as far outwards as inwards, to 0.5 and 11. One frame is 4 columns, one column 3 px here.
    edges = 10.0 + 3.0 * np.arange(49, dtype=np.float32)
    transcript = transcript_of(hypothesis_of([1, 2, 3], [(1, 3), (5, 5), (8, 10)]), ALPHABET, edges)
    assert transcript.text == "abc"
    assert transcript.characters == (
        Character("a", 10 + 12 * 0.5, 10 + 12 * 3.5, 0.5),
        Character("b", 10 + 12 * 3.5, 10 + 12 * 7, 0.5),
        Character("c", 10 + 12 * 7, 10 + 12 * 11, 0.5),
    )


def test_a_lone_character_and_none() -> None:
    edges = np.arange(41, dtype=np.float32)
    (alone,) = transcript_of(hypothesis_of([1], [(4, 6)]), ALPHABET, edges).characters
    assert (alone.left, alone.right) == (4 * (5 - LONE_REACH), 4 * (5 + LONE_REACH))
    nothing = transcript_of(hypothesis_of([], []), ALPHABET, edges)
    assert (nothing.text, nothing.confidence, nothing.characters) == ("", 0.0, ())


def test_confidence_is_the_probability_that_all_characters_are_right() -> None:
    hypothesis = Hypothesis((1, 2), ((0, 1), (1, 2)), -1.0, (0.25, 0.75))
    transcript = transcript_of([hypothesis], ALPHABET, np.arange(9, dtype=np.float32))
    assert transcript.confidence == 0.25 * 0.75
    assert [character.confidence for character in transcript.characters] == [0.25, 0.75]


def test_other_hypotheses_are_alternatives_with_their_scores() -> None:
    spans = ((0, 1), (1, 2))
    hypotheses = [
        Hypothesis(labels, spans, optical, (0.5, 0.5), language, share)
        for labels, optical, language, share in (
            ((1, 2), -1.0, -3.0, 0.75),
            ((1, 3), -2.0, -2.5, 0.25),
        )
    ]
    transcript = transcript_of(hypotheses, ALPHABET, np.arange(9, dtype=np.float32))
    assert (transcript.text, transcript.alternatives) == ("ab", ("ac",))
    assert transcript.scores == (Score(-1.0, -3.0, 0.75), Score(-2.0, -2.5, 0.25))


@given(st.data(), st.integers(1, 80), st.floats(0.1, 20), st.floats(0, 30))
def test_boxes_are_in_order_without_gaps_inside_the_image(
    data: st.DataObject, columns: int, scale: float, margin: float
) -> None:
    frames = frame_count(columns)
    marks = data.draw(st.lists(st.integers(0, frames), min_size=2, max_size=12, unique=True))
    steps = sorted(marks)
    spans = list(pairwise(steps))[:: data.draw(st.integers(1, 2))]
    width = max(1.0, columns * scale - 2 * margin)
    edges = np.clip(np.arange(columns + 1) * scale - margin, 0, width).astype(np.float32)
    characters = transcript_of(hypothesis_of([1] * len(spans), spans), ALPHABET, edges).characters
    bounds = [characters[0].left, *(character.right for character in characters)]
    assert bounds == sorted(bounds)
    assert edges[0] <= bounds[0]
    assert bounds[-1] <= edges[-1]
    assert [character.left for character in characters] == bounds[:-1]


def test_boxes_stand_on_the_bars_of_the_source_image() -> None:
    transcript = recognizer().recognize(line_image())
    assert transcript.text == "a" * len(BARS)
    assert transcript.confidence == pytest.approx(0.9 ** len(BARS))
    middles = [left + BAR / 2 for left in BARS]
    inner = [(left + right) / 2 for left, right in pairwise(middles)]
    expected = [2 * middles[0] - inner[0], *inner, 2 * middles[-1] - inner[-1]]
    found = [transcript.characters[0].left, *(c.right for c in transcript.characters)]
    np.testing.assert_allclose(found, expected, atol=4)  # px, a frame is about 5


def test_the_models_temperature_makes_confidences_softer_and_nothing_else() -> None:
    plain, softer = (recognizer(t).recognize(line_image()) for t in (1.0, 2.0))
    weights = np.sqrt([0.9, 0.06, 0.02, 0.02])
    assert [c.confidence for c in softer.characters] == pytest.approx(
        [weights[0] / weights.sum()] * len(BARS)
    )
    assert [(c.text, c.left) for c in softer.characters] == [
        (c.text, c.left) for c in plain.characters
    ]


def test_a_beam_reads_the_same_and_gives_alternatives() -> None:
    greedy, beam = recognizer(), recognizer(alternatives=3)
    first, second = greedy.recognize(line_image()), beam.recognize(line_image())
    assert (first.text, first.alternatives, len(first.scores)) == (second.text, (), 1)
    np.testing.assert_allclose(
        [(c.left, c.right, c.confidence) for c in second.characters],
        [(c.left, c.right, c.confidence) for c in first.characters],
        rtol=1e-5,
    )
    assert len(set(second.alternatives) - {second.text}) == 3
    optical = [score.optical for score in second.scores]
    assert optical == sorted(optical, reverse=True)
    assert optical[0] > first.scores[0].optical  # all paths of the text, not one


def test_a_broken_image_among_many_has_its_error_in_its_place(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    model = recognizer()
    sources = [line_image(BARS[:1]), broken, line_image(BARS[:3]), tmp_path / "missing.png"]
    first, second, third, fourth = model.recognize_many(sources)
    assert isinstance(second, ImageError)
    assert isinstance(fourth, ImageError)
    assert not isinstance(first, ImageError)
    assert not isinstance(third, ImageError)
    assert (first.text, third.text) == ("a", "aaa")
    assert model.engine.calls == [2]  # type: ignore[attr-defined]
    with pytest.raises(ImageError, match="broken"):
        model.recognize(broken)


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_lines_shared_by_threads_are_read_in_their_order(tmp_path: Path, threads: int) -> None:
    sources = [line_image(BARS[:count]) for count in (1, 3, 2, 4, 1, 2)]
    missing = tmp_path / "missing.png"
    model = recognizer(threads=threads)
    *read, error, last = model.recognize_many([*sources, missing, sources[0]])
    assert [*read, last] == recognizer().recognize_many([*sources, sources[0]])
    assert isinstance(error, ImageError)
    assert sum(model.engine.calls) == 7  # type: ignore[attr-defined]
    assert len(model.engine.calls) == threads  # type: ignore[attr-defined]


def test_few_of_many_lines_are_in_memory_at_once() -> None:
    model = recognizer(threads=2)
    sources = [line_image(BARS[: 1 + number % 4]) for number in range(2 * AT_ONCE + 7)]
    assert model.recognize_many(sources) == recognizer().recognize_many(sources)
    assert max(model.engine.calls) == AT_ONCE  # type: ignore[attr-defined]


def test_nothing_usable_among_many(tmp_path: Path) -> None:
    assert recognizer().recognize_many([]) == []
    (only,) = recognizer().recognize_many([tmp_path / "missing.png"])
    assert isinstance(only, ImageError)


@pytest.mark.parametrize("shade", [255, 200, 0])
@pytest.mark.parametrize("shape", [(60, 300), (1, 1)])
def test_a_blank_image_reads_as_nothing(shade: int, shape: tuple[int, int]) -> None:
    transcript = recognizer().recognize(np.full(shape, shade, np.uint8))
    assert (transcript.text, transcript.confidence, transcript.characters) == ("", 0.0, ())


def test_a_model_file_is_loaded_with_its_own_alphabet_and_id(tmp_path: Path) -> None:
    from ocr.network.modelfile import save_model
    from ocr.network.modelheader import model_id
    from ocr.network.recognizer import RecognizerNetwork

    path = tmp_path / "m.safetensors"
    sizes = NetworkOptions(convolutions="1,1,1,1", layers=1, hidden=2)
    spec = ModelSpec("xyz", PreprocessingOptions(height=16), sizes)
    save_model(path, RecognizerNetwork(spec.preprocessing, sizes, 4), spec)
    model = load_model(path)
    assert (model.spec, model.model_id) == (spec, model_id(path))
    assert set(model.recognize(line_image()).text) <= set("xyz")
    with pytest.raises(ModelError, match="there is no model"):
        load_model(tmp_path / "other.safetensors")


def test_torch_is_loaded_only_with_a_model() -> None:
    program = "import sys, ocr.recognition; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def page_of_bars(folder: Path, slope: float = 0.0) -> Page:
    """A page with two lines of bars; the second climbs by ``slope`` and is drawn so."""
    ink = np.zeros((400, 400), np.float32)
    ink[20:80, 50:350] = 1 - line_image() / 255
    lines = [Line("l1", ((50, 20), (350, 20), (350, 80), (50, 80)), ((50, 65), (350, 65)))]
    angle = float(np.arctan(slope))
    cos, sin = np.cos(angle), np.sin(angle)
    corners = ((0, 0), (300, 0), (300, 60), (0, 60))
    outline = tuple((60 + x * cos - y * sin, 150 + x * sin + y * cos) for x, y in corners)
    matrix = np.array([[cos, -sin, 60], [sin, cos, 150]])
    slanted = cv2.warpAffine(1 - line_image() / np.float32(255), matrix, (400, 400))
    lines.append(Line("l2", outline, (outline[3], outline[2])))
    Image.fromarray(np.uint8(255 * (1 - np.maximum(ink, slanted)))).save(folder / "p.png")
    return Page("p", folder / "p.png", 400, 400, tuple(lines))


@pytest.mark.parametrize("slope", [0.0, 0.3, -0.2])
def test_the_lines_of_a_page_are_read_where_they_are(tmp_path: Path, slope: float) -> None:
    page = page_of_bars(tmp_path, slope)
    transcript = recognizer().recognize_page(page)
    assert transcript.page is page
    assert transcript.model_id == "0123456789ab"
    for line, reading in zip(page.lines, transcript.transcripts, strict=True):
        assert reading.text == "aaaa"
        frame = frame_of(line)
        for character, bar in zip(reading.characters, BARS, strict=True):
            assert character.left - 3 <= bar
            assert character.right + 3 >= bar + BAR
        (word,) = words_of(line, reading)
        first, last = frame.from_page(word.polygon[0]), frame.from_page(word.polygon[2])
        assert (first[0], last[0]) == pytest.approx(
            (reading.characters[0].left, reading.characters[-1].right)
        )


def test_a_page_of_another_size_is_refused(tmp_path: Path) -> None:
    page = page_of_bars(tmp_path)
    with pytest.raises(ImageError, match="400 x 400 pixels, but its lines"):
        recognizer().recognize_page(replace(page, width=800))


def test_a_page_without_lines_has_no_transcripts(tmp_path: Path) -> None:
    page = replace(page_of_bars(tmp_path), lines=())
    assert recognizer().recognize_page(page).transcripts == ()


def scan_of_bars(path: Path) -> Path:
    """A page of four lines of bars, as thin and close as strokes, its lines not given."""
    image = np.full((540, 520), 255, np.uint8)
    for top in range(90, 410, 80):
        for left in range(80, 440, 15):
            image[top : top + 20, left : left + 4] = 0
    Image.fromarray(image).save(path)
    return path


@pytest.mark.parametrize("threads", [1, 3])
def test_lines_pages_and_broken_files_are_read_together(tmp_path: Path, threads: int) -> None:
    page, line, broken = scan_of_bars(tmp_path / "p.png"), tmp_path / "l.png", tmp_path / "b.png"
    Image.fromarray(line_image()).save(line)
    broken.write_bytes(b"")
    model = recognizer(threads=threads)
    first, second, third, fourth = model.read_many(
        [page, line, broken, page.read_bytes()], ReadingOptions()
    )
    assert isinstance(first, PageTranscript)
    assert first.page.image == page
    assert (first.page.width, first.page.height) == (520, 540)
    assert len(first.transcripts) == 4
    assert all(set(reading.text) == {"a"} for reading in first.transcripts)
    assert second == model.recognize(line)
    assert isinstance(third, ImageError)
    assert isinstance(fourth, PageTranscript)
    assert fourth.page.image == Path("-")
    assert fourth.transcripts == first.transcripts == model.recognize_page(page).transcripts


@pytest.mark.parametrize(("kind", "result"), [("line", Transcript), ("page", PageTranscript)])
def test_what_an_image_shows_can_be_told(tmp_path: Path, kind: str, result: type) -> None:
    Image.fromarray(line_image()).save(tmp_path / "l.png")
    sources = [scan_of_bars(tmp_path / "p.png"), tmp_path / "l.png"]
    for read in recognizer().read_many(sources, ReadingOptions(input=kind)):
        assert isinstance(read, result)


def test_a_page_of_several_is_read_by_its_index(tmp_path: Path) -> None:
    bars = Image.open(scan_of_bars(tmp_path / "p.png"))
    Image.new("L", bars.size, 255).save(tmp_path / "p.tif", save_all=True, append_images=[bars])
    assert recognizer().recognize_page(tmp_path / "p.tif").page.lines == ()
    second = recognizer().recognize_page(str(tmp_path / "p.tif"), 1)
    (alone,) = recognizer().read_many([str(tmp_path / "p.png")], ReadingOptions("page"))
    assert isinstance(alone, PageTranscript)
    assert (second.page.index, second.page.lines) == (1, alone.page.lines)
    assert alone.page.image == tmp_path / "p.png"


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (600, 600)])
def test_a_page_with_nothing_on_it_has_no_lines(tmp_path: Path, shape: tuple[int, int]) -> None:
    Image.fromarray(np.full(shape, 255, np.uint8)).save(tmp_path / "p.png")
    assert recognizer().recognize_page(tmp_path / "p.png").page.lines == ()
