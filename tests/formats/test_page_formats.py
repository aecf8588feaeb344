"""read(write(page)) = page, as far as each format holds a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pageexamples import HEIGHT, SCORES, WIDTH, pages, read_page, spelled

from ocr.formats import READERS, SUFFIXES, WRITERS
from ocr.formats.pagefile import SIGNS
from ocr.geometry import bounds
from ocr.types import Alternative, PageTranscript, Transcript, Word

FILE = Path("nowhere/a.xml")  # the image is not there, so it stays as it is named
ANY_TEXT = st.text(max_size=20)  # control characters and lone surrogates too


def through(kind: str, page: PageTranscript) -> PageTranscript:
    """What comes back from a format."""
    written = WRITERS[kind](page)
    data = written if isinstance(written, bytes) else written.encode()
    assert [name for name, sign in SIGNS.items() if sign.search(data)] == [kind]
    loaded = READERS[kind](data, FILE)
    assert loaded.problems == ()
    return loaded.transcript


def beside(page: PageTranscript) -> PageTranscript:
    """The page with its image beside the file that is read."""
    return replace(page, page=replace(page.page, image=FILE.parent / page.page.image))


def mean(reading: Transcript) -> float:
    """The confidence that ALTO has of a line: that of its characters, by way of its words."""
    confidences = [word.confidence for word in reading.words for _ in word.text]
    return sum(confidences) / len(confidences) if confidences else reading.confidence


def words_without_doubts(reading: Transcript) -> tuple[Word, ...]:
    """The words, nothing said of how probable their alternatives are."""
    return tuple(
        replace(word, alternatives=tuple(Alternative(other.text) for other in word.alternatives))
        for word in reading.words
    )


def changed(page: PageTranscript, **changes: Callable[[Transcript], object]) -> PageTranscript:
    """The page with each reading's fields made anew."""
    readings = (
        replace(reading, **{field: change(reading) for field, change in changes.items()})
        for reading in page.transcripts
    )
    return replace(page, transcripts=tuple(readings))


@settings(max_examples=60)
@given(pages())
def test_page_xml(page: PageTranscript) -> None:
    assert through("pagexml", page) == beside(page)


@settings(max_examples=60)
@given(pages(ANY_TEXT), st.data())
def test_json(page: PageTranscript, data: st.DataObject) -> None:
    """Everything; the other formats know no scores."""
    page = changed(
        page, scores=lambda r: tuple(data.draw(SCORES) for _ in range(1 + len(r.alternatives)))
    )
    assert through("json", page) == beside(page)


@settings(max_examples=60)
@given(pages())
def test_alto(page: PageTranscript) -> None:
    """All but the confidences of lines and of alternatives."""
    back = through("alto", page)
    bare = changed(page, confidence=lambda _: 0, words=words_without_doubts)
    assert changed(back, confidence=lambda _: 0) == beside(bare)
    for reading, expected in zip(back.transcripts, page.transcripts, strict=True):
        assert reading.confidence == pytest.approx(mean(expected), abs=1e-9)


@settings(max_examples=60)
@given(pages())
def test_hocr(page: PageTranscript) -> None:
    """All but the options, any alternatives, the bends of baselines, and spaces beside spaces."""
    back = through("hocr", page)
    flat = changed(
        replace(page, options={}),
        text=lambda reading: re.sub(" +", " ", reading.text).strip(" "),
        alternatives=lambda _: (),
        words=lambda reading: tuple(replace(word, alternatives=()) for word in reading.words),
    )
    lines = tuple(
        replace(line, baseline=(), text=reading.text or None)
        for line, reading in zip(page.page.lines, flat.transcripts, strict=True)
    )
    expected = beside(replace(flat, page=replace(flat.page, lines=lines)))
    level = tuple(replace(line, baseline=()) for line in back.page.lines)
    assert replace(back, page=replace(back.page, lines=level)) == expected


