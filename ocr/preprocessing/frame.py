"""What lies around the paper in the image of a line: masks, margins, the edge of the page."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from ocr.preprocessing.paper import THICKEST_STROKE
from ocr.types import BoolArray, Float32Array

WHITE, BLACK = (0.0, 4 / 255), (1.0, 12 / 255)  # ink of frames, and how far JPEG leads from it
FRAME_SHARE = 0.3  # of the image's edge that it takes at least
SMALLEST_SHEET = 0.2  # of the image
SHEET_OF_HULL = 0.6  # of its convex hull; letters have bays
DARKEST_PAPER = 0.5  # ink, 0..1, within a frame
LARGEST_SPREAD = 0.2  # between the quartiles of a sheet's ink, most of which is paper
BAR_WIDTH = 0.9  # share of a row that is dark beside a page; letters have gaps
THINNEST_BAR = 0.08  # of the image's height; ruled lines are thinner


def without_frame(ink: Float32Array) -> Float32Array:
    """White or black that was put around the line, by a mask, a rotation or as a margin, becomes
    like the paper inside it. What is as white or black as its paper has no frame."""
    edge = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    for tone, error in (WHITE, BLACK):
        if (np.abs(edge - tone) <= error).mean() < FRAME_SHARE:
            continue
        alike = np.abs(ink - tone) <= error
        sheet = _sheet(~alike)
        if sheet is None:
            continue
        lighter, paper, darker = np.percentile(ink[sheet], (25, 50, 75))
        if paper > DARKEST_PAPER or darker - lighter > LARGEST_SPREAD:
            continue
        ink = np.where(_around(alike), np.float32(paper), ink)
    return ink


def _sheet(other: BoolArray) -> BoolArray | None:
    """The largest part of what is unlike the edge if it is a sheet of paper, None if it is
    writing: a sheet is large and has no bays."""
    if other.mean() <= SMALLEST_SHEET:
        return None
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(np.asarray(other, np.uint8))
    sheet = parts == 1 + int(sizes[1:, cv2.CC_STAT_AREA].argmax())
    outlines, _ = cv2.findContours(
        np.asarray(sheet, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    hull = cv2.contourArea(cv2.convexHull(outlines[0]))
    least = max(SMALLEST_SHEET * other.size, SHEET_OF_HULL * hull, other.sum() / 2)
    return sheet if sheet.sum() > least else None


def _around(alike: BoolArray) -> BoolArray:
    """What of ``alike`` hangs together with the image's edge, but for strokes that touch it."""
    _, parts = cv2.connectedComponents(np.asarray(alike, np.uint8), connectivity=4)
    edge = np.concatenate([side[side > 0] for side in (*parts[[0, -1]], *parts.T[[0, -1]])])
    size = max(3, round(THICKEST_STROKE * min(alike.shape)))
    reach = 2 * size  # of what is beyond the edge
    outer = np.pad(np.isin(parts, edge), reach, constant_values=True)
    thick = cv2.morphologyEx(np.asarray(outer, np.uint8), cv2.MORPH_OPEN, _square(size))
    grown = cv2.dilate(thick, _square(1 + 2 * (size // 4)))  # into its own corners
    return (outer & (grown > 0))[reach:-reach, reach:-reach]


def _square(size: int) -> npt.NDArray[np.uint8]:
    return np.ones((size, size), np.uint8)


def without_ground(ink: Float32Array) -> Float32Array:
    """The ground on which a page was photographed and what lies beyond it become paper: a thick
    bar above or below that is dark from end to end is no writing."""
    height = len(ink)
    paper = np.median(ink[:: max(1, height // 24)])  # a sample of the rows tells as much
    dark = (ink > (1 + paper) / 2).mean(axis=1) > BAR_WIDTH
    if not dark.any():
        return ink
    run = max(2, round(THINNEST_BAR * height))
    bars = np.flatnonzero(np.convolve(dark, np.ones(run), "same") >= run)  # their middle rows
    above, below = bars[bars < height / 2], bars[bars >= height / 2]
    first = above[-1] + (run + 1) // 2 if len(above) else 0
    end = below[0] - run // 2 if len(below) else height
    if end - first < height / 4:
        return ink
    result = ink.copy()
    result[:first] = result[end:] = np.median(ink[first:end])
    return result
