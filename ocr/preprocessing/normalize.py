"""Line image -> the same line on white paper, level, upright, its body at one size.

Steps, each switchable, all measured on a small copy and applied by one resampling:

1. Polarity and background (paper.py). Paper becomes 0, strokes about equally dark.
2. Skew. A vertical shear y' = y - k x is chosen so that the row sums r of the ink are as
   uneven as possible, max_k sum r^2: level text piles its ink up in few rows.
3. Slant. A horizontal shear x' = x + k y, chosen in the same way on the column sums
   (Vinciarelli & Luettin 2001 use the same idea on the columns' strokes).
4. Line height. The body of the text (body.py) is scaled to one size and centred.

Shears leave x on the middle row alone, so the way back to source pixels is one straight line.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ocr.options import PreprocessingOptions
from ocr.preprocessing.body import Body, body_zone
from ocr.preprocessing.frame import without_frame, without_ground
from ocr.preprocessing.paper import flatten_background, upright_polarity
from ocr.preprocessing.rules import without_rules
from ocr.preprocessing.scaling import resized
from ocr.preprocessing.shear import best_shear, shear
from ocr.types import Float32Array

REVISION = 5  # raised by every change that alters what comes out: stored lines are made anew
COARSE_HEIGHT = 24  # px; skew and body are measured on a copy of the crop of this height
SLANT_HEIGHT = 40  # px; the slant is measured on the line alone, at this height
LARGEST_SKEW = 0.14  # px per px, 8 degrees: steeper crops are usually not text lines
LARGEST_SLANT = 1.3  # px per px, 52 degrees: copperplate leans by 40
MARGIN = 8  # px of paper added at both ends of the line
LARGEST_WIDTH = 8192  # px; a longer "line" is refused by being squeezed, never by memory


@dataclass(frozen=True, slots=True)
class NormalizedLine:
    """``values`` (height, W) float32 ink 0..1; ``edges`` (W + 1,) float32 source-pixel x."""

    values: Float32Array
    edges: Float32Array


def normalize_line(ink: Float32Array, options: PreprocessingOptions) -> NormalizedLine:
    """Normalise one line image.

    ink  (H, W) float32, paper 0, ink 1, any size from 1 x 1.
    """
    ink = without_ground(upright_polarity(without_frame(ink)))
    if options.background:
        ink = flatten_background(ink)
    coarse = _resized(ink, COARSE_HEIGHT / ink.shape[0])
    skew = best_shear(coarse, _skew_limit(coarse), axis=1) if options.deskew else 0.0
    body = body_zone(coarse, skew).scaled(ink.shape[0] / COARSE_HEIGHT)
    slant = _slant(ink, skew, body) if options.deslant else 0.0
    return _resample(ink, options.height, body, skew, slant)


def _slant(ink: Float32Array, skew: float, body: Body) -> float:
    """The slant of the line itself, level and without the rows above and below it."""
    factor = SLANT_HEIGHT / body.height
    level = shear(without_rules(_resized(ink, factor), axis=0), -skew, axis=1)
    outside = (level.shape[0] - ink.shape[0] * factor) / 2  # rows that levelling added above
    first = round(body.centre * factor + outside - SLANT_HEIGHT / 2)
    return best_shear(level[max(0, first) : first + SLANT_HEIGHT], LARGEST_SLANT, axis=0)


def _resized(ink: Float32Array, factor: float) -> Float32Array:
    """The image with ``factor`` times as many rows and columns, at least one of each."""
    height, width = ink.shape
    size = (int(np.clip(round(width * factor), 1, LARGEST_WIDTH)), max(1, round(height * factor)))
    kernel = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, size, interpolation=kernel), np.float32)


def _skew_limit(image: Float32Array) -> float:
    """A line cropped from a page cannot climb by more than about its own height."""
    height, width = image.shape
    return float(min(LARGEST_SKEW, 0.75 * height / width))


def _resample(
    ink: Float32Array, height: int, body: Body, skew: float, slant: float
) -> NormalizedLine:
    """Apply scale, shears and centring at once."""
    source_height, source_width = ink.shape
    scale = height / body.height
    lean = abs(slant) * height / 4  # px the ascenders move beyond the ends
    margin = MARGIN + round(lean)
    scale = min(scale, max(1, LARGEST_WIDTH - 2 * margin) / source_width)
    if scale < 1:  # shrink by area first: a linear kernel alone would skip thin strokes
        ink = resized(ink, scale)
    zoom_x = scale * source_width / ink.shape[1]
    zoom_y = scale * source_height / ink.shape[0]
    width = max(1, round(source_width * scale)) + 2 * margin
    middle_x = source_width * scale / 2
    middle_y = height / 2
    # Pixel centres lie at +0.5. Scaled source point (u, v) goes to
    #   y' = v - skew (u - middle_x) - body.centre scale + middle_y
    #   x' = u + margin + slant (y' - middle_y)
    to_y = np.array([-skew * zoom_x, zoom_y, skew * middle_x - body.centre * scale + middle_y])
    to_x = np.array([zoom_x, 0.0, margin - slant * middle_y]) + slant * to_y
    matrix = np.stack([to_x, to_y])
    matrix[:, 2] += matrix[:, :2] @ np.array([0.5, 0.5]) - 0.5
    values = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_LINEAR)
    edges = (np.arange(width + 1) - margin) / scale
    return NormalizedLine(
        np.ascontiguousarray(values, dtype=np.float32),
        np.clip(edges, 0, source_width).astype(np.float32),
    )
