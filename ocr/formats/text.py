"""Plain text, UTF-8: a line of a page is a line of the file, nothing else is in it."""

from __future__ import annotations

from ocr.types import PageTranscript


def write_text(transcript: PageTranscript) -> str:
    """The page's lines in reading order. A line break within a line becomes a space."""
    return "".join(one_line(reading.text) + "\n" for reading in transcript.transcripts)


def one_line(text: str) -> str:
    """The text with a space for each line break and TAB, so that it fits into one row."""
    return " ".join(text.replace("\t", "\n").splitlines())
