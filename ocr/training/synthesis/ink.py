"""Drawn letters -> what pens, presses, ribbons and print heads leave of them on the sheet.

Every step takes ink (H, W) float32 0..1 and returns a new one. Ink spreads as a threshold on a
blurred line: where the threshold is low the stroke is bold, where it wavers the edge is ragged.

    out = clip(hardness (blur(ink) - level) + 1/2)        level = threshold + waver + grain
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from ocr.training import distortions as distort
from ocr.training.ranges import NEVER, UNCHANGED, Amount, Ratio
from ocr.training.synthesis.chance import Rng
from ocr.types import Float32Array

# Blurred ink at the edge of a stroke is a half; a hairline of one px keeps about a third.
THRESHOLD = 0.36
# Each takes 2 px from a stroke; the boldest faces have strokes of 8.
MOST_EROSIONS = 3
# Angle of a nib in degrees from the writing line, as taught for broad pens.
NIB_DEGREES = (20.0, 55.0)
# Heights of the line; from one dip of the pen to the next.
DIP = (2.5, 12.0)
# Radius of a needle's dot in pitches: neighbouring dots touch at 1/2.
DOT_RADIUS = (0.45, 0.62)
# Share of its ink that every stroke keeps, however worn: a reader must still see it, and in black
# and white it must not fall below the threshold.
PALEST, PALEST_IN_BLACK_AND_WHITE = 0.5, 0.75
# Share of the elements of a worn thermal head that heat too little.
DEAD = 0.06
# Ink that a cell of a print head's grid needs before its needle strikes.
STRUCK = 0.3


@dataclass(frozen=True, slots=True)
class Ink:
    """Ranges; px are of the page as drawn, where an x-height has about 17."""

    thickness: Amount = NEVER  # px; of the strokes, which are thinned to about that
    nib: Amount = NEVER  # px; length of a broad nib's edge
    dots: Amount = NEVER  # px; pitch of a print head's needles
    spread: Amount = NEVER  # px; sigma by which ink creeps into the paper
    weight: Amount = NEVER  # of the threshold; positive is bolder
    waver: Amount = NEVER  # of the threshold along the line: pressure of hand and press
    ragged: Amount = NEVER  # of the threshold from point to point: rough paper
    hardness: Ratio = UNCHANGED  # of the edges, as a factor of 2.5 per unit of ink
    ghost: Amount = NEVER  # ink of a second, shifted strike
    fading: Amount = NEVER  # share of ink lost along the line, here and there
    dips: Amount = NEVER  # share of ink lost until the pen is dipped again
    grain: Amount = NEVER  # share of ink lost in spots: pencil on paper, a ribbon's weave
    streaks: Amount = NEVER  # share of ink lost in columns: dead elements of a thermal head
    screen: Amount = NEVER  # px; pitch of a half-tone screen


def inked(ink: Float32Array, ranges: Ink, rng: Rng, palest: float = PALEST) -> Float32Array:
    """(H, W) drawn letters -> (H, W) ink on the sheet, 0..1. ``palest``: share of its ink that a
    stroke keeps, however worn."""
    worn = partial(_worn, palest=palest)
    for step in (_thinned, _nib, _needles, _pressed, _ghost, worn, _screened):
        ink = step(ink, ranges, rng)
    return np.asarray(np.clip(ink, 0, 1), dtype=np.float32)


def _thinned(ink: Float32Array, ranges: Ink, rng: Rng) -> Float32Array:
    """Bold faces as a finer pen writes them; hairlines stay as they are.

    A stroke has two edges, so its thickness is twice the area of the ink over the length of
    its outline; each erosion takes a px from either edge.
    """
    wanted = ranges.thickness.draw(rng)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for _ in range(MOST_EROSIONS if wanted else 0):
        eroded = np.asarray(cv2.erode(ink, cross), dtype=np.float32)
        dilated = np.asarray(cv2.dilate(ink, cross), dtype=np.float32)
        outline = float((dilated - eroded).sum()) / 2
        if 2 * float(ink.sum()) <= (wanted + 1) * outline:
            break
        hairlines = ink - np.asarray(cv2.dilate(eroded, cross), dtype=np.float32)
        ink = np.maximum(eroded, hairlines)
    return ink


def _nib(ink: Float32Array, ranges: Ink, rng: Rng) -> Float32Array:
    """A broad nib: strokes across its edge are wide, strokes along it stay thin."""
    length = ranges.nib.draw(rng)
    if not length:
        return ink
    angle = np.deg2rad(rng.uniform(*NIB_DEGREES))
    right, up = (round(length / 2 * float(part)) for part in (np.cos(angle), np.sin(angle)))
    edge = np.zeros((2 * up + 1, 2 * right + 1), dtype=np.uint8)
    cv2.line(edge, (0, 2 * up), (2 * right, 0), 1)
    return np.asarray(cv2.dilate(ink, edge), dtype=np.float32)


def _needles(ink: Float32Array, ranges: Ink, rng: Rng) -> Float32Array:
    """A dot-matrix printer: the letters sampled on a grid, and a round dot for every cell."""
    pitch = ranges.dots.draw(rng)
    if not pitch:
        return ink
    height, width = ink.shape
    cells = (max(1, round(width / pitch)), max(1, round(height / pitch)))
    struck = cv2.resize(ink, cells, interpolation=cv2.INTER_AREA) > STRUCK
    return _dots(struck.astype(np.float32), (height, width), float(rng.uniform(*DOT_RADIUS)))


def _dots(cells: Float32Array, shape: tuple[int, int], radius: float) -> Float32Array:
    """A dot of ``radius`` cells in the middle of every cell, as dark as the cell, (H, W)."""
    height, width = shape
    pitch = height / cells.shape[0]
    down, across = (
        np.square((np.arange(n, dtype=np.float32) + 0.5) / n * k % 1 - 0.5)
        for n, k in zip(shape, cells.shape, strict=True)
    )
    distance = np.sqrt(down[:, None] + across)  # in cells
    dot = np.clip((radius - distance) * pitch + 0.5, 0, 1)
    tone = cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(tone * dot, dtype=np.float32)


def _pressed(ink: Float32Array, ranges: Ink, rng: Rng) -> Float32Array:
    """Ink that spreads, bolder or lighter along the line, with rough edges."""
    spread = ranges.spread.draw(rng)
    if not spread:
        return ink
    waver, ragged = ranges.waver.draw(rng), ranges.ragged.draw(rng)
    level = distort.random_curve(rng, -waver, waver, ink.shape)
    level = level + np.float32(THRESHOLD - ranges.weight.draw(rng))
    if ragged:
        level = level + distort.texture(rng, ragged, ink.shape)
    hardness = np.float32(2.5 * ranges.hardness.draw(rng))
    level = np.maximum(level, np.float32(0.5) / hardness)  # else bare paper would be inked
    pressed = (distort.blurred(ink, spread) - level) * hardness + np.float32(0.5)
    return np.asarray(np.clip(pressed, 0, 1), dtype=np.float32)


def _ghost(ink: Float32Array, ranges: Ink, rng: Rng) -> Float32Array:
    """A type that bounced, a sheet that slipped."""
    strength = ranges.ghost.draw(rng)
    if not strength:
        return ink
    right, down = rng.integers(-2, 3, size=2)
    second = np.roll(ink, (int(down), int(right)), (0, 1)) * np.float32(strength)
    return np.asarray(np.maximum(ink, second), dtype=np.float32)


def _worn(ink: Float32Array, ranges: Ink, rng: Rng, palest: float) -> Float32Array:
    """Ink that gives out: along the line, from dip to dip, in spots, in streaks."""
    height, width = ink.shape
    fading, dips, grain, streaks = (
        min(1.0, amount.draw(rng))
        for amount in (ranges.fading, ranges.dips, ranges.grain, ranges.streaks)
    )
    left = distort.random_curve(rng, 1 - fading, 1, ink.shape)[None, :]  # share, (1, W) or (H, W)
    if dips:
        period = height * rng.uniform(*DIP)
        spent = (np.arange(width, dtype=np.float32) + rng.uniform(0, period)) % period / period
        left = left * (1 - np.float32(dips) * spent**2)
    if grain:
        spots = rng.random((height // 2 + 1, width // 2 + 1), dtype=np.float32)
        left = left * (1 - np.float32(grain) * cv2.resize(spots, (width, height)))
    if streaks:  # the paper moves past a row of elements, so that each leaves a line down it
        dead = rng.random((1, width), dtype=np.float32) < DEAD
        left = left * (1 - np.float32(streaks) * dead)
    return np.asarray(ink * np.maximum(left, np.float32(palest)), dtype=np.float32)


def _screened(ink: Float32Array, ranges: Ink, rng: Rng) -> Float32Array:
    """A half-tone screen at an angle: solid ink becomes dots that nearly meet.

    The screen is (cos u + cos v) / 2 on axes u, v turned against the paper's x, y; since
    cos(ax + by) = cos ax cos by - sin ax sin by, cosines are needed on the axes alone.
    """
    pitch = ranges.screen.draw(rng)
    if not pitch:
        return ink
    angle = np.deg2rad(rng.uniform(10, 80))
    across, down = 2 * np.pi / pitch * np.array([np.cos(angle), np.sin(angle)])
    y, x = (np.arange(n, dtype=np.float32) for n in ink.shape)
    screen = np.zeros(ink.shape, dtype=np.float32)
    for a, b in ((across, down), (down, -across)):
        screen += np.outer(np.cos(b * y), np.cos(a * x)) - np.outer(np.sin(b * y), np.sin(a * x))
    tone = ink * np.float32(rng.uniform(0.72, 0.92))
    dots = (tone - np.float32(0.5) + screen / 4) * np.float32(pitch) + np.float32(0.5)
    return np.asarray(np.clip(dots, 0, 1) * ink, dtype=np.float32)
