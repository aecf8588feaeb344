"""Which of its own readings a model learns from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from ocr.errors import ImageError
from ocr.recognition import Recognizer
from ocr.training.selftraining import SHARE, own_readings
from ocr.types import Character, Line, Page, PageTranscript, Transcript

Result = Transcript | PageTranscript | ImageError


def transcript(text: str, *confidences: float) -> Transcript:
    """Of so many characters as there are confidences, or all of the one."""
    each = confidences if len(confidences) == len(text) else confidences * len(text)
    characters = zip(text, each, strict=True)
    return Transcript(text, 0.5, tuple(Character(c, 0.0, 1.0, value) for c, value in characters))


def page_of_two(image: Path) -> PageTranscript:
    """The third page of a file, with two lines."""
    corners = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))
    lines = tuple(Line(name, corners, ()) for name in ("l1", "l2"))
    page = Page("p", image, 100, 100, lines, index=2)
    return PageTranscript(page, (transcript("upper", 0.9), transcript("lower", 0.5)), "m")


class Reader:
    """What is found on images of these names."""

    def __init__(self, found: dict[str, Result]) -> None:
        self.found, self.asked = found, 0

    def read_many(self, sources: Sequence[Path], options: Any) -> list[Result]:
        self.asked += len(sources)
        return [self.found[source.name] for source in sources]


def read(reader: Reader, count: int = 99) -> tuple[list[str], int]:
    images = [Path(name) for name in reader.found]
    samples, lines = own_readings(cast(Recognizer, reader), images, count, lambda done, total: None)
    assert len({sample.id for sample in samples}) == len(samples)
    return [sample.text for sample in samples], lines


def test_the_surest_come_first_and_the_others_are_left() -> None:
    texts = [f"line {number}" for number in range(10)]
    found: dict[str, Result] = {
        f"{text}.png": transcript(text, 0.05 + 0.09 * number) for number, text in enumerate(texts)
    }
    assert read(Reader(found)) == (texts[:-7:-1], 10)
    assert round(10 * SHARE) == 6


def test_sureness_is_of_a_character_however_long_the_line() -> None:
    found: dict[str, Result] = {
        "long": transcript("a long line that is sure", 0.9),
        "short": transcript("short", 0.8),
        "doubt": transcript("doubt", 1.0, 1.0, 1.0, 1.0, 0.01),
    }
    assert read(Reader(found)) == (["a long line that is sure", "short"], 3)


def test_what_is_short_empty_or_cannot_be_read_is_left_out() -> None:
    found: dict[str, Result] = {
        "a": transcript("abc", 1.0),
        "b": transcript(""),
        "c": ImageError("torn"),
        "d": transcript("abcd", 0.1),
    }
    assert read(Reader(found)) == (["abcd"], 3)


def test_lines_of_pages_keep_their_place(tmp_path: Path) -> None:
    found = page_of_two(tmp_path / "p.tif")
    reader = cast(Recognizer, Reader({"p.tif": found}))
    (sample,), count = own_readings(reader, [tmp_path / "p.tif"], 9, lambda done, total: None)
    assert (sample.text, sample.line, sample.index, count) == ("upper", found.page.lines[0], 2, 2)
    assert sample.image == tmp_path / "p.tif"


@pytest.mark.parametrize("count", [1, 20])
def test_no_more_is_read_than_asked_for_and_always_the_same(count: int) -> None:
    found: dict[str, Result] = {f"{n:03d}": transcript(f"line {n}", 0.5) for n in range(100)}
    reader = Reader(found)
    texts, lines = read(reader, count)
    assert lines == count
    assert reader.asked <= count + 16
    assert read(Reader(found), count)[0] == texts
    if count > 1:
        assert any(int(text.split()[1]) >= 40 for text in texts), "from all over the images"


@pytest.mark.parametrize(("count", "end"), [(99, (6, 6)), (4, (4, 4))])
def test_progress_ends_with_the_images_or_the_lines_asked_for(
    tmp_path: Path, count: int, end: tuple[int, int]
) -> None:
    images = [tmp_path / name for name in ("p.tif", "q.tif", "r.tif")]
    reader = cast(Recognizer, Reader({image.name: page_of_two(image) for image in images}))
    told: list[tuple[int, int]] = []
    own_readings(reader, images, count, lambda *step: told.append(step))
    assert [done for done, _ in told] == list(range(1, end[0] + 1))
    assert told[-1] == end
    assert all(done <= total for done, total in told)
