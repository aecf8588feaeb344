"""Pages as training data: their lines are samples, cut from the page's image."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ocr.errors import PageFileError, UsageError
from ocr.formats import WRITERS
from ocr.options import PreprocessingOptions, TrainingOptions
from ocr.preprocessing import lines as lines_module
from ocr.preprocessing.crop import crop_line
from ocr.preprocessing.image import load_image
from ocr.preprocessing.normalize import normalize_line
from ocr.training.data.dataset import Dataset, read_samples
from ocr.training.data.problems import sample_name
from ocr.training.data.split import page_of
from ocr.training.prepare import Recipe, prepare
from ocr.training.store import build_store
from ocr.types import Line, Page, PageTranscript, Transcript

OPTIONS = PreprocessingOptions(height=32)
TEXTS = ("one line", "another  line", "the e\u0301nd")


def page(image: Path, *texts: str) -> PageTranscript:
    """Lines below one another on a page of 300 x 200 pixels."""
    lines = []
    for top in range(10, 10 + 50 * len(texts), 50):
        polygon = ((10.0, top), (250.0, top), (250.0, top + 40.0), (10.0, top + 40.0))
        lines.append(Line(f"l{top}", polygon, ((10.0, top + 30.0), (250.0, top + 30.0))))
    readings = tuple(Transcript(text, 1.0) for text in texts)
    return PageTranscript(Page("p", image, 300, 200, tuple(lines)), readings, "")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name: str, transcript: PageTranscript | None = None, kind: str = "pagexml") -> Path:
    """Draw the page's image and write its file; the page of TEXTS unless another is given."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    transcript = transcript or page(path.with_suffix(".png"), *TEXTS)
    image = Image.new("L", (300, 200), 255)
    for line, reading in zip(transcript.page.lines, transcript.transcripts, strict=True):
        ImageDraw.Draw(image).text(line.polygon[0], reading.text, fill=0, font_size=24)
    image.save(path.parent / transcript.page.image.name)
    return put_file(name, transcript, kind)


def put_file(name: str, transcript: PageTranscript, kind: str = "pagexml") -> Path:
    path = Path(name)
    written = WRITERS[kind](transcript)
    path.write_bytes(written if isinstance(written, bytes) else written.encode())
    return path


def lines_of(dataset: Dataset) -> list[tuple[str, str]]:
    assert dataset.problems == ()
    return [(sample.id, sample.text) for sample in dataset.samples]


@pytest.mark.parametrize(
    ("name", "kind"), [("d/p.xml", "pagexml"), ("d/p.xml", "alto"), ("d/p.json", "json")]
)
def test_the_lines_of_a_page_are_samples(here: Path, name: str, kind: str) -> None:
    put(name, kind=kind)
    dataset = read_samples([name])
    normal = ["one line", "another line", "the \u00e9nd"]
    assert lines_of(dataset) == list(zip(["p#l10", "p#l60", "p#l110"], normal, strict=True))
    expected = page(Path("p.png"), *TEXTS).page.lines
    for sample, line in zip(dataset.samples, expected, strict=True):
        assert (sample.image, sample.index) == (Path("d/p.png"), 0)
        assert sample.line is not None
        assert (sample.line.polygon, sample.line.baseline) == (line.polygon, line.baseline)
        assert page_of(sample) == "d/p"
    assert dataset.sources == ((name, 3),)


def test_the_pages_of_one_file_are_told_apart(here: Path) -> None:
    first, second = (Image.new("L", (300, 200), 255) for _ in range(2))
    first.save("book.tif", save_all=True, append_images=[second])
    for index in (0, 1):
        read = page(Path("book.tif"), "a line", "short")
        put_file(f"b{index}.xml", replace(read, page=replace(read.page, index=index)))
    samples = read_samples(["b0.xml", "b1.xml"]).samples
    assert [sample.id for sample in samples] == [
        "book#l10", "book#l60", "book#page=2#l10", "book#page=2#l60"
    ]  # fmt: skip
    assert [page_of(sample) for sample in samples] == ["/book"] * 2 + ["/book#page=2"] * 2
    assert sample_name(samples[3]) == "book.tif#page=2#l60"
    training = TrainingOptions(batch_size=1, validation_lines=9)
    run, _ = prepare(["b0.xml"], here / "m", Recipe(training=training), ["b1.xml"])
    assert (len(run.train), len(run.validation)) == (2, 2)


def test_pages_beside_pairs_and_by_pattern(here: Path) -> None:
    put("d/a.xml")
    put("d/b.xml")
    Path("d/x.gt.txt").write_text("pair", encoding="utf-8")
    Image.new("L", (9, 9)).save("d/x.png")
    assert len(lines_of(read_samples(["d/*.xml"]))) == 6
    names = [name for name, _ in lines_of(read_samples(["d/x.png", "d/b.xml"]))]
    assert names == ["x", "b#l10", "b#l60", "b#l110"]


