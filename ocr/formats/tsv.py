"""A table like that of Tesseract: a row for the page, each block, paragraph, line and word.

    level  1 page, 2 block, 3 paragraph, 4 line, 5 word
    page_num block_num par_num line_num word_num   counted from 1 within the level above, else 0
    left top width height                          px
    conf   of a word 0..100, else -1
    text   of a word, else empty

A block has one paragraph. A line whose words are not known has one word: all of its text.
"""

from __future__ import annotations

from collections.abc import Iterator

from ocr.formats.text import one_line
from ocr.formats.words import by_region, pixel_box, words_of
from ocr.types import Line, PageTranscript, Transcript

HEADER = "level page_num block_num par_num line_num word_num left top width height conf text"
PERCENT_DIGITS = 2
NO_CONFIDENCE = -1

Row = tuple[object, ...]


def write_tsv(transcript: PageTranscript) -> str:
    """The page as a table with a header, columns separated by TABs."""
    rows = [tuple(HEADER.split()), *_rows(transcript)]
    return "".join("\t".join(map(str, row)) + "\n" for row in rows)


def _rows(transcript: PageTranscript) -> Iterator[Row]:
    page = transcript.page
    number = page.index + 1
    yield (1, number, 0, 0, 0, 0, 0, 0, page.width, page.height, NO_CONFIDENCE, "")
    for block, (_, pairs) in enumerate(by_region(transcript), start=1):
        box = pixel_box([point for line, _ in pairs for point in line.polygon])
        yield (2, number, block, 0, 0, 0, *box, NO_CONFIDENCE, "")
        yield (3, number, block, 1, 0, 0, *box, NO_CONFIDENCE, "")
        for count, pair in enumerate(pairs, start=1):
            yield from _line_rows((number, block, 1, count), *pair)


def _line_rows(place: Row, line: Line, transcript: Transcript) -> Iterator[Row]:
    yield (4, *place, 0, *pixel_box(line.polygon), NO_CONFIDENCE, "")
    for count, word in enumerate(words_of(line, transcript), start=1):
        percent = round(100 * word.confidence, PERCENT_DIGITS)
        yield (5, *place, count, *pixel_box(word.polygon), percent, one_line(word.text))
