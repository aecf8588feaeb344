"""JSON of a page: the one format that holds all of it, characters included.

    {"format": "carousel-page", "version": 1, "id": "x", "image": "x.png", "width": 1000,
     "height": 1400, "model": "0123456789ab", "options": {},
     "lines": [{"id": "l1", "region": "r1", "polygon": [[0, 0], ...], "baseline": [[0, 9], ...],
                "text": "Go", "confidence": 0.98, ...,
                "words": [{"text": "Go", "polygon": [[0, 0], ...], "confidence": 1,
                           "alternatives": [{"text": "Co", "confidence": 0.1}]}]}]}

From ``text`` to ``alternatives`` a line is written as one without a page is, see ``jsonfile``.
Polygons and baselines are in pixels of the page, ``left`` and ``right`` of characters in pixels of
the line's crop, confidences 0..1. ``words`` stand only where another file gave them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ocr.errors import PageFileError
from ocr.files.names import is_unicode, printable
from ocr.formats.jsonfile import PIXEL_DIGITS, json_text, reading_values, rounded
from ocr.formats.references import reference
from ocr.formats.sheet import Found, Sheet, sheet_of
from ocr.types import (
    Alternative,
    Character,
    Line,
    LoadedPage,
    PageTranscript,
    Point,
    Score,
    Transcript,
    Word,
)

FORMAT, VERSION = "carousel-page", 1


def write_json(transcript: PageTranscript) -> str:
    """The page as a JSON file."""
    return json_text(page_values(transcript))


def page_values(transcript: PageTranscript) -> dict[str, Any]:
    """What ``write_json`` writes, as values."""
    page = transcript.page
    pairs = zip(page.lines, transcript.transcripts, strict=True)
    return {
        "format": FORMAT,
        "version": VERSION,
        "id": page.id,
        "image": reference(page),
        "width": page.width,
        "height": page.height,
        "model": transcript.model_id,
        "options": transcript.options,
        "lines": [_line_values(line, reading) for line, reading in pairs],
    }


def _line_values(line: Line, transcript: Transcript) -> dict[str, Any]:
    return {
        "id": line.id,
        "region": line.region,
        "polygon": _point_values(line.polygon),
        "baseline": _point_values(line.baseline),
        **reading_values(transcript),
        "words": [_word_values(word) for word in transcript.words],
    }


def _word_values(word: Word) -> dict[str, Any]:
    return {
        "text": word.text,
        "polygon": _point_values(word.polygon),
        "confidence": rounded(word.confidence),
        "alternatives": [
            {
                "text": other.text,
                "confidence": None if other.confidence is None else rounded(other.confidence),
            }
            for other in word.alternatives
        ],
    }


def _point_values(points: Iterable[Point]) -> list[list[float]]:
    return [[round(x, PIXEL_DIGITS), round(y, PIXEL_DIGITS)] for x, y in points]


def json_object(data: bytes | str, path: Path) -> dict[str, Any]:
    """The JSON object in ``data``, which came from the file ``path``. Raises PageFileError."""
    try:
        values = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise PageFileError(
            f"{printable(path)} holds damaged JSON ({error})", "make it anew"
        ) from error
    if not isinstance(values, dict):
        raise PageFileError(f"{printable(path)} holds no JSON object", "make it anew")
    return values


def _no_number(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON")


def read_json(data: bytes, path: Path) -> LoadedPage:
    """The page of a JSON file; a line that cannot be used is a problem. Raises PageFileError."""
    values = json_object(data, path)
    if values.get("format") != FORMAT:
        raise PageFileError(f"{printable(path)} is not a page in JSON", "see: ocr convert --help")
    if values.get("version") != VERSION:
        raise PageFileError(
            f"{printable(path)} has version {values.get('version')}, known is {VERSION}",
            "update the program",
        )
    try:
        sheet = sheet_of(path, values["image"], values["width"], values["height"])
        found = [_read_line(sheet, line) for line in values["lines"]]
        options = dict(values["options"])
        name = values["id"]  # of a file, and that need not be Unicode
        return sheet.loaded(_typed(name), found, _string(values["model"]), options)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise PageFileError(
            f"{printable(path)} is not a whole page ({type(error).__name__}: {error})",
            "make it anew",
        ) from error


def _read_line(sheet: Sheet, values: dict[str, Any]) -> Found:
    readings = [values, *values["alternatives"]]
    scored = [_read_score(entry) for entry in readings if entry["optical"] is not None]
    transcript = Transcript(
        text=_string(values["text"]),
        confidence=float(values["confidence"]),
        characters=tuple(_read_character(entry) for entry in values["characters"]),
        alternatives=tuple(_string(entry["text"]) for entry in readings[1:]),
        words=tuple(_read_word(entry) for entry in values["words"]),
        scores=tuple(scored),
    )
    outline = _read_points(values["polygon"]), _read_points(values["baseline"])
    return sheet.line(_string(values["id"]), _string(values["region"]), outline, transcript)


def _read_score(values: dict[str, Any]) -> Score:
    return Score(*(float(values[key]) for key in ("optical", "language", "share")))


def _read_character(values: dict[str, Any]) -> Character:
    left, right, confidence = (float(values[key]) for key in ("left", "right", "confidence"))
    return Character(_string(values["text"]), left, right, confidence)


def _read_word(values: dict[str, Any]) -> Word:
    polygon, confidence = _read_points(values["polygon"]), float(values["confidence"])
    if not polygon:
        raise ValueError("a word has no outline")
    alternatives = tuple(_read_alternative(entry) for entry in values["alternatives"])
    return Word(_string(values["text"]), polygon, confidence, alternatives)


def _read_alternative(values: dict[str, Any]) -> Alternative:
    confidence = values["confidence"]
    return Alternative(_string(values["text"]), None if confidence is None else float(confidence))


def _string(value: Any) -> str:
    if not is_unicode(_typed(value)):
        raise ValueError(f"{value!a:.40} has half of a character")
    return str(value)


def _typed(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def _read_points(values: Any) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in values)
