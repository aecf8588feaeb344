"""How often the lines of each source come, so that no large collection drowns the rest.

In an epoch of as many lines as there are, a source with n of them has a share proportional to

    weight * n ** balance

with balance 1 and equal weights every line comes once, with 0 all sources have the same share.
Within its source every line comes equally often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ocr.types import IntArray


@dataclass(frozen=True, slots=True)
class Sources:
    """of_line: number of the source of each training line; empty where all are of one.
    weights: of each source; empty where all weigh the same."""

    of_line: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()


class Draw:
    """The lines of each epoch.

    members  (lines,) indices of the lines to draw from
    sources  number of each line's source, and the weights of the sources; see ``Sources``
    balance  0..1
    """

    def __init__(self, members: IntArray, sources: Sources, balance: float, seed: int) -> None:
        self.seed = seed
        if balance == 1 and not sources.weights:
            sources = Sources()
        numbers = np.array(sources.of_line or [0] * len(members))
        present = np.unique(numbers)
        self.parts = [members[numbers == number] for number in present]
        weights = [sources.weights[number] if sources.weights else 1.0 for number in present]
        self.quotas = shares([len(part) for part in self.parts], balance, weights)

    def epoch(self, number: int) -> IntArray:
        """(lines,) indices, one source after the other; some twice where a source is raised."""
        drawn = [
            self._passes(group, number * quota, quota) for group, quota in enumerate(self.quotas)
        ]
        return np.concatenate(drawn)

    def _passes(self, group: int, start: int, count: int) -> IntArray:
        """``count`` lines from place ``start`` of an endless series of passes over a source,
        each in an order of its own."""
        part = self.parts[group]
        first, last = start // len(part), (start + count - 1) // len(part)
        passes = [
            np.random.default_rng((self.seed, group, turn)).permutation(part)
            for turn in range(first, last + 1)
        ]
        begin = start - first * len(part)
        return np.concatenate(passes)[begin : begin + count]


def with_as_many(sources: Sources, lines: int, balance: float) -> Sources:
    """The sources and one more, of so many lines, that has the share of all others together, or a
    smaller one, so that none of its lines comes more often than those usually do."""
    if not lines:
        return sources
    sizes = Counter(sources.of_line)
    weights = sources.weights or (1.0,) * (max(sizes) + 1)
    others = sum(weights[number] * size**balance for number, size in sizes.items())
    of_line = (*sources.of_line, *[len(weights)] * lines)
    share = others * min(1.0, lines / sizes.total())
    return Sources(of_line, (*weights, share / lines**balance))


def shares(sizes: Sequence[int], balance: float, factors: Sequence[float]) -> list[int]:
    """Lines of each source in an epoch, at least one and in sum as many as ``sizes``: the parts
    proportional to factor * size ** balance, rounded so that the running sum is never off by
    more than half a line."""
    weights = np.array(factors) * np.array(sizes, np.float64) ** balance
    spare = sum(sizes) - len(sizes)  # what is left to share out after one for each
    edges = np.rint(spare * np.cumsum(weights) / weights.sum()).astype(int)
    return [1 + int(count) for count in np.diff(edges, prepend=0)]
