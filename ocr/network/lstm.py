"""The LSTM cell and its back-propagation.

Hochreiter & Schmidhuber (1997): cell, input and output gate. Gers, Schmidhuber & Cummins (2000):
forget gate. Gers & Schmidhuber (2000): peepholes, here as in the 2013 text-recognition slides.
At frame t, with input x, last output y(t-1), elementwise products and sigma(a) = 1/(1 + e^-a):

    a_*(t) = W_* x(t) + R_* y(t-1) + b_*              * = i, f, z, o
    i(t) = sigma(a_i(t) + p_i c(t-1))                 input gate
    f(t) = sigma(a_f(t) + p_f c(t-1))                 forget gate; 1997: f = 1
    z(t) = g(a_z(t))                                  cell input
    c(t) = z(t) i(t) + f(t) c(t-1)                    cell state: the constant error carousel
    o(t) = sigma(a_o(t) + p_o c(t))                   output gate; sees the new state
    y(t) = h(c(t)) o(t)                               cell output

Without peepholes p = 0. The slides' appendix writes H, omega, chi, phi, iota for what is y, o,
c, f, i here. With delta_v = dE/dv for outputs and states, and dE/da_v (the sum inside sigma or
g) for gates, the chain rule gives, from the last frame to the first:

    delta_y(t) = dE/dy(t) + sum_* R_*^T delta_*(t+1)
    delta_o(t) = delta_y(t) h(c(t)) sigma'(a_o(t))
    delta_c(t) = delta_y(t) o(t) h'(c(t)) + p_o delta_o(t)
                 + f(t+1) delta_c(t+1) + p_i delta_i(t+1) + p_f delta_f(t+1)
    delta_i(t) = delta_c(t) z(t) sigma'(a_i(t))
    delta_f(t) = delta_c(t) c(t-1) sigma'(a_f(t))
    delta_z(t) = delta_c(t) i(t) g'(a_z(t))

where sigma' = sigma (1 - sigma). With f = 1 and p = 0 the state's delta comes back unchanged
from t+1: the error neither vanishes nor explodes, which is what the cell was invented for. The
second line of delta_c is all that is carried from frame to frame beside R^T delta. Gradients of
W, R and b are products over all frames (recurrence.py), and of the peepholes

    dE/dp_i = sum_t delta_i(t) c(t-1),  dE/dp_f = sum_t delta_f(t) c(t-1),
    dE/dp_o = sum_t delta_o(t) c(t).

Everything but delta_y, delta_c and the products with them is known before the way back begins,
so it is computed for all frames at once. lstm.c holds the same walks for processors; it is
taken where it can be built (native.py), and what stands here otherwise, with any data type and
on any device.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ocr.network import native
from ocr.network.directions import as_read, as_written
from ocr.network.recurrence import Lines, Start, Trace, Weights, zero_start
from ocr.network.squashing import Squashing


@dataclass(frozen=True, slots=True)
class LstmCell:
    """Gates are stacked in the order i, f, z, o, or i, z, o without a forget gate."""

    forget: bool
    g: Squashing
    h: Squashing

    @property
    def gates(self) -> int:
        return 4 if self.forget else 3

    def forward(
        self, wx: Tensor, weights: Weights, start: Start, lines: Lines, keep: bool
    ) -> tuple[Tensor, Trace, Tensor]:
        """See ``recurrence.Cell``. The trace: gates, and states (T, ...) in float32 or more."""
        if native.can_run(wx, weights.recurrent):
            return native.forward(self, wx, weights, start, lines, keep)
        gates = as_read(wx, lines.lengths, lines.reverse)  # (T, D, N, G H)
        outputs, states = forward_steps(self, gates, weights, start)
        written = as_written(outputs, lines.lengths, lines.reverse)
        return written, Trace(gates, states), states[-1].transpose(0, 1)

    def backward(
        self, trace: Trace, deltas: Tensor, weights: Weights, start: Start, lines: Lines
    ) -> tuple[Tensor, Tensor | None]:
        """See ``recurrence.Cell``."""
        if native.can_run(trace.gates, weights.recurrent):
            return native.backward(self, trace, deltas, weights, start, lines)
        read = as_read(deltas, lines.lengths, lines.reverse)  # (T, D, N, H)
        dp = backward_steps(self, trace, read, weights, start)
        return as_written(trace.gates, lines.lengths, lines.reverse), dp


def forward_steps(
    cell: LstmCell, gates: Tensor, weights: Weights, start: Start
) -> tuple[Tensor, Tensor]:
    """W x (T, D, N, G H), replaced by the gates -> y and c (T, D, N, H)."""
    frames, directions, lines, _ = gates.shape
    shape = (frames, directions, lines, start.state.shape[-1])
    outputs, states = gates.new_empty(shape), start.state.new_empty(shape)
    gates += weights.bias[:, None].to(gates.dtype)
    r = weights.recurrent.transpose(1, 2)  # (D, H, G H)
    y, c = (value.transpose(0, 1) for value in start)  # (D, N, H)
    for t in range(frames):
        a = torch.baddbmm(gates[t], y, r).to(c.dtype)  # (D, N, G H)
        *earlier, z, o = a.view(directions, lines, cell.gates, -1).unbind(2)
        i, f = (earlier[0], earlier[1]) if cell.forget else (earlier[0], None)
        if weights.peepholes is not None:
            p_i, p_f, p_o = weights.peepholes[:, :, None].unbind(1)  # (D, 1, H)
            i.addcmul_(p_i, c)
            if f is not None:
                f.addcmul_(p_f, c)
        a[..., : -2 * shape[3]].sigmoid_()
        z.copy_(cell.g(z))
        c = torch.addcmul(c if f is None else f * c, z, i, out=states[t])
        if weights.peepholes is not None:
            o.addcmul_(p_o, c)
        o.sigmoid_()
        gates[t] = a
        outputs[t] = cell.h(c) * o
        y = outputs[t]
    return outputs, states


def gates_and_states(
    cell: LstmCell, wx: Tensor, weights: Weights, lines: Lines
) -> tuple[Tensor, Tensor]:
    """W x (T, N, D, G H) -> what the walk passes through, to be looked at: gates
    (T, N, D, G, H) and states (T, N, D, H) in frame order, 0 in the padding."""
    gates = as_read(wx, lines.lengths, lines.reverse)
    _, states = forward_steps(cell, gates, weights, zero_start(wx, weights.recurrent))
    written = as_written(gates, lines.lengths, lines.reverse)
    states = as_written(states, lines.lengths, lines.reverse)
    return written.view(*written.shape[:3], cell.gates, -1), states


def backward_steps(
    cell: LstmCell, trace: Trace, deltas: Tensor, weights: Weights, start: Start
) -> Tensor | None:
    """dE/dy (T, D, N, H) -> dE/da in place of the trace's gates (T, D, N, G H), and dE/dp."""
    gates, states = trace
    before = torch.cat([start.state.transpose(0, 1)[None], states[:-1]])  # c(t-1)
    parts = gates.view(*gates.shape[:3], cell.gates, -1)  # (T, D, N, G, H)
    keep = parts[:, :, :, 1].clone() if cell.forget else None  # f(t)
    to_state = _replace_gates_by_factors(cell, parts, states, before)
    walk = _Walk(weights, keep, to_state)
    dy, carry = deltas[-1], torch.zeros_like(before[0])
    for t in reversed(range(len(gates))):
        carry = walk.step(parts[t], t, dy, carry)
        if t:
            dy = torch.baddbmm(deltas[t - 1], gates[t], weights.recurrent)
    if weights.peepholes is None:
        return None
    return _peephole_gradient(parts, states, before, weights.peepholes)


