"""Plain text, UTF-8: a line of a page is a line of the file, nothing else is in it."""

from __future__ import annotations

from pathlib import Path

from ocr.types import PageTranscript, Transcript


def line_text(image: Path, transcript: Transcript, model_id: str) -> str:
    """The transcript of one line as a text file."""
    return transcript.text + "\n"


def write_text(transcript: PageTranscript) -> str:
    """The page's lines in reading order. A line break within a line becomes a space."""
    return "".join(one_line(reading.text) + "\n" for reading in transcript.transcripts)


def one_line(text: str) -> str:
    """The text with a space for each line break and TAB, so that it fits into one row."""
    return " ".join(text.replace("\t", "\n").splitlines())
