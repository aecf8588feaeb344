"""The span of a line -> its outline close around the ink, and its baseline."""

from __future__ import annotations

import cv2
import numpy as np

from ocr.preprocessing.segmentation.seams import Span
from ocr.types import Float32Array

LEAST = 0.6  # text heights above and below the middle that are the line's even where white
THINNEST = 0.1  # text heights that remain between two lines that nearly meet
MARGIN = 0.2  # text heights of paper around the ink
REACH = 0.5  # text heights to either side that share an edge: no notch between two letters
TOLERANCE = 0.08  # text heights by which the simplified outline may be off
STRAIGHT = 3.0  # text heights along which a baseline is level
FEET = 1.2  # text heights below the middle within which the letters' feet are sought
FEET_BLUR = 0.12  # text heights, standard deviation: a baseline is written to within that


def polygon_of(span: Span, body: float, soft: Float32Array) -> Float32Array:
    """(N, 2) points (x, y) of the working copy: along the top to the right, and back.

    Both edges run from left to right and do not touch, so that the outline never crosses itself.
    """
    first, last = int(span.top.min()), min(len(soft), int(np.ceil(span.bottom.max())))
    columns = slice(span.left, span.left + len(span.top))
    rows = np.arange(first, last)[:, None]
    inked = (soft[first:last, columns] > 0.5) & (rows + 1 > span.top) & (rows < span.bottom)
    some = inked.any(axis=0)
    highest = np.where(some, first + inked.argmax(axis=0), np.inf).astype(np.float32)
    lowest = np.where(some, last - inked[::-1].argmax(axis=0), -np.inf).astype(np.float32)
    window = np.ones((1, 2 * round(REACH * body) + 1), np.uint8)
    top = cv2.erode(highest[None], window)[0] - MARGIN * body
    bottom = cv2.dilate(lowest[None], window)[0] + MARGIN * body
    least, thinnest = LEAST * body, THINNEST * body
    top = np.maximum(np.minimum(top, span.middle - least), span.top)
    bottom = np.minimum(np.maximum(bottom, span.middle + least), span.bottom)
    upper = _simplified(span.left, np.minimum(top, span.middle - thinnest), body)
    lower = _simplified(span.left, np.maximum(bottom, span.middle + thinnest), body)
    return np.concatenate([upper, lower[::-1]])


def baseline_of(span: Span, body: float, soft: Float32Array) -> Float32Array:
    """(N, 2) points (x, y) of the working copy from left to right, at the letters' feet.

    The feet are where the ink falls off most below the middle, at one distance for the line.
    """
    columns = span.left + np.arange(len(span.middle))
    offsets = np.arange(round(FEET * body))[:, None]
    rows = np.clip(np.rint(span.middle).astype(np.int64) + offsets, 0, len(soft) - 1)
    ink = soft[rows, columns].sum(axis=1)
    smooth = cv2.GaussianBlur(ink[None], (0, 0), FEET_BLUR * body)[0]
    feet = int(np.argmax(smooth[:-1] - smooth[1:])) + 1
    width = min(round(STRAIGHT * body), len(columns))
    middle = cv2.blur(span.middle[None], (width, 1), borderType=cv2.BORDER_REPLICATE)[0]
    return _simplified(span.left, middle + feet, body)


def _simplified(left: int, rows: Float32Array, body: float) -> Float32Array:
    """Rows, one per column -> points, as few as the tolerance allows; the first and the last
    are moved to the outer edges of their columns."""
    x = left + 0.5 + np.arange(len(rows), dtype=np.float32)
    x[0], x[-1] = left, left + len(rows)
    points = np.stack([x, rows], axis=1).astype(np.float32)
    simple = cv2.approxPolyDP(points[:, None], TOLERANCE * body, False)
    return np.asarray(simple[:, 0], np.float32)
