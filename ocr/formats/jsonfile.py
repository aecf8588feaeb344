"""JSON of one line image: the reading with confidences and a box per character.

    {"path": "a/x.png", "model": "0123456789ab", "text": "Go", "confidence": 0.98,
     "characters": [{"text": "G", "left": 3.2, "right": 21.0, "confidence": 0.99}, ...]}

Boxes are in pixels of the upright image, its left edge 0; confidences are 0..1.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ocr.types import Character, Transcript

PIXEL_DIGITS = 2  # decimals of a coordinate: finer than the network sees
CONFIDENCE_DIGITS = 4


def line_json(image: Path, transcript: Transcript, model_id: str) -> str:
    """The transcript of one line as a JSON file of one line."""
    return json.dumps(line_values(image, transcript, model_id), ensure_ascii=False) + "\n"


def line_values(image: Path, transcript: Transcript, model_id: str) -> dict[str, Any]:
    """What ``line_json`` writes, as values. Bytes of the path that are not UTF-8 are escaped."""
    return {
        "path": str(image).encode("utf-8", "backslashreplace").decode("utf-8"),
        "model": model_id,
        "text": transcript.text,
        "confidence": round(transcript.confidence, CONFIDENCE_DIGITS),
        "characters": [character_values(character) for character in transcript.characters],
    }


def character_values(character: Character) -> dict[str, Any]:
    """A character with its box, as values."""
    return {
        "text": character.text,
        "left": round(character.left, PIXEL_DIGITS),
        "right": round(character.right, PIXEL_DIGITS),
        "confidence": round(character.confidence, CONFIDENCE_DIGITS),
    }
