"""Squashing functions: bounded, differentiable, all of one family.

    s(x) = A tanh(B x),     s'(x) = B (A - s(x)^2 / A)

    A = 1, B = 1      tanh(x)
    A = 1, B = 1/2    2 / (1 + e^-x) - 1, range (-1, 1)
    A = 2, B = 1/2    4 / (1 + e^-x) - 2, range (-2, 2)

since 2 / (1 + e^-x) - 1 = tanh(x / 2).
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Squashing:
    """s(x) = scale tanh(slope x), elementwise."""

    scale: float
    slope: float

    def __call__(self, x: Tensor) -> Tensor:
        """The value at x, any shape."""
        value = (x if self.slope == 1 else x * self.slope).tanh()
        return value if self.scale == 1 else value * self.scale

    def derivative(self, value: Tensor) -> Tensor:
        """s'(x) from the value s(x)."""
        return self.slope * (self.scale - value * value / self.scale)


# Which of the two is g and which h the paper of 1997 says both ways: here as in its table 10 and in
# the lectures; by its equations 4 and 5, and in its experiments, exchanged.
TANH = Squashing(1.0, 1.0)
LOGISTIC_1 = Squashing(1.0, 0.5)
LOGISTIC_2 = Squashing(2.0, 0.5)
