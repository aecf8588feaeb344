"""Lines of writing as ridges: where stroke edges are dense along a row and rare above and below.

The edges |dI/dx| of the ink mark upright strokes. Rules, underlines and the long curves around
a text have none, however dark they are; writing is full of them. Blurred far along the rows and
little across, they become one ridge per line, whose strength is the scale-normalised second
derivative across it (see ``scale``), in stroke edges per pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from ocr.preprocessing.segmentation import BODY
from ocr.types import Float32Array

ELONGATION = 4.0  # blur along the rows / across it: two letters' width, which bridges words
STEEPEST = 0.25  # text heights by which a ridge may climb from one column to the next
LETTER = 0.4  # text heights: the width of an i
USUAL = 98  # percentile of the strength where there is any: that of the page's text


@dataclass(frozen=True, slots=True)
class Ridge:
    """The middle of a line of writing, column by column, on the working copy.

    left      first column
    rows      (N,) float32, the row of the middle in each column
    strength  (N,) float32, stroke edges per pixel; 0 in a gap that was bridged
    body      text height in pixels
    """

    left: int
    rows: Float32Array
    strength: Float32Array
    body: float

    @property
    def right(self) -> int:
        """One past the last column."""
        return self.left + len(self.rows)

    def between(self, start: int, end: int) -> Float32Array:
        """The rows from column ``start`` to before ``end``, both within the ridge."""
        return self.rows[start - self.left : end - self.left]

    def parts(self, columns: npt.NDArray[np.bool_], gap: float = 1.0) -> Iterator[Ridge]:
        """Its stretches over the chosen of its columns (N,) that are no more than ``gap`` apart;
        none shorter than a letter."""
        chosen = np.flatnonzero(columns)
        for run in np.split(chosen, np.flatnonzero(np.diff(chosen) > gap) + 1):
            if len(run) and run[-1] - run[0] >= LETTER * BODY:
                part = slice(int(run[0]), int(run[-1]) + 1)
                yield Ridge(self.left + part.start, self.rows[part], self.strength[part], self.body)


def stroke_edges(soft: Float32Array) -> Float32Array:
    """(H, W) soft ink -> (H, W) strength of its upright edges, 0..1 per pixel."""
    return np.abs(np.diff(soft, axis=1, prepend=soft[:, :1]))


def ridge_strength(edges: Float32Array, sigma: float) -> Float32Array:
    """(H, W) -> (H, W): how much of a ridge of half height ``sigma`` each pixel is on, >= 0."""
    blurred = cv2.GaussianBlur(
        edges, (0, 0), sigmaX=ELONGATION * sigma, sigmaY=sigma, borderType=cv2.BORDER_CONSTANT
    )
    strength = np.zeros_like(edges)
    strength[1:-1] = sigma**2 * (2 * blurred[1:-1] - blurred[:-2] - blurred[2:])
    return np.maximum(strength, 0)


def usual_strength(edges: Float32Array) -> float:
    """The strength of the page's clearest text of height ``BODY``; 0 where there is none."""
    strength = ridge_strength(edges, BODY / 2)
    some = strength[strength > 0]
    return float(np.percentile(some, USUAL)) if some.size else 0.0


def find_ridges(edges: Float32Array, body: float, least: float) -> list[Ridge]:
    """The ridges of text of height ``body``, in no column weaker than ``least``."""
    strength = ridge_strength(edges, body / 2)
    middle = strength[1:-1]
    peaks = np.zeros(strength.shape, bool)
    peaks[1:-1] = (middle > strength[:-2]) & (middle >= strength[2:]) & (middle > least)
    found = []
    for left, rows in _chains(peaks, STEEPEST * body):
        values = strength[rows, np.arange(left, left + len(rows))]
        found.append(Ridge(left, np.asarray(rows, np.float32), values, body))
    return found


def _chains(peaks: npt.NDArray[np.bool_], step: float) -> Iterator[tuple[int, list[int]]]:
    """(first column, row of each) of peaks that follow one another by at most ``step`` rows."""
    chains: list[tuple[int, list[int]]] = []
    for x, column in enumerate(np.ascontiguousarray(peaks.T)):
        rows = np.flatnonzero(column)
        grown: list[tuple[int, list[int]]] = []
        ends = np.array([chain[-1] for _, chain in chains])
        partners = _mutual(ends, rows, step)
        for chain, partner in zip(chains, partners, strict=True):
            if partner < 0:
                yield chain
            else:
                chain[1].append(int(rows[partner]))
                grown.append(chain)
        fresh = set(range(len(rows))) - set(partners)
        chains = sorted(grown + [(x, [int(rows[i])]) for i in fresh], key=lambda c: c[1][-1])
    yield from chains


def _mutual(ends: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], step: float) -> list[int]:
    """For each end the index of the row nearest to it, if it is the nearest to that row as well
    and within ``step``; else -1. Both are sorted."""
    if not len(ends) or not len(rows):
        return [-1] * len(ends)
    nearest = _nearest(rows, ends)
    back = _nearest(ends, rows)
    agreed = (back[nearest] == np.arange(len(ends))) & (np.abs(rows[nearest] - ends) <= step)
    return [int(index) for index in np.where(agreed, nearest, -1)]


def _nearest(places: npt.NDArray[np.int64], values: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    """The index of the place next to each value; places are sorted."""
    after = np.clip(np.searchsorted(places, values), 1, max(1, len(places) - 1))
    after = np.minimum(after, len(places) - 1)
    before = np.maximum(after - 1, 0)
    return np.where(values - places[before] <= places[after] - values, before, after)
