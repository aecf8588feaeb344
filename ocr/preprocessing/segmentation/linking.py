"""Pieces of ridges -> whole lines: each piece goes on in the one that best continues it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ocr.preprocessing.segmentation.ridges import Ridge
from ocr.types import Float32Array

Judge = Callable[[Ridge, Ridge], bool]
"""Whether a piece may go on in another, to its right."""

APART = 1.3  # text heights between lines, at least: 2 are usual, insertions stand closer
FAINT, FAINT_APART = 0.45, 1.7
"""A ridge of less than ``FAINT`` of its neighbour's strength keeps this distance, in text heights:
rows of ascenders stand halfway between lines that are set close."""
BEATEN = 0.5  # share of a ridge's length along stronger ones that makes it their echo
COARSE_HANDICAP = 0.75  # of a ridge's strength: large type must show clearly
LONG = 6.0  # text heights; a shorter ridge counts for less
END = 3.0  # text heights at a piece's end that tell its row
TREND = 6.0  # text heights at a piece's end that tell its slope
STEEPEST = 0.1  # px per px, residual slope of a line on a level page
OFFSET = 0.8  # text heights between the rows of two pieces of a line
OVERLAP = 4.0  # text heights along which a line may be seen twice, an ascender above its body
GAP_COST, OVERLAP_COST = 0.15, 0.3  # text heights of offset that one along the line is worth
SAME_SIZE = 2.0  # ratio of the text heights found along a line: titles lie between two sizes


def without_echoes(ridges: Sequence[Ridge], body: float) -> list[Ridge]:
    """The ridges without those that run beside stronger ones: rows of ascenders, the upper and
    lower edges of large type, two lines seen as one."""
    ranked = sorted(ridges, key=lambda ridge: -_weight(ridge, body))
    kept: list[int] = []
    parts: list[Ridge] = []
    rivals = _rivals(ranked)
    for i, ridge in enumerate(ranked):
        beaten = np.zeros(len(ridge.rows), bool)
        for other in (ranked[j] for j in kept if rivals[i, j]):
            start, end = max(ridge.left, other.left), min(ridge.right, other.right)
            faint = ridge.strength.mean() < FAINT * other.strength.mean()
            apart = (FAINT_APART if faint else APART) * (ridge.body + other.body) / 2
            distance = np.abs(ridge.between(start, end) - other.between(start, end))
            beaten[start - ridge.left : end - ridge.left] |= distance < apart
        if beaten.mean() < BEATEN:
            kept.append(i)
            parts += ridge.parts(~beaten)
    return parts


def _weight(ridge: Ridge, body: float) -> float:
    share = min(1.0, len(ridge.rows) / (LONG * body))
    scale = ridge.body / body  # type of twice the size has half as many edges in as much room
    handicap = COARSE_HANDICAP * scale**0.5 if scale > 1 else 1.0
    return float(ridge.strength.mean()) * share * handicap


def _rivals(ridges: Sequence[Ridge]) -> npt.NDArray[np.bool_]:
    """(N, N): whether two ridges may come close, by the boxes around them."""
    left, right = (np.array([[getattr(r, side)] for r in ridges]) for side in ("left", "right"))
    reach = np.array([[FAINT_APART * ridge.body] for ridge in ridges])
    top = np.array([[ridge.rows.min()] for ridge in ridges]) - reach
    bottom = np.array([[ridge.rows.max()] for ridge in ridges]) + reach
    beside = (left < right.T) & (right > left.T)
    return np.asarray(beside & (top < bottom.T) & (bottom > top.T))


def link(pieces: Sequence[Ridge], may_follow: Judge) -> list[Ridge]:
    """Join pieces, the best continuation first; each has at most one on either side."""
    costs = _costs(pieces)
    candidates = np.argwhere(np.isfinite(costs))
    following: dict[int, int] = {}
    followers: set[int] = set()
    for i, j in candidates[np.argsort(costs[tuple(candidates.T)], kind="stable")].tolist():
        if i not in following and j not in followers and may_follow(pieces[i], pieces[j]):
            following[i] = j
            followers.add(j)
    lines = []
    for first in (i for i in range(len(pieces)) if i not in followers):
        line, last = pieces[first], first
        while last in following:
            last = following[last]
            line = _joined(line, pieces[last])
        lines.append(line)
    return lines


def _costs(pieces: Sequence[Ridge]) -> npt.NDArray[np.float64]:
    """(N, N): how badly the second piece continues the first to the right, in text heights;
    infinite where it does not."""
    left, right, body = (
        np.array([getattr(piece, name) for piece in pieces], float)
        for name in ("left", "right", "body")
    )
    heads = np.array([_start(piece.rows, piece.body) for piece in pieces]).reshape(-1, 2)
    tails = np.array([_start(piece.rows[::-1], piece.body) for piece in pieces]).reshape(-1, 2)
    small = np.minimum(body[:, None], body)
    large = np.maximum(body[:, None], body)
    gap = (left - right[:, None]) / large
    slope = np.clip((heads[:, 1] - tails[:, 1, None]) / 2, -STEEPEST, STEEPEST)
    fall = heads[:, 0] - tails[:, 0, None]
    course = fall - slope * (np.maximum(gap, 0) + END) * large
    offset = np.minimum(np.abs(fall), np.abs(course)) / small
    onward = (left[:, None] < left) & (right[:, None] < right) & (gap >= -OVERLAP)
    fits = onward & (large <= SAME_SIZE * small) & (offset <= OFFSET)
    cost = offset + GAP_COST * np.maximum(gap, 0) + OVERLAP_COST * np.maximum(-gap, 0)
    return np.where(fits, cost, np.inf)


def _start(rows: Float32Array, body: float) -> tuple[float, float]:
    """(row, slope) at the beginning of ``rows``."""
    trend = rows[: round(TREND * body)]
    slope = float(np.polyfit(np.arange(len(trend)), trend, 1)[0]) if len(trend) > body else 0.0
    return float(np.median(rows[: round(END * body)])), slope


def _joined(line: Ridge, piece: Ridge) -> Ridge:
    """One ridge of two; straight over a gap, sliding over where they overlap."""
    gap = piece.left - line.right
    if gap >= 0:
        bridge = np.linspace(line.rows[-1], piece.rows[0], gap + 2, dtype=np.float32)[1:-1]
        rows = np.concatenate([line.rows, bridge, piece.rows])
        strength = np.concatenate([line.strength, np.zeros(gap, np.float32), piece.strength])
    else:
        share = np.linspace(0, 1, -gap, dtype=np.float32)
        slide = line.rows[gap:] * (1 - share) + piece.rows[:-gap] * share
        rows = np.concatenate([line.rows[:gap], slide, piece.rows[-gap:]])
        strength = np.concatenate([line.strength, piece.strength[-gap:]])
    return Ridge(line.left, rows, strength, max(line.body, piece.body))
