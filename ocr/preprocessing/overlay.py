"""A page with its lines drawn over it, to see at a glance how well they were found."""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ocr.files.overlays import MARK
from ocr.preprocessing.scaling import resized
from ocr.types import Float32Array, Line, Point

LONGEST_SIDE = 2000  # px of the picture: enough to read a page's text
PALENESS = 0.4  # share of white laid over the page, so that the lines stand out
COLOURS = ((0, 120, 0), (160, 0, 130))  # BGR, of outlines in turn: neighbours differ
BASELINE, NUMBER = (0, 0, 220), (200, 60, 0)  # BGR
SUBPIXEL_BITS = 4  # points are drawn at 1/16 px


def overlay(ink: Float32Array, lines: Sequence[Line]) -> bytes:
    """A PNG of the page, (H, W) float32 ink, with the outline, baseline and number of each line;
    numbers count from 1 in reading order."""
    factor = min(1.0, LONGEST_SIDE / max(ink.shape))
    grey = np.round(255 * (1 - (1 - PALENESS) * resized(ink, factor))).astype(np.uint8)
    picture = np.repeat(grey[:, :, None], 3, axis=2)  # (H, W, 3)
    for number, line in enumerate(lines, start=1):
        colour = COLOURS[number % len(COLOURS)]
        _draw(picture, _scaled(line.polygon, factor), colour, closed=True)
        _draw(picture, _scaled(line.baseline, factor), BASELINE, closed=False)
        _write(picture, str(number), _scaled(line.polygon, factor)[0])
    mark, data = PngInfo(), io.BytesIO()
    mark.add_text(*MARK)
    Image.fromarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).save(data, "PNG", pnginfo=mark)
    return data.getvalue()


def _scaled(points: Sequence[Point], factor: float) -> npt.NDArray[np.float64]:
    return np.array(points, np.float64).reshape(-1, 2) * factor


def _draw(
    picture: npt.NDArray[np.uint8],
    points: npt.NDArray[np.float64],
    colour: tuple[int, int, int],
    closed: bool,
) -> None:
    centres = np.rint((points - 0.5) * 2**SUBPIXEL_BITS).astype(np.int32)
    cv2.polylines(picture, [centres], closed, colour, 1, cv2.LINE_AA, SUBPIXEL_BITS)


def _write(picture: npt.NDArray[np.uint8], text: str, place: npt.NDArray[np.float64]) -> None:
    """The number to the left of the place, or as far left as the picture goes."""
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.5, 1)
    corner = max(0, round(place[0]) - width - 3), round(place[1]) + height
    cv2.putText(picture, text, corner, cv2.FONT_HERSHEY_SIMPLEX, 0.5, NUMBER, 1, cv2.LINE_AA)
