"""Pages and transcripts <-> files. A format is a name, a suffix, and what writes or reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ocr.formats.alto import read_alto, write_alto
from ocr.formats.hocr import write_hocr
from ocr.formats.hocrread import read_hocr
from ocr.formats.jsonpage import read_json, write_json
from ocr.formats.pagexml import read_pagexml, write_pagexml
from ocr.formats.pdf import write_pdf
from ocr.formats.text import write_text
from ocr.formats.tsv import write_tsv
from ocr.types import LoadedPage, PageTranscript

Writer = Callable[[PageTranscript], str | bytes]
Reader = Callable[[bytes, Path], LoadedPage]
"""(content, the file it came from) -> its page. Raises PageFileError."""

WRITERS: dict[str, Writer] = {
    "txt": write_text,
    "json": write_json,
    "pagexml": write_pagexml,
    "alto": write_alto,
    "hocr": write_hocr,
    "pdf": write_pdf,
    "tsv": write_tsv,
}
"""Format -> what writes a page."""
SUFFIXES = {
    "txt": ".txt",
    "json": ".json",
    "pagexml": ".page.xml",
    "alto": ".alto.xml",
    "hocr": ".hocr",
    "pdf": ".pdf",
    "tsv": ".tsv",
}
"""Format -> how the names of its files end: all of one page can stand in one folder."""
READERS: dict[str, Reader] = {
    "pagexml": read_pagexml,
    "alto": read_alto,
    "hocr": read_hocr,
    "json": read_json,
}
"""Format -> what reads a page."""
