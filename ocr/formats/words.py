"""A line's words with their outlines on the page: as a file gave them, or from its characters.

A word reaches from its first character's left to its last one's right, and from the top to the
bottom of the line's polygon there; it is right where all its characters are. A line of which
neither words nor characters spell the text is one word as large as the line, spaces included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from ocr.alphabet import SPACE
from ocr.confidence import whole
from ocr.formats.alternatives import Shares, alternatives_of, shares_by_word
from ocr.geometry import Box, Frame, bounds, frame_of, vertical_extent
from ocr.types import Character, Line, PageTranscript, Point, Transcript, Word


def words_of(line: Line, transcript: Transcript) -> tuple[Word, ...]:
    """The words in reading order. They spell the text, but for spaces beside spaces; where only
    spaces are read there is none."""
    spelled = [part for part in transcript.text.split(SPACE) if part]
    if not spelled or [word.text for word in transcript.words] == spelled:
        return transcript.words if spelled else ()
    if "".join(character.text for character in transcript.characters) != transcript.text:
        return (Word(transcript.text, line.polygon, transcript.confidence),)
    frame = frame_of(line)
    outline = [frame.from_page(point) for point in line.polygon]
    runs = groupby(transcript.characters, key=lambda character: character.text == SPACE)
    spans = [list(run) for is_space, run in runs if not is_space]
    return tuple(
        _word(span, frame, outline, shares)
        for span, shares in zip(spans, shares_by_word(transcript), strict=True)
    )


def mean_confidence(words: Sequence[Word]) -> float:
    """Of a line that tells none of its own: the mean over its words' characters; 1 without any,
    as a text that somebody gave."""
    length = sum(len(word.text) for word in words)
    return sum(len(word.text) * word.confidence for word in words) / length if length else 1.0


def _word(run: Sequence[Character], frame: Frame, outline: Sequence[Point], shares: Shares) -> Word:
    left, right = run[0].left, run[-1].right
    top, bottom = vertical_extent(outline, left, right) or (0.0, float(frame.height))
    text = "".join(character.text for character in run)
    confidence = whole([character.confidence for character in run])
    return Word(
        text,
        frame.rectangle((left, top, right, bottom)),
        confidence,
        alternatives_of(text, confidence, shares),
    )


def word_box(line: Line, word: Word) -> tuple[Frame, Box]:
    """Where the word lies in the line's frame, for what writes along the line."""
    frame = frame_of(line)
    return frame, bounds([frame.from_page(point) for point in word.polygon])


def by_region(page: PageTranscript) -> Iterator[tuple[str, list[tuple[Line, Transcript]]]]:
    """(region, its lines with their transcripts) in reading order; a region that is left and
    entered again comes twice."""
    pairs = zip(page.page.lines, page.transcripts, strict=True)
    for region, group in groupby(pairs, key=lambda pair: pair[0].region):
        yield region, list(group)


def pixel_box(points: Sequence[Point]) -> tuple[int, int, int, int]:
    """(left, top, width, height) around the points in whole pixels."""
    left, top, right, bottom = (round(edge) for edge in bounds(points))
    return left, top, right - left, bottom - top
