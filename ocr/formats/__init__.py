"""Transcripts <-> files. A format is a suffix and the function that writes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ocr.formats.jsonfile import line_json
from ocr.formats.text import line_text
from ocr.types import Transcript

LineWriter = Callable[[Path, Transcript, str], str]
"""(image, its transcript, model id) -> the file's text."""

LINE_WRITERS: dict[str, LineWriter] = {"txt": line_text, "json": line_json}
"""Suffix of the output -> what writes the transcript of one line image."""
