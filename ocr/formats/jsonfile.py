"""JSON of one line image: the reading with confidences and a box per character, and what else it
could be. The lines of a page have the same fields (``jsonpage``).

    {"path": "a/x.png", "model": "0123456789ab", "text": "Go", "confidence": 0.9801,
     "optical": -0.1, "language": -3.4, "share": 0.9,
     "characters": [{"text": "G", "left": 3.2, "right": 21.0, "confidence": 0.99}, ...],
     "alternatives": [{"text": "Co", "optical": -2.1, "language": -4.8, "share": 0.1}, ...]}

Boxes are in pixels of the upright image, its left edge 0; confidences are 0..1, the line's that
of all its characters being right. ``optical`` and ``language`` are the natural logs of what the
network and the language model say of the whole line, ``share`` what the reading has of the
probability of all of them, 0..1; null where nobody asked for them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ocr.types import Character, Transcript

PIXEL_DIGITS = 2  # decimals of a coordinate: finer than the network sees
CONFIDENCE_DIGITS = 4  # significant ones: the confidences of long lines are small
SCORE_DIGITS = 3  # decimals


def json_text(values: dict[str, Any]) -> str:
    """Values as one line of JSON. Bytes of names that are not UTF-8 stand as escapes of JSON."""
    text = json.dumps(values, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def line_values(image: Path, transcript: Transcript, model_id: str) -> dict[str, Any]:
    """The transcript of one line, as values. Bytes of the path that are not UTF-8 are escaped."""
    return {
        "path": str(image).encode("utf-8", "backslashreplace").decode("utf-8"),
        "model": model_id,
        **reading_values(transcript),
    }


def reading_values(transcript: Transcript) -> dict[str, Any]:
    """The reading, its characters and its alternatives, as values."""
    return {
        "text": transcript.text,
        "confidence": rounded(transcript.confidence),
        **_scores(transcript, 0),
        "characters": [_character_values(character) for character in transcript.characters],
        "alternatives": [
            {"text": text, **_scores(transcript, place)}
            for place, text in enumerate(transcript.alternatives, start=1)
        ],
    }


def _character_values(character: Character) -> dict[str, Any]:
    """A character with its box, as values."""
    return {
        "text": character.text,
        "left": round(character.left, PIXEL_DIGITS),
        "right": round(character.right, PIXEL_DIGITS),
        "confidence": rounded(character.confidence),
    }


def rounded(confidence: float) -> float:
    """A confidence as it is written."""
    return float(f"{confidence:.{CONFIDENCE_DIGITS}g}")


def _scores(transcript: Transcript, place: int) -> dict[str, float | None]:
    """Of the reading (place 0) or of an alternative (from 1 on)."""
    if not transcript.scores:
        return {"optical": None, "language": None, "share": None}
    score = transcript.scores[place]
    return {
        "optical": round(score.optical, SCORE_DIGITS),
        "language": round(score.language, SCORE_DIGITS),
        "share": rounded(score.share),
    }
