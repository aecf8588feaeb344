"""How often something happens to a line, and how far it goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Amount:
    """Something that happens with a probability and is 0 when it does not.

    ``low`` and ``high`` are multiplied by the strength, the probability only below 1.
    """

    probability: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator, strength: float = 1.0) -> float:
        if rng.random() >= self.probability * min(1.0, strength):
            return 0.0
        return strength * float(rng.uniform(self.low, self.high))


@dataclass(frozen=True, slots=True)
class Ratio:
    """A factor, 1 when nothing happens; drawn uniformly in its logarithm.

    The strength is an exponent: at 0.5 a range of 0.64..1.44 becomes 0.8..1.2.
    """

    probability: float
    low: float
    high: float

    def draw(self, rng: np.random.Generator, strength: float = 1.0) -> float:
        if rng.random() >= self.probability * min(1.0, strength):
            return 1.0
        return float(np.exp(strength * rng.uniform(np.log(self.low), np.log(self.high))))


NEVER = Amount(0, 0, 0)
UNCHANGED = Ratio(0, 1, 1)
