"""Writing of any colour on any ground -> dark on white paper.

Paper is the local median; a photograph's grey paper becomes 0. Reflectance multiplies, so with
ink u = 1 - grey and paper p the flattened ink is (u - p) / (1 - p). The contrast is stretched
until strokes average ``STROKE_INK``.
"""

from __future__ import annotations

import cv2
import numpy as np

from ocr.preprocessing.rules import between_rules, without_rules
from ocr.preprocessing.scaling import resized
from ocr.types import Float32Array

PAPER_WINDOW = 31  # px at a line height of 24: wider than any letter, narrower than a shadow
STROKE_INK = 0.75  # mean ink of a stroke after stretching, 0..1
LARGEST_GAIN = 8.0  # faint pencil is lifted no further, or blank paper would become noise
NO_STROKES = 0.15  # darker tones against lighter ones than the ground; writing makes more
THICKEST_STROKE = 1 / 6  # of the line's height
COMPARED_HEIGHT = 96  # px at which strokes are compared, whose cost grows as the height cubed
PAPER_HEIGHT = 24  # px at which paper is found
LEAST_CONTRAST = 1 / 255  # one level of an 8-bit scan: paper is known no better than that


def upright_polarity(ink: Float32Array) -> Float32Array:
    """White writing on black becomes dark on white: paper is where most pixels are, and what is
    thin on it is writing."""
    step = max(1, min(ink.shape) // 24)  # a sample of the pixels tells as much
    low, middle, high = np.percentile(ink[::step, ::step], (2, 50, 98))
    if middle <= 0.5 or middle - low <= high - middle:
        return ink
    if high - middle < NO_STROKES * (middle - low):
        return 1.0 - ink
    # A dark photograph with a bright edge comes so far too; but its thin strokes are dark.
    seen = resized(ink, min(1.0, COMPARED_HEIGHT / len(ink)))
    size = max(3, round(THICKEST_STROKE * len(seen)))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    dark = seen - cv2.morphologyEx(seen, cv2.MORPH_OPEN, kernel)
    light = cv2.morphologyEx(seen, cv2.MORPH_CLOSE, kernel) - seen
    return 1.0 - ink if light.sum() > dark.sum() else ink


def _paper(ink: Float32Array) -> Float32Array:
    """The local median of an image 24 rows high at most. Walls of a cell are no part of it: where
    two of them meet they would be the greater part of a window."""
    rows, columns = between_rules(ink, axis=1), between_rules(ink, axis=0)
    inner = np.round(ink[rows, columns] * 255).astype(np.uint8)
    # Mirrored at its ends, or a dark edge would be the greater part of every window beside it.
    reach = PAPER_WINDOW // 2
    wider = cv2.copyMakeBorder(inner, 0, 0, reach, reach, cv2.BORDER_REFLECT_101)
    paper = cv2.medianBlur(wider, PAPER_WINDOW)[:, reach:-reach]
    sides = (rows.start, ink.shape[0] - rows.stop, columns.start, ink.shape[1] - columns.stop)
    whole = cv2.copyMakeBorder(paper, *sides, cv2.BORDER_REPLICATE)
    return np.asarray(whole / np.float32(255), np.float32)


def flatten_background(ink: Float32Array) -> Float32Array:
    """(H, W) -> (H, W): paper 0 everywhere, strokes about ``STROKE_INK``, clipped to 0..1."""
    height, width = ink.shape
    paper = cv2.resize(_paper(resized(ink, min(1.0, PAPER_HEIGHT / height))), (width, height))
    contrast = np.maximum(ink - paper, 0)
    if contrast.max() <= LEAST_CONTRAST:
        return np.zeros_like(ink)
    flat = contrast / np.maximum(1 - paper, 0.05)
    writing = without_rules(without_rules(flat, axis=0), axis=1)
    levels = np.round(np.minimum(writing, 1) * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    strokes = writing[levels > threshold]
    if strokes.size == 0:
        return np.asarray(np.minimum(flat, 1), np.float32)
    gain = min(LARGEST_GAIN, STROKE_INK / float(strokes.mean()))
    return np.asarray(np.minimum(flat * gain, 1), np.float32)
