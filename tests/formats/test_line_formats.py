"""The JSON of one line: what is printed is what was read."""

from __future__ import annotations

import json
from pathlib import Path

from ocr.formats.jsonfile import line_values
from ocr.types import Character, Score, Transcript

TEXT = 'a<b>&"\U0001d510 \u05d0\u05d1 e\u0301'
BOXES = tuple(
    Character(character, 10.0 * number + 1 / 3, 10.0 * number + 10, 0.5)
    for number, character in enumerate(TEXT)
)
TRANSCRIPT = Transcript(TEXT, 0.123456, BOXES)


def test_the_values_hold_everything() -> None:
    values = json.loads(json.dumps(line_values(Path("a/x.png"), TRANSCRIPT, "0123456789ab")))
    assert list(values) == [
        "path", "model", "text", "confidence", "optical", "language", "share", "characters",
        "alternatives",
    ]  # fmt: skip
    assert values["path"] == "a/x.png"
    assert values["model"] == "0123456789ab"
    assert values["text"] == "".join(box["text"] for box in values["characters"]) == TEXT
    assert values["confidence"] == 0.1235
    assert values["characters"][1] == {"text": "<", "left": 10.33, "right": 20, "confidence": 0.5}


def test_they_have_the_scores_of_the_reading_and_of_every_alternative() -> None:
    scores = (Score(-1.25, -3.0, 0.66667), Score(-2.00049, -2.5, 0.33333))
    transcript = Transcript("Go", 1.23456e-7, alternatives=("Co",), scores=scores)
    values = line_values(Path("x.png"), transcript, "id")
    assert (values["optical"], values["language"], values["share"]) == (-1.25, -3.0, 0.6667)
    assert values["alternatives"] == [
        {"text": "Co", "optical": -2.0, "language": -2.5, "share": 0.3333}
    ]
    assert values["confidence"] == 1.235e-7
    values = line_values(Path("x.png"), Transcript("Go", 1.0, alternatives=("Co",)), "id")
    assert values["optical"] is None
    assert values["alternatives"] == [
        {"text": "Co", "optical": None, "language": None, "share": None}
    ]


def test_they_can_be_encoded_whatever_the_file_is_called() -> None:
    name = b"lines/\xff\n.png".decode("utf-8", "surrogateescape")
    values = line_values(Path(name), Transcript("", 0.0), "id")
    assert values["path"] == "lines/\\udcff\n.png"
    assert values["path"].encode("utf-8")
    assert values["characters"] == []
