"""Reading order: blocks of lines one below the other, and the order of the blocks.

A line continues the block of the line above it if each is the other's only neighbour there.
Where lines fork, as below a heading over two columns or around a note between the lines, new
blocks begin.

The longest run of blocks that a gutter parts into a left and a right side is read side after
side: the facing pages of a book, columns between a head and a foot (a cut of Nagy & Seth 1984,
"Hierarchical representation of optically scanned documents"). Where there is no gutter, of two
blocks that stand one below the other the upper one is read first, of two that stand side by side
the left one. The relation is sorted topologically, as by Breuel (2003, "High performance document
layout analysis"); where it runs in a circle the topmost goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocr.preprocessing.segmentation.neighbours import NONE, lines_above, middles_of
from ocr.preprocessing.segmentation.ridges import Ridge

CONTACT = 2.0  # text heights along which lines must face each other to be neighbours
PARAGRAPH = 9.0  # text heights between lines of a block, at most: about three lines
COLUMN = 0.25  # share of the narrower block's width: with less in common they are side by side
MANY = 60  # blocks that may lie above and below a gutter: to try more, as on a map, takes long
FACING = 0.5  # share of the longer side of a gutter along which the other one must face it: a
# note in the margin does not, and is read after the head of the text beside it


@dataclass(frozen=True, slots=True)
class Block:
    """Indices of lines from top to bottom, and the box around their middles."""

    lines: tuple[int, ...]
    left: float
    top: float
    right: float
    bottom: float

    def precedes(self, other: Block) -> bool:
        """Whether it is read before the other."""
        common = min(self.right, other.right) - max(self.left, other.left)
        narrower = min(self.right - self.left, other.right - other.left)
        beside = self.top <= other.bottom and other.top <= self.bottom
        if beside and common < COLUMN * narrower:
            return self.left < other.left
        return self.top + self.bottom < other.top + other.bottom


def reading_order(lines: Sequence[Ridge], width: int) -> list[tuple[int, ...]]:
    """The blocks in the order of reading, each the indices of its lines."""
    return [block.lines for block in _ordered(_blocks(lines, width))]


def _ordered(blocks: Sequence[Block]) -> list[Block]:
    """The blocks in the order of reading; two alone need no gutter to be told apart."""
    downwards = sorted(blocks, key=lambda block: (block.top + block.bottom, block.left))
    shortest = max(3, len(blocks) - MANY)
    for length in range(len(blocks), shortest - 1, -1):
        for start in range(len(blocks) - length + 1):
            run = slice(start, start + length)
            if sides := _sides(downwards[run]):
                above, below = downwards[:start], downwards[run.stop :]
                return [b for part in (above, *sides, below) for b in _ordered(part)]
    return _topological(blocks)


def _sides(blocks: Sequence[Block]) -> tuple[list[Block], list[Block]] | None:
    """The blocks to the left and to the right of a gutter that none of them crosses; None where
    there is none or its sides do not face each other."""
    rightwards = sorted(blocks, key=lambda block: block.left)
    reached = rightwards[0].right
    for number, block in enumerate(rightwards[1:], start=1):
        if reached <= block.left and _face(rightwards[:number], rightwards[number:]):
            return rightwards[:number], rightwards[number:]
        reached = max(reached, block.right)
    return None


def _face(left: Sequence[Block], right: Sequence[Block]) -> bool:
    """Whether one side stands beside the larger part of the other, from top to bottom."""
    tops, bottoms = zip(
        *((min(b.top for b in side), max(b.bottom for b in side)) for side in (left, right)),
        strict=True,
    )
    longer = max(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return bool(min(bottoms) - max(tops) >= FACING * longer)


def _topological(blocks: Sequence[Block]) -> list[Block]:
    waiting = sorted(blocks, key=lambda block: (block.top, block.left))
    ordered = []
    while waiting:
        first = next(
            (b for b in waiting if not any(o.precedes(b) for o in waiting if o is not b)),
            waiting[0],
        )
        waiting.remove(first)
        ordered.append(first)
    return ordered


def _blocks(lines: Sequence[Ridge], width: int) -> list[Block]:
    above = _neighbours_above(lines, width)
    below: list[list[int]] = [[] for _ in lines]
    for i, neighbours in enumerate(above):
        for j in neighbours:
            below[j].append(i)
    follower: dict[int, int] = {}
    for i, neighbours in enumerate(above):
        if len(neighbours) == 1 and below[j := min(neighbours)] == [i]:
            distance = float(np.mean(lines[i].rows) - np.mean(lines[j].rows))
            if distance < PARAGRAPH * max(lines[i].body, lines[j].body):
                follower[j] = i
    blocks = []
    for first in (i for i in range(len(lines)) if i not in set(follower.values())):
        chain = [first]
        while chain[-1] in follower:
            chain.append(follower[chain[-1]])
        blocks.append(_block(chain, lines))
    return blocks


def _neighbours_above(lines: Sequence[Ridge], width: int) -> list[set[int]]:
    """For each line the next ones above it, but for those seen past the ends of these."""
    above = lines_above(middles_of(lines, width))
    neighbours: list[set[int]] = []
    for i, line in enumerate(lines):
        found, columns = np.unique(above[i, line.left : line.right], return_counts=True)
        contact = min(CONTACT * line.body, len(line.rows) / 2)
        neighbours.append(set(found[(found != NONE) & (columns >= contact)].tolist()))
    higher: dict[int, set[int]] = {}  # all that lead down to a line
    for i in sorted(range(len(lines)), key=lambda i: float(np.mean(lines[i].rows))):
        past = set().union(*(higher.get(j, ()) for j in neighbours[i]))
        higher[i] = neighbours[i] | past
        neighbours[i] -= past
    return neighbours


def _block(chain: Sequence[int], lines: Sequence[Ridge]) -> Block:
    members = [lines[i] for i in chain]
    return Block(
        tuple(chain),
        min(line.left for line in members),
        min(float(np.mean(line.rows)) - line.body / 2 for line in members),
        max(line.right for line in members),
        max(float(np.mean(line.rows)) + line.body / 2 for line in members),
    )
