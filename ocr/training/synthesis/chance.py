"""Random choices from tables. All of them follow from the generator that is passed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
Rng = np.random.Generator


def pick(rng: Rng, choices: Sequence[T]) -> T:
    """One of the choices, each as likely."""
    return choices[int(rng.integers(len(choices)))]


def weighted(rng: Rng, choices: Sequence[tuple[float, T]]) -> T:
    """One of the choices, as likely as its share >= 0 of the sum."""
    place = rng.uniform(0, sum(share for share, _ in choices))
    for share, choice in choices:
        place -= share
        if place < 0:
            return choice
    return choices[-1][1]
