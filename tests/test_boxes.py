"""Character boxes of the shipped model on drawn lines, where each character has its own cell."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from ocr.metrics import align
from ocr.network.shipped import shipped_models
from ocr.options import DecodingOptions
from ocr.recognition import load_model

PITCH, SIZE, MARGIN = 19, 30, 20  # px
TEXTS = (
    "The keeper of the light wrote down every storm",
    "Please return both copies to the office",
)


def typed(text: str) -> Image.Image:
    """One character in the middle of each cell of ``PITCH`` pixels, as a typewriter sets them."""
    font = ImageFont.load_default(SIZE)
    image = Image.new("L", (2 * MARGIN + PITCH * len(text), int(1.7 * SIZE)), 255)
    pen = ImageDraw.Draw(image)
    for place, character in enumerate(text):
        middle = MARGIN + PITCH * (place + 0.5)
        pen.text((middle, 1.2 * SIZE), character, fill=0, font=font, anchor="ms")
    return image


@pytest.mark.skipif("default" not in shipped_models(), reason="the default model is not here")
@pytest.mark.parametrize("decoder", ["greedy", "beam"])
def test_boxes_are_within_half_a_character_of_the_truth(decoder: str) -> None:
    recognizer = load_model("default", DecodingOptions(decoder=decoder))
    for text in TEXTS:
        transcript = recognizer.recognize(typed(text))
        steps = align(text, transcript.text)
        assert sum(left == right for left, right in steps) >= 0.9 * len(text)
        place, boxes = 0, iter(transcript.characters)
        for left, right in steps:
            box = next(boxes) if right else None
            if left and box is not None:
                cell = MARGIN + PITCH * np.array([place, place + 1])
                found = np.array([box.left, box.right])
                assert np.abs(found - cell).max() <= PITCH / 2, (text, place, left)
            place += bool(left)
