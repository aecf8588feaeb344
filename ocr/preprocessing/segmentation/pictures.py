"""What is no writing by its size: seals and stamps, the shadow of a binding, the edge of a page."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

from ocr.types import Float32Array

SIDE = 6.0  # text heights; initials at the head of a chapter are smaller
DENSITY = 0.25  # share of the box that is ink; lines of writing that touch have half of it
RULED = 0.5  # share of the ink of a piece that is rules, from which it is no picture
TALL, NARROW = 12.0, 4.0  # text heights of what runs from line to line and is a letter wide


def find_pictures(
    soft: Float32Array, rules: npt.NDArray[np.bool_], body: float
) -> npt.NDArray[np.bool_]:
    """(H, W) mask of connected ink that is large both ways and dense, and of all within its convex
    outline; but not where most of it is rules, as of squared paper with what is written on it."""
    pictures = np.zeros(soft.shape, np.uint8)
    for box, part in _pieces(soft, SIDE * body):
        if (
            part.shape[1] > SIDE * body
            and part.mean() > DENSITY
            and rules[box][part].mean() < RULED
        ):
            _fill(pictures, box, part)
    return pictures > 0


def find_edges(soft: Float32Array, body: float) -> npt.NDArray[np.bool_]:
    """The same of what is tall and narrow."""
    edges = np.zeros(soft.shape, np.uint8)
    for box, part in _pieces(soft, TALL * body):
        if part.shape[1] < NARROW * body:
            _fill(edges, box, part)
    return edges > 0


def _pieces(
    soft: Float32Array, height: float
) -> Iterator[tuple[tuple[slice, slice], npt.NDArray[np.bool_]]]:
    """The pieces of connected ink that are higher: the box of each, and its pixels in there."""
    ink = cv2.morphologyEx((soft > 0.5).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3)))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    for label, (left, top, wide, high, _) in enumerate(boxes.tolist()):
        if label and high > height:
            box = slice(top, top + high), slice(left, left + wide)
            yield box, labels[box] == label


def _fill(
    mask: npt.NDArray[np.uint8], box: tuple[slice, slice], part: npt.NDArray[np.bool_]
) -> None:
    """Set all of the mask within the convex outline of a piece."""
    rows, columns = np.nonzero(part)
    points = np.stack([columns + box[1].start, rows + box[0].start], axis=1).astype(np.int32)
    cv2.fillConvexPoly(mask, cv2.convexHull(points), (1,))
