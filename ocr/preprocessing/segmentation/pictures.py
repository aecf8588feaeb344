"""What is no writing by its size: seals and stamps, the shadow of a binding, the edge of a page."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from ocr.types import Float32Array

SIDE = 6.0  # text heights; initials at the head of a chapter are smaller
DENSITY = 0.25  # share of the box that is ink; lines of writing that touch have half of it
TALL, NARROW = 12.0, 4.0  # text heights of what runs from line to line and is a letter wide


def find_pictures(soft: Float32Array, body: float) -> npt.NDArray[np.bool_]:
    """(H, W) mask of connected ink that is large both ways and dense, and of all within its convex
    outline."""

    def is_picture(width: int, height: int, area: int) -> bool:
        return min(width, height) > SIDE * body and area > DENSITY * width * height

    return _outlines(soft, is_picture)


def find_edges(soft: Float32Array, body: float) -> npt.NDArray[np.bool_]:
    """The same of what is tall and narrow."""

    def is_edge(width: int, height: int, area: int) -> bool:
        return height > TALL * body and width < NARROW * body

    return _outlines(soft, is_edge)


def _outlines(soft: Float32Array, wanted: Callable[[int, int, int], bool]) -> npt.NDArray[np.bool_]:
    """(H, W) mask of all within the convex outline of each piece of connected ink whose width,
    height and area are wanted."""
    ink = cv2.morphologyEx((soft > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3)))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    pictures = np.zeros(soft.shape, np.uint8)
    for label, (left, top, width, height, area) in enumerate(boxes.tolist()):
        if label and wanted(width, height, area):
            part = labels[top : top + height, left : left + width] == label
            rows, columns = np.nonzero(part)
            points = np.stack([columns + left, rows + top], axis=1).astype(np.int32)
            cv2.fillConvexPoly(pictures, cv2.convexHull(points), (1,))
    return pictures > 0
