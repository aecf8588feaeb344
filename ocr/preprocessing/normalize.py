"""Line image -> the same line on white paper, level, upright, its body at one size.

Steps, each switchable, all measured on a small copy and applied by one resampling:

1. Polarity and background. Paper is the local median; a photograph's grey paper becomes 0.
   Reflectance multiplies, so with ink u = 1 - grey and paper p the flattened ink is
   (u - p) / (1 - p). The contrast is stretched until strokes average ``STROKE_INK``.
2. Skew. A vertical shear y' = y - k x is chosen so that the row sums r of the ink are as
   uneven as possible, max_k sum r^2: level text piles its ink up in few rows.
3. Slant. A horizontal shear x' = x + k y, chosen in the same way on the column sums
   (Vinciarelli & Luettin 2001 use the same idea on the columns' strokes).
4. Line height. The rows between the first and the last 15 % of the ink follow the body of the
   text (the x-height zone), where most ink is, not the crop's margins or a few long loops.
   The body is scaled to one size and centred.

Shears leave x on the middle row alone, so the way back to source pixels is one straight line.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ocr.options import PreprocessingOptions
from ocr.types import Float32Array

REVISION = 2  # raised by every change that alters what comes out: stored lines are made anew
COARSE_HEIGHT = 24  # px; skew and body are measured on a copy of the crop of this height
SLANT_HEIGHT = 40  # px; the slant is measured on the line alone, at this height
STROKE_INK = 0.75  # mean ink of a stroke after stretching, 0..1
LARGEST_GAIN = 8.0  # faint pencil is lifted no further, or blank paper would become noise
THICKEST_STROKE = 1 / 6  # of the line's height
LEAST_CONTRAST = 1 / 255  # one level of an 8-bit scan: paper is known no better than that
LARGEST_SKEW = 0.14  # px per px, 8 degrees: steeper crops are usually not text lines
LARGEST_SLANT = 1.3  # px per px, 52 degrees: copperplate leans by 40
SHEAR_STEPS = 19  # slopes tried; a parabola refines the best
SHEAR_PRIOR = 0.08  # share of the score that the largest shear forfeits: doubt means leave
BODY_SHARES = (0.15, 0.5, 0.85)  # of the ink: below the body's top, its centre, its bottom
LINE_PER_BODY = 4.2  # line height / rows between those; leaves the x-height a third of the line
SMALLEST_ZOOM, LARGEST_ZOOM = 0.5, 1.6  # scale relative to fitting the crop's box
MARGIN = 8  # px of paper added at both ends of the line
LARGEST_WIDTH = 8192  # px; a longer "line" is refused by being squeezed, never by memory


@dataclass(frozen=True, slots=True)
class Body:
    """Where the text lies in a crop, in rows at mid-width once it is level: the row of its
    ``centre``, and the ``height`` of a whole line of such text, ascenders and descenders too."""

    centre: float
    height: float

    def scaled(self, factor: float) -> Body:
        """The same in a copy whose rows are ``factor`` times as many."""
        return Body(self.centre * factor, self.height * factor)


@dataclass(frozen=True, slots=True)
class NormalizedLine:
    """``values`` (height, W) float32 ink 0..1; ``edges`` (W + 1,) float32 source-pixel x."""

    values: Float32Array
    edges: Float32Array


def normalize_line(ink: Float32Array, options: PreprocessingOptions) -> NormalizedLine:
    """Normalise one line image.

    ink  (H, W) float32, paper 0, ink 1, any size from 1 x 1.
    """
    ink = upright_polarity(ink)
    if options.background:
        ink = flatten_background(ink)
    coarse = _resized(ink, COARSE_HEIGHT / ink.shape[0])
    skew = best_shear(coarse, _skew_limit(coarse), axis=1) if options.deskew else 0.0
    body = body_zone(coarse, skew).scaled(ink.shape[0] / COARSE_HEIGHT)
    slant = _slant(ink, skew, body) if options.deslant else 0.0
    return _resample(ink, options.height, body, skew, slant)


def upright_polarity(ink: Float32Array) -> Float32Array:
    """White writing on black becomes dark on white: paper is where most pixels are, and what is
    thin on it is writing."""
    step = max(1, min(ink.shape) // 24)  # a sample of the pixels tells as much
    low, middle, high = np.percentile(ink[::step, ::step], (2, 50, 98))
    if middle <= 0.5 or middle - low <= high - middle:
        return ink
    # A dark photograph with a bright edge comes so far too; but its thin strokes are dark.
    size = max(3, round(THICKEST_STROKE * len(ink)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    dark = ink - cv2.morphologyEx(ink, cv2.MORPH_OPEN, kernel)
    light = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel) - ink
    return 1.0 - ink if light.sum() > dark.sum() else ink


def flatten_background(ink: Float32Array) -> Float32Array:
    """(H, W) -> (H, W): paper 0 everywhere, strokes about ``STROKE_INK``, clipped to 0..1."""
    height, width = ink.shape
    factor = min(1.0, 24.0 / height)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    coarse = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    window = 31  # px of the coarse copy: wider than any letter, narrower than a shadow
    paper8 = cv2.medianBlur(np.round(coarse * 255).astype(np.uint8), window)
    paper = cv2.resize(paper8.astype(np.float32) / 255, (width, height))
    contrast = np.maximum(ink - paper, 0)
    if contrast.max() <= LEAST_CONTRAST:
        return np.zeros_like(ink)
    flat = contrast / np.maximum(1 - paper, 0.05)
    levels = np.round(np.minimum(flat, 1) * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    strokes = flat[levels > threshold]
    if strokes.size == 0:
        return np.asarray(np.minimum(flat, 1), np.float32)
    gain = min(LARGEST_GAIN, STROKE_INK / float(strokes.mean()))
    return np.asarray(np.minimum(flat * gain, 1), np.float32)


def shear(image: Float32Array, slope: float, axis: int) -> Float32Array:
    """Shift every column (axis 1) by slope * x rows, or row (axis 0) by slope * y columns.

    Shifts are taken about the middle, and the other axis grows so that nothing is lost.
    """
    height, width = image.shape
    if axis == 1:
        room = int(np.ceil(abs(slope) * width / 2))
        matrix = np.array([[1, 0, 0], [slope, 1, room - slope * (width - 1) / 2]])
        size = (width, height + 2 * room)
    else:
        room = int(np.ceil(abs(slope) * height / 2))
        matrix = np.array([[1, slope, room - slope * (height - 1) / 2], [0, 1, 0]])
        size = (width + 2 * room, height)
    return np.asarray(cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR), np.float32)


def best_shear(image: Float32Array, limit: float, axis: int) -> float:
    """The slope within +-limit of the lines along ``axis``: sheared back by it, their ink
    piles up most (largest sum of squared sums along the axis). 0 for a blank image.

    axis 1 finds the slope of the baseline (dy/dx), axis 0 that of the strokes, positive when
    the writing leans to the right.
    """
    sign = -1.0 if axis == 1 else 1.0
    slopes = np.linspace(-limit, limit, SHEAR_STEPS)
    scores = np.array(
        [
            float(np.square(shear(image, sign * slope, axis).sum(axis=axis)).sum())
            * (1 - SHEAR_PRIOR * (slope / limit) ** 2)
            for slope in slopes
        ]
    )
    best = int(scores.argmax())
    if scores[best] <= 0:
        return 0.0
    if 0 < best < len(slopes) - 1:  # vertex of the parabola through the three best
        left, middle, right = scores[best - 1 : best + 2]
        bend = left - 2 * middle + right
        offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
        return float(slopes[best] + offset * (slopes[1] - slopes[0]))
    return float(slopes[best])


def body_zone(image: Float32Array, skew: float = 0.0) -> Body:
    """Find the body of the text in a crop (H, W) whose lines climb by ``skew``.

    A blank image, or one whose ink says nothing, gets the crop's own box.
    """
    height = image.shape[0]
    level = shear(image, -skew, axis=1)
    rows = np.square(level).sum(axis=1)  # squared: faint smudges count little
    total = rows.sum()
    if total <= 0:
        return Body(height / 2, float(height))
    above = np.concatenate([[0], np.cumsum(rows)]) / total  # share of the ink above each edge
    edges = np.arange(len(above)) - (len(rows) - height) / 2  # counted as rows of ``image``
    top, centre, bottom = np.interp(BODY_SHARES, above, edges)
    line_height = np.clip(
        LINE_PER_BODY * (bottom - top), height / LARGEST_ZOOM, height / SMALLEST_ZOOM
    )
    return Body(float(centre), float(line_height))


def _slant(ink: Float32Array, skew: float, body: Body) -> float:
    """The slant of the line itself, level and without the rows above and below it."""
    factor = SLANT_HEIGHT / body.height
    level = shear(_resized(ink, factor), -skew, axis=1)
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
        size = (max(1, round(source_width * scale)), max(1, round(source_height * scale)))
        ink = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32)
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
