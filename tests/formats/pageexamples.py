"""Pages for the tests of formats: random ones, and one written out."""

from __future__ import annotations

import string
from pathlib import Path

from hypothesis import strategies as st

from ocr.types import (
    Alternative,
    Character,
    Line,
    Page,
    PageTranscript,
    Point,
    Score,
    Transcript,
    Word,
)

WIDTH, HEIGHT = 900, 700

SPECIAL = (
    "", " ", "  ", " a", "b  c ", "&<>\"'", "]]>", "&amp;", "\u00a0", "\u2028",
    "\U0001d510\U0001f600", "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd", "e\u0301\u0323",
    "\u202ea\u202c", "\ufb01\u017f", "--", "%22", "a;b",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(SPECIAL),
    st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=20),
)
LETTERS = string.ascii_letters
IDS = st.builds(
    str.__add__,
    st.sampled_from(LETTERS + "_"),
    st.text(st.sampled_from(LETTERS + string.digits + "_.-"), max_size=6),
)
CONFIDENCES = st.integers(0, 10_000).map(lambda number: number / 10_000)
PIXELS = st.tuples(st.integers(0, WIDTH).map(float), st.integers(0, HEIGHT).map(float))


def rectangle(left: float, top: float, right: float, bottom: float) -> tuple[Point, ...]:
    return (left, top), (right, top), (right, bottom), (left, bottom)


@st.composite
def outlines(draw: st.DrawFn) -> tuple[tuple[Point, ...], tuple[Point, ...]]:
    """A polygon that encloses something, and a baseline, on whole pixels."""
    left, top = draw(st.integers(0, 400)), draw(st.integers(0, 400))
    width, height = draw(st.integers(2, 400)), draw(st.integers(2, 200))
    polygon = list(rectangle(left, top, left + width, top + height))
    polygon += draw(st.lists(st.just((float(left), float(top))), max_size=1))
    points = tuple((float(x), float(y)) for x, y in polygon)
    baseline = draw(st.sampled_from(["none", "level", "bent"]))
    ends = (float(left), float(top + 1)), (float(left + width), float(top + 1))
    if baseline == "none":
        return points, ()
    return points, ends if baseline == "level" else (ends[0], draw(PIXELS), ends[1])


ALTERNATIVES = st.lists(st.builds(Alternative, TEXTS, st.none() | CONFIDENCES), max_size=2)
NUMBERS = st.integers(-99_000, 0).map(lambda number: number / 1000)
SCORES = st.builds(Score, NUMBERS, NUMBERS, CONFIDENCES)


@st.composite
def boxed_words(draw: st.DrawFn, text: str) -> tuple[Word, ...]:
    """A box on the page for every word of the text."""
    corner, confidence = st.tuples(st.integers(0, 400), st.integers(0, 300)), CONFIDENCES
    words = []
    for part in filter(None, text.split(" ")):
        left, top = draw(corner)
        box = rectangle(float(left), float(top), left + 30.0, top + 20.0)
        words.append(Word(part, box, draw(confidence), tuple(draw(ALTERNATIVES))))
    return tuple(words)


@st.composite
def transcripts(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> Transcript:
    """A reading without characters; with words or without."""
    text = draw(texts)
    words = draw(boxed_words(text)) if draw(st.booleans()) else ()
    others = tuple(draw(st.lists(texts, max_size=2)))
    return Transcript(text, draw(CONFIDENCES), (), others, words)


@st.composite
def pages(draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS) -> PageTranscript:
    """A page with valid, unique ids whose lines stand in regions."""
    names = draw(st.lists(IDS, min_size=1, max_size=6, unique=True))
    region, lines, readings = "region0", [], []
    for number, name in enumerate(names[1:]):
        if draw(st.booleans()):
            region = f"region{number}"
        polygon, baseline = draw(outlines())
        reading = draw(transcripts(texts))
        lines.append(Line(name, polygon, baseline, reading.text or None, region))
        readings.append(reading)
    index = draw(st.sampled_from([0, 0, 2]))
    page = Page(names[0], Path("a b.tif"), WIDTH, HEIGHT, tuple(lines), index)
    options = draw(st.sampled_from([{}, {"beam": 3, "lexicon": "a<b>"}]))
    model = draw(st.sampled_from(["", "0123456789ab"]))
    return PageTranscript(page, tuple(readings), model, options)


def spelled(text: str, left: float = 0.0, step: float = 10.0) -> tuple[Character, ...]:
    """The characters of a text, each ``step`` pixels wide."""
    edges = [left + step * number for number in range(len(text) + 1)]
    pairs = zip(text, edges, edges[1:], strict=False)
    return tuple(Character(letter, start, end, 0.5) for letter, start, end in pairs)


def read_page() -> PageTranscript:
    """A page that was read: two level lines, one of them twice, and a line that climbs."""
    level = Line("l1", rectangle(100, 50, 300, 80), ((100, 75), (300, 75)), None, "r1")
    second = Line("l2", rectangle(100, 90, 300, 120), ((100, 115), (300, 115)), None, "r1")
    slanted = Line(
        "l3", ((100, 300), (300, 200), (320, 240), (120, 340)), ((118, 336), (318, 236)), None, "r2"
    )
    readings = (
        Transcript("Go  home", 0.75, spelled("Go  home", 10)),
        Transcript("", 0.0),
        Transcript("up & on", 0.5, spelled("up & on", 0), ("up & an", "ap & on")),
    )
    page = Page("p1", Path("scan.png"), WIDTH, HEIGHT, (level, second, slanted))
    return PageTranscript(page, readings, "0123456789ab", {"beam": 3})
