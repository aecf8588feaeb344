"""What is no writing by its size: seals and stamps, the shadow of a binding, the edge of a page."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from ocr.types import Float32Array

Box = tuple[slice, slice]

SIDE = 6.0  # text heights; initials at the head of a chapter are smaller
DENSITY = 0.25  # share of the box that is ink; lines of writing that touch have half of it
RULED = 0.5  # share of the ink of a piece that is rules, from which it is no picture
TALL, NARROW = 12.0, 4.0  # text heights of what runs from line to line and is a letter wide


def find_pictures(
    soft: Float32Array, rules: npt.NDArray[np.bool_], body: float
) -> npt.NDArray[np.bool_]:
    """(H, W) mask of connected ink that is large both ways and dense, and of all within its convex
    outline; but not where most of it is rules, as of squared paper with what is written on it."""

    def is_picture(part: npt.NDArray[np.bool_], box: Box) -> bool:
        if min(part.shape) <= SIDE * body or part.mean() <= DENSITY:
            return False
        return float(rules[box][part].mean()) < RULED

    return _outlines(soft, is_picture)


def find_edges(soft: Float32Array, body: float) -> npt.NDArray[np.bool_]:
    """The same of what is tall and narrow."""

    def is_edge(part: npt.NDArray[np.bool_], box: Box) -> bool:
        height, width = part.shape
        return bool(height > TALL * body and width < NARROW * body)

    return _outlines(soft, is_edge)


def _outlines(
    soft: Float32Array, wanted: Callable[[npt.NDArray[np.bool_], Box], bool]
) -> npt.NDArray[np.bool_]:
    """(H, W) mask of all within the convex outline of each piece of connected ink that is wanted,
    by its pixels within its box."""
    ink = cv2.morphologyEx((soft > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3)))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    pictures = np.zeros(soft.shape, np.uint8)
    for label, (left, top, width, height, _) in enumerate(boxes.tolist()):
        box = slice(top, top + height), slice(left, left + width)
        part = labels[box] == label
        if label and wanted(part, box):
            rows, columns = np.nonzero(part)
            points = np.stack([columns + left, rows + top], axis=1).astype(np.int32)
            cv2.fillConvexPoly(pictures, cv2.convexHull(points), (1,))
    return pictures > 0
