"""The copy of a page on which its lines are looked for: one text height, level, without rules.

Lines that climb by k are levelled by the shear y' = y - k x, which leaves every column upright:
what runs from left to right on the copy does so on the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ocr.preprocessing.scaling import resized
from ocr.preprocessing.segmentation import BODY
from ocr.preprocessing.segmentation.contrast import soft_ink
from ocr.preprocessing.segmentation.pictures import find_edges, find_pictures
from ocr.preprocessing.segmentation.ridges import (
    Ridge,
    find_ridges,
    stroke_edges,
    usual_strength,
)
from ocr.preprocessing.segmentation.rules import cell_walls, find_rules
from ocr.preprocessing.segmentation.scale import body_height
from ocr.preprocessing.shear import shear
from ocr.types import Float32Array, Point

LONGEST_SIDE = 2400  # px on which the ink is judged: 200 dpi of an A4 page
FIRST_GUESS = 100  # text heights along the longest side: 60 to 200 are usual
# On a label or a slide there are fewer, and such large letters are taken for masses: where hardly
# any ink is left, or text larger than guessed, a larger guess may fit and show more.
LARGER, LARGE, FITTING = 3.0, 1.7, 0.55  # times the guess before; of a guess, at most and at least
SCANT, MORE = 0.03, 1.5  # share of the page that is ink; times as much
LEAST_LABEL = 500  # px of the shorter side; a smaller image may be a single figure
THIN = 0.2  # of that guess: a rule that is no small print, whose letters stand as close as dots
LEAST_USUAL = 0.5  # of that guess
DOTS = 1.5  # times as high the writing must be without them
TALL = 2.0  # height of a page to its width; a taller one, as a scroll's, has as many more lines
LARGEST_SIDE = 16_000  # px; OpenCV counts those that it resamples in 16 bits, and they may double
LARGEST_ZOOM = 2.0  # text of fewer than 6 px on the judged copy is not enlarged any further
CLEAR = 0.2  # of the usual strength: a ridge that tells the slope of the page
UPRIGHT = 0.002  # px per px; such a lean is less than a pixel over most rules
HALF_HIT, INK = 0.2, 0.3  # of a pixel that was a rule before it was sheared back; of its ink
LEVELLING = 4.0  # text heights; a shorter ridge tells no slope


@dataclass(frozen=True, slots=True)
class WorkingCopy:
    """Where the writing of a page is, and the way back to the page.

    soft     (H, W) float32, ink of writing 0..1
    barrier  (H, W) upright rules that part cells and columns
    slope    px per px by which the page's lines fall to the right
    page     (width, height) of the page
    scale    page pixels per pixel of the copy, along x and along y
    """

    soft: Float32Array
    barrier: npt.NDArray[np.bool_]
    slope: float
    page: tuple[int, int]
    scale: Point

    def to_page(self, points: Sequence[Point] | Float32Array) -> tuple[Point, ...]:
        """Points of the copy on the page, moved to its edge where they lie beyond."""
        width, height = self.page
        middle, room = self.soft.shape[1] / 2, _room(self.slope, self.soft.shape[1])
        return tuple(
            (
                min(max(float(x) * self.scale[0], 0.0), float(width)),
                min(
                    max((float(y) - room + self.slope * (float(x) - middle)) * self.scale[1], 0.0),
                    float(height),
                ),
            )
            for x, y in points
        )


def working_copy(ink: Float32Array) -> WorkingCopy | None:
    """The working copy of a page, ink (H, W) float32; None for a page without writing."""
    soft = _judged(ink)
    if soft is None:
        return None
    slope = _slope(soft)
    level = shear(soft, -slope, axis=1)
    level_rules, _ = find_rules(level, BODY)
    upright_rules = _upright_rules(level, slope)
    rules = level_rules | upright_rules
    pictures = find_pictures(level, rules, BODY)
    level[rules] = 0
    level[pictures | find_edges(level, BODY)] = 0  # no rule with what touches it is an edge
    height, width = ink.shape
    scale = width / soft.shape[1], height / soft.shape[0]
    walls = cell_walls(upright_rules, BODY)
    return WorkingCopy(level, walls, slope, (width, height), scale)


def _judged(ink: Float32Array) -> Float32Array | None:
    """The page's soft ink, its text ``BODY`` pixels high; None where there is no text."""
    height, width = ink.shape
    pages = max(1.0, height / width / TALL)
    longest = min(pages * LONGEST_SIDE, LARGEST_SIDE)
    coarse = resized(ink, min(1.0, longest / max(ink.shape)))
    guess = max(coarse.shape) / (pages * FIRST_GUESS)
    soft = soft_ink(coarse, guess)
    body = _body(soft, guess)
    doubtful = body is None or body > LARGE * guess or soft.mean() < SCANT
    if doubtful and min(ink.shape) >= LEAST_LABEL:
        for larger in (LARGER * guess, LARGER**2 * guess):
            small = resized(coarse, guess / larger)  # a quick look, in a tenth of the time
            if not _fits(_body(soft_ink(small, guess), guess), guess):
                continue
            shown = soft_ink(coarse, larger)
            found = _body(shown, larger)
            if _fits(found, larger) and (body is None or shown.mean() > MORE * soft.mean()):
                soft, body = shown, found
    return None if body is None else resized(soft, min(LARGEST_ZOOM, BODY / body))


def _fits(body: float | None, guess: float) -> bool:
    return body is not None and FITTING * guess < body <= LARGE * guess


def _body(soft: Float32Array, guess: float) -> float | None:
    """The height of the text; where rules make it out to be far smaller, that without them, for
    the dots of one have a height of their own and more edges than the writing."""
    body = body_height(soft)
    if body is not None and body > LEAST_USUAL * guess:
        return body
    level, upright = find_rules(soft, guess, THIN)
    bare = body_height(np.where(level | upright, np.float32(0), soft))
    return body if bare is None or (body is not None and bare < DOTS * body) else bare


def _upright_rules(level: Float32Array, slope: float) -> npt.NDArray[np.bool_]:
    """Those of the copy, whose shear has levelled the lines and left them leaning as the page."""
    if abs(slope) < UPRIGHT:
        return find_rules(level, BODY)[1]
    _, rules = find_rules(shear(level, slope, axis=0), BODY)
    leaning = shear(rules.astype(np.float32), -slope, axis=0)
    room = (leaning.shape[1] - level.shape[1]) // 2
    return (leaning[:, room : room + level.shape[1]] > HALF_HIT) & (level > INK)


def _slope(soft: Float32Array) -> float:
    """dy/dx of the page's lines: the median of its long ridges by length."""
    edges = stroke_edges(soft)
    ridges = find_ridges(edges, BODY, CLEAR * usual_strength(edges))
    long = [ridge for ridge in ridges if len(ridge.rows) >= LEVELLING * BODY]
    if not long:
        return 0.0
    slopes = np.array([_trend(ridge) for ridge in long])
    order = np.argsort(slopes)
    lengths = np.cumsum([len(long[i].rows) for i in order])
    return float(slopes[order][np.searchsorted(lengths, lengths[-1] / 2)])


def _trend(ridge: Ridge) -> float:
    return float(np.polyfit(np.arange(len(ridge.rows)), ridge.rows, 1)[0])


def _room(slope: float, width: int) -> int:
    """Rows that ``shear`` adds above and below."""
    return math.ceil(abs(slope) * width / 2)
