"""Plain text: the reading and a line break, UTF-8, nothing else."""

from __future__ import annotations

from pathlib import Path

from ocr.types import Transcript


def line_text(image: Path, transcript: Transcript, model_id: str) -> str:
    """The transcript of one line as a text file."""
    return transcript.text + "\n"