@settings(max_examples=30)
@given(pages())
def test_no_line_of_hocr_ends_where_it_begins(page: PageTranscript) -> None:
    """Browsers read such a span as one that goes on to the end of its block."""
    written = WRITERS["hocr"](page)
    assert isinstance(written, bytes)
    assert not re.search(rb"<(span|p|title)[^>]*/>", written)


def test_the_straight_baseline_of_hocr() -> None:
    """Against numpy's fit; what does not run to the right has the side of its box."""
    page = read_page()
    bent = ((100.0, 70.0), (150.0, 74.0), (300.0, 79.0))
    steep = ((118.0, 336.0), (120.0, 236.0))
    lines = page.page.lines
    lines = (replace(lines[0], baseline=bent), lines[1], replace(lines[2], baseline=steep))
    back = through("hocr", replace(page, page=replace(page.page, lines=lines)))
    slope, offset = np.polyfit(*np.array(bent).T, 1)
    expected = [(x, slope * x + offset) for x in (100, 300)]
    assert np.array(back.page.lines[0].baseline) == pytest.approx(np.array(expected), abs=0.1)
    assert back.page.lines[1].baseline == lines[1].baseline
    left, top, right, bottom = bounds(lines[2].polygon)
    assert back.page.lines[2].baseline == ((right, bottom), (right, top))
    for turned, expected_ends in (
        (steep[::-1], ((left, top), (left, bottom))),
        (((300.0, 340.0), (120.0, 341.0)), ((right, top), (left, top))),
        (steep[:1], ()),
    ):
        others = (*lines[:2], replace(lines[2], baseline=turned))
        back = through("hocr", replace(page, page=replace(page.page, lines=others)))
        assert back.page.lines[2].baseline == expected_ends


@settings(max_examples=40)
@given(pages(ANY_TEXT), st.sampled_from(["pagexml", "alto"]))
def test_what_xml_cannot_hold_is_replaced(page: PageTranscript, kind: str) -> None:
    """Control characters and the like: XML 1.0, section 2.2; and carriage returns."""
    back = through(kind, page)
    for reading, written in zip(back.transcripts, page.transcripts, strict=True):
        expected = [c if allowed(ord(c)) else "\ufffd" for c in written.text]
        assert reading.text == "".join(expected)


def allowed(code: int) -> bool:
    """The production Char, but for carriage return."""
    ranges = ((0x20, 0xD7FF), (0xE000, 0xFFFD), (0x10000, 0x10FFFF))
    return code in (9, 10) or any(first <= code <= last for first, last in ranges)


@pytest.mark.parametrize("kind", ["pagexml", "alto", "hocr"])
def test_words_from_characters(kind: str) -> None:
    """A space is a character of its own; the slanted line's words lie along it."""
    back = through(kind, read_page())
    first, empty, slanted = back.transcripts
    assert [word.text for word in first.words] == ["Go", "home"]
    assert [word.polygon[0] for word in first.words] == [(110, 50), (150, 50)]
    assert [word.polygon[2] for word in first.words] == [(130, 80), (190, 80)]
    assert [word.confidence for word in first.words] == [0.5**2, 0.5**4]  # all right at once
    assert empty.words == ()
    assert [word.text for word in slanted.words] == ["up", "&", "on"]
    left, right = slanted.words[0].polygon[0], slanted.words[-1].polygon[0]
    assert left[0] < right[0]
    assert left[1] > right[1]


@pytest.mark.parametrize("kind", ["pagexml", "alto", "hocr", "json"])
def test_ids_that_xml_does_not_allow(kind: str) -> None:
    page = read_page()
    names = ("1st line", "1st line", "\u00fc:x")
    pairs = zip(page.page.lines, names, strict=True)
    lines = tuple(replace(line, id=name, region="") for line, name in pairs)
    back = through(kind, replace(page, page=replace(page.page, id="p 1", lines=lines))).page
    if kind == "json":
        assert [line.id for line in back.lines] == list(names)
        return
    assert [line.id for line in back.lines] == ["_1st_line", "_1st_line_2", "__x"]
    assert back.id == "p_1"
    assert len({line.region for line in back.lines}) == 1


