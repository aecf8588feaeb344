"""The simple recurrent layer and back-propagation through time.

    a(t) = U x(t) + W s(t-1) + b
    s(t) = f(a(t))                                    s is the output too

    delta(t) = f'(a(t)) (dE/ds(t) + W^T delta(t+1))   delta = dE/da

From t to k the error passes the product of all diag(f') W between them, the Jacobians
ds(j)/ds(j-1). Where their norm stays below 1 it vanishes exponentially with t - k: the reason
for the LSTM. Gradients of U, W, b are products over all frames (recurrence.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ocr.network.directions import as_read, as_written
from ocr.network.recurrence import Lines, Start, Trace, Weights
from ocr.network.squashing import Squashing


@dataclass(frozen=True, slots=True)
class RnnCell:
    """One value per unit; it has no state beside its output."""

    f: Squashing

    @property
    def gates(self) -> int:
        return 1

    def forward(
        self, wx: Tensor, weights: Weights, start: Start, lines: Lines, keep: bool
    ) -> tuple[Tensor, Trace, Tensor]:
        """See ``recurrence.Cell``. The trace: s(t), twice."""
        s = as_read(wx, lines.lengths, lines.reverse)  # (T, D, N, H)
        s += weights.bias[:, None].to(s.dtype)
        w = weights.recurrent.transpose(1, 2)
        last = start.output.transpose(0, 1)  # (D, N, H)
        for t in range(len(s)):
            s[t] = self.f(torch.baddbmm(s[t], last, w))
            last = s[t]
        return as_written(s, lines.lengths, lines.reverse), Trace(s, s), start.state

    def backward(
        self, trace: Trace, deltas: Tensor, weights: Weights, start: Start, lines: Lines
    ) -> tuple[Tensor, Tensor | None]:
        """See ``recurrence.Cell``."""
        da = self.f.derivative(trace.states)  # f'(a(t)), (T, D, N, H)
        ds = as_read(deltas, lines.lengths, lines.reverse)
        da[-1] *= ds[-1]
        for t in reversed(range(len(da) - 1)):
            da[t] *= torch.baddbmm(ds[t], da[t + 1], weights.recurrent)
        return as_written(da, lines.lengths, lines.reverse), None
