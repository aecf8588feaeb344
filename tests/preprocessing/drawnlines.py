"""Lines drawn with known sizes, for the tests of what is done to a line."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ocr.types import Float32Array

TEXT = "the quick brown fox jumps over lazy dogs"


def text_line(text: str = TEXT, size: int = 30, margins: tuple[int, int] = (20, 8)) -> Float32Array:
    """Ink of a level, upright line; ``size`` and ``margins`` (beside, above and below) in px."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    size_px = int(right - left) + 2 * margins[0], int(bottom - top) + 2 * margins[1]
    image = Image.new("L", size_px, 0)
    ImageDraw.Draw(image).text((margins[0] - left, margins[1] - top), text, font=font, fill=255)
    return np.asarray(image).astype(np.float32) / 255


def inked(values: Float32Array, axis: int) -> tuple[int, int]:
    """First and last index along the other axis that holds ink of at least 0.3."""
    places = np.flatnonzero(values.max(axis=axis) >= 0.3)
    return int(places[0]), int(places[-1])


def weight_centre(values: Float32Array) -> float:
    return float((values.sum(axis=1) * (np.arange(len(values)) + 0.5)).sum() / values.sum())