def _replace_gates_by_factors(
    cell: LstmCell, parts: Tensor, states: Tensor, before: Tensor
) -> Tensor:
    """Gates (T, D, N, G, H) -> what delta_c (for o: delta_y) is multiplied with to give each
    delta, in place; and o h'(c), the way from delta_y to delta_c (T, D, N, H)."""
    values = [part.to(states.dtype) for part in parts.unbind(3)]
    i, z, o = values[0], values[-2], values[-1]
    y = cell.h(states)
    to_state = o * cell.h.derivative(y)
    factors = [z * i * (1 - i), i * cell.g.derivative(z), y * o * (1 - o)]
    if cell.forget:
        factors.insert(1, before * values[1] * (1 - values[1]))
    for place, factor in zip(parts.unbind(3), factors, strict=True):
        place.copy_(factor)
    return to_state


@dataclass(frozen=True, slots=True)
class _Walk:
    """One frame of the way back."""

    weights: Weights
    keep: Tensor | None  # f (T, D, N, H), None: 1
    to_state: Tensor  # o h'(c) (T, D, N, H)

    def step(self, parts: Tensor, t: int, dy: Tensor, carry: Tensor) -> Tensor:
        """Factors (D, N, G, H) become deltas; returns what c(t-1) receives from here (D, N, H)."""
        delta_o = parts[:, :, -1].mul_(dy)
        dc = torch.addcmul(carry, dy.to(carry.dtype), self.to_state[t])
        p = self.weights.peepholes
        if p is not None:
            dc = dc.addcmul(p[:, None, 2], delta_o.to(carry.dtype))
        parts[:, :, :-1].mul_(dc[:, :, None])
        carry = dc if self.keep is None else dc * self.keep[t]
        if p is not None:
            carry = carry.addcmul(p[:, None, 0], parts[:, :, 0].to(carry.dtype))
            if self.keep is not None:
                carry = carry.addcmul(p[:, None, 1], parts[:, :, 1].to(carry.dtype))
        return carry


def _peephole_gradient(deltas: Tensor, states: Tensor, before: Tensor, p: Tensor) -> Tensor:
    """Deltas (T, D, N, G, H), c(t) and c(t-1) (T, D, N, H) -> dE/dp (D, 3, H)."""
    result = torch.zeros_like(p)
    result[:, 0] = (deltas[:, :, :, 0] * before).sum((0, 2))
    if deltas.shape[3] == 4:
        result[:, 1] = (deltas[:, :, :, 1] * before).sum((0, 2))
    result[:, 2] = (deltas[:, :, :, -1] * states).sum((0, 2))
    return result
