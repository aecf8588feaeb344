"""The lines of writing on a working copy: ridges of several sizes, cleaned and linked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np

from ocr.preprocessing.segmentation import BODY
from ocr.preprocessing.segmentation.columns import WORD_GAP, Columns
from ocr.preprocessing.segmentation.linking import link, without_echoes
from ocr.preprocessing.segmentation.neighbours import NONE, lines_above, middles_of
from ocr.preprocessing.segmentation.ridges import Ridge, find_ridges, stroke_edges, usual_strength
from ocr.preprocessing.segmentation.workingcopy import WorkingCopy
from ocr.types import Float32Array

SIZES = (1, 2, 4)  # of type, in text heights: titles are rarely larger
FAINTEST = 0.1  # of the usual strength, anywhere in a line
CLEAREST = 0.3  # of the usual strength, somewhere in every line
GRAIN = 0.015  # stroke edges per pixel that no line falls short of: one letter per 10 heights
INSERTION = 3.0  # text heights: the shortest word that stands close to a line
ROOM = 1.7  # text heights between the middles of lines that do not touch
SPACING = 2.5  # text heights between lines, at least, where they are of one size
STRAY = 3.0  # text heights from a line within which a lone letter or figure is part of it
WEIGHT = 0.5  # text heights of usual strength that make a line


def find_lines(copy: WorkingCopy) -> list[Ridge]:
    """The middles of the lines, in no order."""
    edges = stroke_edges(copy.soft)
    usual = usual_strength(edges)
    ridges = _ridges(edges, max(GRAIN, FAINTEST * usual))
    pieces = without_echoes([part for ridge in ridges for part in _inked(ridge, copy)], BODY)
    words = link(pieces, Columns(pieces, copy.barrier).within_words)
    words = [word for word in words if not _is_crowded(word, words)]
    clear = [word for word in words if _is_line(word, usual)]
    columns = Columns(clear, copy.barrier)
    lines = link(clear, columns.within_column)
    strays = [word for word in words if not _is_line(word, usual)]

    def is_near(piece: Ridge, other: Ridge) -> bool:
        gap = other.left - piece.right
        return gap <= STRAY * max(piece.body, other.body) and columns.within_column(piece, other)

    found = [line for line in link(lines + strays, is_near) if _is_line(line, usual)]
    return _with_room(found, copy.soft.shape[1])


def _ridges(edges: Float32Array, least: float) -> Iterator[Ridge]:
    """Ridges of every size; large ones are found on a smaller copy."""
    height, width = edges.shape
    for size in SIZES:
        shape = max(1, width // size), max(1, height // size)
        small = np.asarray(cv2.resize(edges, shape, interpolation=cv2.INTER_AREA), np.float32)
        for ridge in find_ridges(small, BODY, least):
            yield ridge if size == 1 else _enlarged(ridge, size, width)


def _enlarged(ridge: Ridge, size: int, width: int) -> Ridge:
    """The ridge of a copy ``size`` times smaller."""
    columns = np.arange(ridge.left * size, min(ridge.right * size, width))
    places = (columns + 0.5) / size - 0.5 - ridge.left
    rows = np.interp(places, np.arange(len(ridge.rows)), (ridge.rows + 0.5) * size - 0.5)
    strength = np.repeat(ridge.strength, size)[: len(columns)]
    return Ridge(ridge.left * size, rows.astype(np.float32), strength, ridge.body * size)


def _inked(ridge: Ridge, copy: WorkingCopy) -> Iterator[Ridge]:
    """The parts of a ridge that have ink, between upright rules: its blur reaches further."""
    offsets = np.arange(-round(ridge.body / 2), round(ridge.body / 2) + 1)[:, None]
    rows = np.clip(np.rint(ridge.rows).astype(np.int64) + offsets, 0, len(copy.soft) - 1)
    columns = np.arange(ridge.left, ridge.right)
    barred = copy.barrier[rows, columns].all(axis=0)
    inked = (copy.soft[rows, columns] > 0.5).any(axis=0)
    for cell in ridge.parts(~barred):
        within = slice(cell.left - ridge.left, cell.right - ridge.left)
        yield from cell.parts(inked[within], WORD_GAP * ridge.body)


def _with_room(lines: Sequence[Ridge], width: int) -> list[Ridge]:
    """The lines, none with larger text than the distance to its neighbours has room for."""
    middles = middles_of(lines, width)
    above = lines_above(middles)
    room = np.full(len(lines), np.inf)
    for i, line in enumerate(lines):
        for j in set(above[i, line.left : line.right].tolist()) - {NONE}:
            start, end = max(line.left, lines[j].left), min(line.right, lines[j].right)
            distance = float(np.median(line.between(start, end) - lines[j].between(start, end)))
            room[[i, j]] = np.minimum(room[[i, j]], distance / SPACING)
    bodies = [min(line.body, max(BODY, most)) for line, most in zip(lines, room, strict=True)]
    return [replace(line, body=body) for line, body in zip(lines, bodies, strict=True)]


def _is_line(ridge: Ridge, usual: float) -> bool:
    scale = ridge.body / BODY  # type of twice the size has half as many edges in as much room
    clear = scale * ridge.strength.max() >= CLEAREST * usual
    return bool(clear and scale * ridge.strength.sum() >= WEIGHT * BODY * usual)


def _is_crowded(ridge: Ridge, others: Sequence[Ridge]) -> bool:
    """Whether it is a few letters' tips rather than a word between the lines."""
    if len(ridge.rows) >= INSERTION * ridge.body:
        return False
    middle = ridge.left + len(ridge.rows) // 2
    row = float(np.median(ridge.rows))
    return any(
        other.left <= middle < other.right
        and len(other.rows) > 2 * len(ridge.rows)
        and abs(float(other.rows[middle - other.left]) - row) < ROOM * (ridge.body + other.body) / 2
        for other in others
        if other is not ridge
    )