def test_the_same_line_of_two_files_counts_once(here: Path) -> None:
    put("p.xml")
    other = page(Path("p.png"), "one line", "another word", "the e\u0301nd")
    put("p.alto.xml", other, "alto")
    dataset = read_samples(["p.xml", "p.alto.xml"])
    assert len(dataset.samples) == 3
    (problem,) = dataset.problems
    assert (problem.id, problem.reason) == (
        "p.alto.xml#l60",
        "p.png already has another text, in p.xml#l60",
    )


def test_what_keeps_a_line_out(here: Path) -> None:
    transcript = page(Path("p.png"), "good", " ", "flat")
    flat = replace(transcript.page.lines[2], polygon=((9.0, 9.0), (20.0, 9.0), (30.0, 9.0)))
    lines = (*transcript.page.lines[:2], flat)
    put("p.xml", replace(transcript, page=replace(transcript.page, lines=lines)))
    dataset = read_samples(["p.xml"])
    assert [sample.text for sample in dataset.samples] == ["good"]
    assert [(problem.id, problem.reason) for problem in dataset.problems] == [
        ("p.xml#l60", "it has no transcription"),
        ("p.xml#l110", "its outline encloses nothing on the page"),
    ]
    assert all(problem.fix for problem in dataset.problems)


def test_what_keeps_a_page_out(here: Path) -> None:
    put("gone.xml")
    Path("gone.png").unlink()
    put("small.xml")
    Image.new("L", (150, 100)).save("small.png")
    put("bare.xml", page(Path("bare.png")))
    Path("doctype.xml").write_text("<!DOCTYPE a><PcGts >", encoding="utf-8")
    dataset = read_samples(["gone.xml", "small.xml", "bare.xml", "*type.xml"])
    assert dataset.samples == ()
    assert [(problem.id, problem.reason.split(",")[0]) for problem in dataset.problems] == [
        ("gone.xml", "gone.png does not exist"),
        ("small.xml", "small.png has 150 x 100 pixels"),
        ("bare.xml", "the page has no lines"),
        ("doctype.xml", "doctype.xml has a DOCTYPE"),
    ]
    with pytest.raises(PageFileError, match="has a DOCTYPE"):
        read_samples(["doctype.xml"])


def test_a_folder_of_pages_says_how_to_name_them(here: Path) -> None:
    put("d/p.xml")
    with pytest.raises(UsageError, match=r"no pairs .* if these are pages: d/\*\.xml"):
        read_samples(["d"])


def test_training_sees_the_crop(here: Path) -> None:
    samples = read_samples([str(put("p.xml"))]).samples
    store, problems = build_store(here / "run", samples, OPTIONS)
    assert problems == []
    for index, sample in enumerate(samples):
        assert sample.line is not None
        expected = normalize_line(crop_line(load_image(sample.image), sample.line), OPTIONS).values
        assert np.abs(store.image(index) - expected).max() <= 0.5 / 255 + 1e-6
        assert expected.max() > 0.5


def test_a_page_is_opened_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []

    def watched(path: Path, index: int) -> object:
        opened.append(path)
        return load_image(path)

    monkeypatch.setattr(lines_module, "load_page", watched)
    samples = read_samples([str(put("p.xml")), str(put("q.xml"))]).samples
    build_store(here / "run", samples, OPTIONS)
    assert sorted(opened) == [Path("p.png"), Path("q.png")]


def test_the_store_is_made_anew_when_an_outline_has_changed(here: Path) -> None:
    samples = read_samples([str(put("p.xml"))]).samples
    before, _ = build_store(here / "run", samples, OPTIONS)
    first = samples[0]
    assert first.line is not None
    shorter = replace(first.line, polygon=((10.0, 10.0), (80.0, 10.0), (80.0, 50.0), (10.0, 50.0)))
    after, _ = build_store(here / "run", [replace(first, line=shorter), *samples[1:]], OPTIONS)
    assert after.widths[0] < before.widths[0]
    assert after.widths[1:].tolist() == before.widths[1:].tolist()


def test_a_line_that_cannot_be_cut_is_named(here: Path) -> None:
    samples = read_samples([str(put("p.xml"))]).samples
    first = samples[0]
    assert first.line is not None
    away = replace(first.line, polygon=tuple((x + 900, y) for x, y in first.line.polygon))
    narrow = replace(samples[1], text="too long for its image " * 20)
    _, problems = build_store(here / "run", [replace(first, line=away), narrow], OPTIONS)
    assert [problem.id for problem in problems] == ["p.png#l10", "p.png#l60"]
    assert "lies outside its page" in problems[0].reason
