"""Ink -> a sheet with its neighbours and rules: reflectance 0 (black) to 1 (white).

    sheet = paper * (1 - rules) * (1 - bleed) * (1 - ink (1 - tone))

paper  its grey, mottling, stains, folds     tone  the light that full ink lets through
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ocr.training import distortions as distort
from ocr.training.ranges import NEVER, Amount
from ocr.training.synthesis.chance import Rng
from ocr.training.synthesis.layout import Written
from ocr.types import Float32Array

# x; room that the small letters of the line above and of the line below need.
FEET, HEADS = 0.3, 1.0
# x; by which neighbours may lie further away.
LEADING = 0.8
# Ink below which a row or column counts as blank when a line is cropped; hairlines have more.
BLANK = 0.1
# Pitch of squares and of ruled lines in x-heights; ruled paper is written on its lines.
SQUARES, RULES = (1.1, 2.4), (3.2, 4.5)
# x; of a ruled line below the baseline: letters stand on it, or a little above it.
RULE_BELOW = (-0.1, 0.5)
# Share of the cells that are drawn whole, and of the sides that show of the others.
WHOLE_BOX, SIDE = 0.2, 0.4
# px; printed rules.
RULE_WIDTH_PX = (0.7, 1.8)
# Rules tilt against the text by at most this: px per px, and px at the ends of a long line.
RULE_TILT, RULE_TILT_PX = 0.012, 2.0
# Share of the rules that are dotted, as in forms, and the px of a dot and of its period.
DOTTED, DOT_PX, DOT_PERIOD_PX = 0.1, 2, 5
# A cloud darker than this, 0..1, is a stain; its edge is this many times as steep.
STAINED, STAIN_EDGE = 0.47, 3.0


@dataclass(frozen=True, slots=True)
class Page:
    """Ranges; lengths in x-heights, the rest in shares of the light.

    paper       reflectance of blank paper
    tone        reflectance of full ink as a share of that of the paper
    reversed    white on black
    neighbours  share of lines that are set as close to the lines above and below as they can be,
                or but little wider, so that half of the crops show slices of them
    """

    paper: tuple[float, float] = (0.75, 1.0)
    tone: tuple[float, float] = (0.05, 0.35)
    reversed: bool = False
    neighbours: float = 0.35
    room: Amount = Amount(1, 0.05, 0.9)  # above and below the ink
    ends: Amount = Amount(0.9, 0.1, 1.6)  # before and after the ink
    grain: Amount = NEVER  # fibres
    mottling: Amount = NEVER  # blotches the size of words
    stain: Amount = NEVER
    spots: Amount = NEVER  # foxing, dirt: darkness of up to six
    fold: Amount = NEVER
    bleed: Amount = NEVER  # ink of the other side
    ruled: Amount = NEVER  # ink of a ruled line below the text
    squared: Amount = NEVER  # ink of squares
    cell: Amount = NEVER  # ink of a table's rules or of a box, each side by chance


def least_pitch(line: Written) -> float:
    """px between baselines at which a crop with the usual room shows slices of the neighbours
    and never the small letters of another line, which could be taken for the line itself."""
    top, bottom = _extent(line.ink.max(axis=1))
    above, below = line.baseline - top, bottom - line.baseline
    return max(above + FEET * line.x_height, below + HEADS * line.x_height)


def crop(
    written: Written, others: Float32Array | None, ranges: Page, rng: Rng
) -> tuple[Float32Array, float]:
    """Cut the line out of its sheet as a segmenter does.

    written  the line alone, (H, W)
    others   (H, W) the ink of its neighbours on the same sheet, or None

    Returns (h, w) all ink within the crop, and the row of the line's baseline in it.
    """
    ink, x_height = written.ink, written.x_height
    top, bottom = _extent(ink.max(axis=1))
    left, right = _extent(ink.max(axis=0))
    above, below = (x_height * ranges.room.draw(rng) for _ in range(2))
    before, after = (x_height * ranges.ends.draw(rng) for _ in range(2))
    rows = slice(max(0, round(top - above) - 1), round(bottom + below) + 1)
    columns = slice(max(0, round(left - before) - 1), round(right + after) + 1)
    line = ink[rows, columns]
    if others is not None:
        line = np.maximum(line, _seen(others[rows, columns], rng))
    return np.ascontiguousarray(line), written.baseline - rows.start


def _extent(darkest: Float32Array) -> tuple[int, int]:
    """First inked place and the first after the last; everything where nothing is inked."""
    inked = np.flatnonzero(darkest > BLANK)
    return (int(inked[0]), int(inked[-1]) + 1) if inked.size else (0, len(darkest))


def _seen(others: Float32Array, rng: Rng) -> Float32Array:
    """What a crop along a wavy outline, or a straight one, leaves of the neighbours."""
    if rng.random() < 0.5:
        return others
    height = others.shape[0]
    y = np.arange(height, dtype=np.float32)[:, None]
    reach = 0.25 * height
    upper, lower = (distort.random_curve(rng, -0.4 * reach, reach, others.shape) for _ in "ab")
    return np.asarray(others * ((y >= upper) & (y <= height - lower)), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Lie:
    """How a line lies in its crop: the row of its baseline in the middle, its x-height in px, and
    the px per px that the page falls to the right."""

    baseline: float
    x_height: float
    tilt: float = 0.0


def sheet(ink: Float32Array, lie: Lie, ranges: Page, rng: Rng) -> Float32Array:
    """The reflectance (H, W) of the paper with all that is on it, by its ink (H, W), 0..1."""
    light = _paper(ink.shape, ranges, rng) * np.float32(rng.uniform(*ranges.paper))
    light = light * (1 - _rules(ink.shape, lie, ranges, rng))
    bleed = ranges.bleed.draw(rng)
    if bleed:
        mirrored = np.ascontiguousarray(ink[:, ::-1])  # as the other side shows through
        down, along = (int(rng.integers(side)) for side in ink.shape)
        blurred = distort.blurred(mirrored, rng.uniform(0.8, 2.5))
        other_side = np.roll(blurred, (down, along), (0, 1))
        light = light * (1 - bleed * other_side)
    light = light * (1 - ink * np.float32(1 - rng.uniform(*ranges.tone)))
    return np.asarray(1 - light if ranges.reversed else light, dtype=np.float32)


def _paper(shape: tuple[int, ...], ranges: Page, rng: Rng) -> Float32Array:
    """(H, W) about 1: fibres, blotches, stains, spots, a fold."""
    height, width = shape
    paper = np.ones((height, width), dtype=np.float32)
    grain, mottling = ranges.grain.draw(rng), ranges.mottling.draw(rng)
    if grain:
        paper += distort.texture(rng, grain, shape)
    if mottling:
        paper -= mottling * _clouds(shape, 1.2, rng)
    stain = ranges.stain.draw(rng)
    if stain:
        above = _clouds(shape, 3.0, rng) - np.float32(STAINED)
        paper *= 1 - stain * np.clip(STAIN_EDGE * above, 0, 1)
    spots = ranges.spots.draw(rng)
    if spots:
        paper *= 1 - spots * _spots(height, width, rng)
    fold = ranges.fold.draw(rng)
    if fold:
        x = np.arange(width, dtype=np.float32) - rng.uniform(0, width)
        lean = rng.uniform(-0.1, 0.1) * np.arange(height, dtype=np.float32)[:, None]
        paper *= 1 - fold * np.exp(-np.square((x + lean) / rng.uniform(1, 5)))
    return paper


def _clouds(shape: tuple[int, ...], size: float, rng: Rng) -> Float32Array:
    """(H, W) smooth values 0..1 whose patches are about ``size`` line heights wide."""
    height, width = shape
    points = (4, 4 + int(width / (size * height)))
    return distort.spline_surface(rng.random(points, dtype=np.float32), (height, width))


def _spots(height: int, width: int, rng: Rng) -> Float32Array:
    """(H, W) 0..1: one to six soft round spots."""
    drawn = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(rng.integers(1, 7))):
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        cv2.circle(drawn, centre, int(rng.integers(1, 6)), rng.uniform(0.3, 1), -1)
    return distort.blurred(drawn, rng.uniform(0.7, 2))


def _rules(shape: tuple[int, ...], lie: Lie, ranges: Page, rng: Rng) -> Float32Array:
    """(H, W) ink of ruled or squared paper and of cells."""
    height, width = shape
    x_height, baseline, tilt = lie.x_height, lie.baseline, lie.tilt
    rules = np.zeros((height, width), dtype=np.float32)
    ruled, squared = ranges.ruled.draw(rng), ranges.squared.draw(rng)
    if ruled:
        pitch = x_height * rng.uniform(*RULES)
        below = baseline + x_height * rng.uniform(*RULE_BELOW)
        for row in np.arange(below % pitch, height, pitch):
            rules = _rule(rules, row, tilt, ruled, rng)
    if squared:
        pitch = x_height * rng.uniform(*SQUARES)
        for row in np.arange(rng.uniform(0, pitch), height, pitch):
            rules = _rule(rules, row, tilt, squared, rng)
        lean = tilt * np.arange(height, dtype=np.float32)[:, None]  # (H, 1)
        x = (np.arange(width, dtype=np.float32) + lean + rng.uniform(0, pitch)) % pitch - pitch / 2
        cover = np.clip(rng.uniform(*RULE_WIDTH_PX) / 2 + 0.5 - np.abs(x), 0, 1)
        rules = np.maximum(rules, np.float32(squared) * cover.astype(np.float32))
    cell = ranges.cell.draw(rng)
    return _with_cell(rules, tilt, cell, rng) if cell else rules


def _rule(rules: Float32Array, row: float, tilt: float, ink: float, rng: Rng) -> Float32Array:
    """With a line at ``row`` in the middle, unevenly inked, sometimes dotted."""
    width = rules.shape[1]
    steepest = min(RULE_TILT * width / 2, RULE_TILT_PX)
    fall = tilt * width / 2 + rng.uniform(-steepest, steepest)
    rows = np.linspace(row - fall, row + fall, width, dtype=np.float32)
    inks = distort.random_curve(rng, 0.6 * ink, ink, rules.shape)
    if rng.random() < DOTTED:
        inks = inks * (np.arange(width) % DOT_PERIOD_PX < DOT_PX)
    return distort.ruled(rules, rows, inks.astype(np.float32), rng.uniform(*RULE_WIDTH_PX))


def _with_cell(rules: Float32Array, tilt: float, ink: float, rng: Rng) -> Float32Array:
    """With the sides of a cell or a box near the edges of the crop."""
    height, width = rules.shape
    thickness = int(rng.integers(1, 4))
    left, right = int(rng.integers(0, 4)), width - 1 - int(rng.integers(0, 4))
    top, bottom = int(rng.integers(0, 3)), height - 1 - int(rng.integers(0, 3))
    level = ((left, top), (right, top), (right, bottom), (left, bottom))
    corners = [(x, y + round(tilt * (x - width / 2))) for x, y in level]
    whole = rng.random() < WHOLE_BOX
    for number, corner in enumerate(corners):
        if whole or rng.random() < SIDE:
            cv2.line(rules, corner, corners[(number + 1) % 4], ink, thickness)
    return rules