def test_a_region_that_is_left_and_entered_again() -> None:
    page = read_page()
    regions = ("r1", "r2", "r1")
    pairs = zip(page.page.lines, regions, strict=True)
    lines = tuple(replace(line, region=region) for line, region in pairs)
    back = through("pagexml", replace(page, page=replace(page.page, lines=lines))).page
    assert [line.id for line in back.lines] == ["l1", "l2", "l3"]
    assert [line.region for line in back.lines] == ["r1", "r2", "r1_2"]


def test_words_that_do_not_spell_the_text_give_way_to_it() -> None:
    page = read_page()
    odd = tuple(replace(r, characters=spelled("other")) for r in page.transcripts)
    for kind in ("alto", "hocr"):
        back = through(kind, replace(page, transcripts=odd))
        spaces = kind == "hocr"
        texts = [re.sub(" +", " ", r.text) if spaces else r.text for r in page.transcripts]
        assert [reading.text for reading in back.transcripts] == texts
        assert all(reading.words == () for reading in back.transcripts)


def test_text_is_one_row_per_line() -> None:
    page = read_page()
    assert WRITERS["txt"](page) == "Go  home\n\nup & on\n"
    broken = changed(page, text=lambda reading: f"a\n{reading.text}\tb\u2028c")
    assert WRITERS["txt"](broken) == "a Go  home b c\na  b c\na up & on b c\n"


def test_the_table_of_a_page() -> None:
    written = WRITERS["tsv"](read_page())
    assert isinstance(written, str)
    header, *rows = [row.split("\t") for row in written.splitlines()]
    assert " ".join(header) == (
        "level page_num block_num par_num line_num word_num left top width height conf text"
    )
    assert rows[:6] == [
        ["1", "1", "0", "0", "0", "0", "0", "0", str(WIDTH), str(HEIGHT), "-1", ""],
        ["2", "1", "1", "0", "0", "0", "100", "50", "200", "70", "-1", ""],
        ["3", "1", "1", "1", "0", "0", "100", "50", "200", "70", "-1", ""],
        ["4", "1", "1", "1", "1", "0", "100", "50", "200", "30", "-1", ""],
        ["5", "1", "1", "1", "1", "1", "110", "50", "20", "30", "25.0", "Go"],
        ["5", "1", "1", "1", "1", "2", "150", "50", "40", "30", "6.25", "home"],
    ]
    assert [row[:6] for row in rows[6:]] == [
        ["4", "1", "1", "1", "2", "0"],
        ["2", "1", "2", "0", "0", "0"],
        ["3", "1", "2", "1", "0", "0"],
        ["4", "1", "2", "1", "1", "0"],
        *(["5", "1", "2", "1", "1", str(number)] for number in (1, 2, 3)),
    ]


@settings(max_examples=30)
@given(pages(ANY_TEXT))
def test_no_text_can_break_the_table(page: PageTranscript) -> None:
    written = WRITERS["tsv"](page)
    assert isinstance(written, str)
    assert {row.count("\t") for row in written.rstrip("\n").split("\n")} == {11}
    assert len(written.splitlines()) == written.count("\n")


def test_every_format_has_a_suffix_of_its_own() -> None:
    assert list(SUFFIXES) == list(WRITERS)
    assert len(set(SUFFIXES.values())) == len(WRITERS)
    assert set(READERS) <= set(WRITERS)
    assert list(SIGNS) == ["json", "pagexml", "alto", "hocr"]


@pytest.mark.parametrize("kind", READERS)
def test_what_is_written_is_the_same_every_time(kind: str) -> None:
    assert WRITERS[kind](read_page()) == WRITERS[kind](read_page())
