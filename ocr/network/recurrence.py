"""Back-propagation through a recurrent layer: what every cell has in common.

With x(t) the layer's input, y(t) its output, and D directions side by side:

    a(t) = W x(t) + b + R y(t-1)            what the gates receive

Forward. W x(t) is one matrix product over all frames and directions; the cell then walks along
the lines, adds b + R y(t-1) and squashes.

Backward. The cell walks back and leaves delta(t) = dE/da(t). No weight takes part in that walk
but R, and all gradients are products over all frames at once:

    dE/dW = sum_t delta(t) x(t)^T           dE/db = sum_t delta(t)
    dE/dR = sum_t delta(t) y(t-1)^T         dE/dx(t) = W^T delta(t)

Gates, deltas and W x(t) share one buffer: each replaces what it was made from.

``truncated`` is truncated back-propagation through time (segments of k frames; the state goes
on from one to the next, the gradient does not). It keeps a segment's inputs only and computes
its gates again when its gradient is wanted, so the gates of one segment are all that is ever
held, however long the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ocr.network.directions import BOTH, LEFT_TO_RIGHT, reversal, take_frames


class Start(NamedTuple):
    """What a walk begins with: output (N, D, H), state (N, D, H)."""

    output: Tensor
    state: Tensor


class Weights(NamedTuple):
    """What a walk takes along: recurrent (D, G H, H), bias (D, G H), peepholes (D, 3, H)."""

    recurrent: Tensor
    bias: Tensor
    peepholes: Tensor | None


class Trace(NamedTuple):
    """What a cell keeps for the way back; its form is the cell's own."""

    gates: Tensor
    states: Tensor


@dataclass(frozen=True, slots=True)
class Lines:
    """Which frames there are, and in what order each direction reads them."""

    lengths: Tensor  # (N,) int64
    reverse: tuple[bool, ...] = BOTH  # per direction


class Cell(Protocol):
    """A recurrent cell with ``gates`` values a(t) per unit."""

    @property
    def gates(self) -> int: ...

    def forward(
        self, wx: Tensor, weights: Weights, start: Start, lines: Lines, keep: bool
    ) -> tuple[Tensor, Trace, Tensor]:
        """W x (T, N, D, G H), overwritten -> outputs (T, N, D, H) that
        are 0 in the padding, the trace (of use only if ``keep``), and the last state (N, D, H)."""

    def backward(
        self, trace: Trace, deltas: Tensor, weights: Weights, start: Start, lines: Lines
    ) -> tuple[Tensor, Tensor | None]:
        """dE/dy (T, N, D, H) -> dE/da (T, N, D, G H), 0 in the padding, and dE/dpeepholes.
        Uses up the trace."""


class Recurrence(torch.autograd.Function):
    """One layer over whole lines, or over one segment of them. See ``recur``."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        w: Tensor,
        r: Tensor,
        b: Tensor,
        p: Tensor | None,
        start: Start,
        lines: Lines,
        cell: Cell,
        keep: bool,
    ) -> tuple[Tensor, Tensor]:
        weights = Weights(r.to(x.dtype), b, p)
        keep = keep and any(ctx.needs_input_grad)
        outputs, trace, state = cell.forward(product(x, w), weights, start, lines, keep)
        ctx.save_for_backward(x, w, r, b, p, outputs)
        ctx.start, ctx.lines, ctx.cell = start, lines, cell
        ctx.trace = trace if keep else None
        ctx.mark_non_differentiable(state)
        return outputs, state

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, deltas: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        x, w, r, b, p, outputs = ctx.saved_tensors
        weights, walk = Weights(r.to(x.dtype), b, p), (ctx.start, ctx.lines)
        trace, ctx.trace = ctx.trace, None  # a second backward finds it used up
        if trace is None:
            _, trace, _ = ctx.cell.forward(product(x, w), weights, *walk, True)
        da, dp = ctx.cell.backward(trace, deltas.contiguous(), weights, *walk)
        flat = da.flatten(0, 1).flatten(1)  # (T N, D G H)
        wide = w.to(x.dtype).flatten(0, 1)  # (D G H, F)
        dx = (flat @ wide).view_as(x) if ctx.needs_input_grad[0] else None
        dw = (flat.t() @ x.flatten(0, 1)).view_as(w).to(w.dtype)
        db = flat.sum(0).view_as(b).to(b.dtype)
        dr = recurrent_gradient(da, outputs, *walk).to(r.dtype)
        return dx, dw, dr, db, dp, None, None, None, None


def recur(
    x: Tensor, parameters: tuple[Tensor, Tensor, Tensor, Tensor | None], lines: Lines, cell: Cell
) -> Tensor:
    """x (T, N, F) and (W (D, G H, F), R (D, G H, H), b (D, G H), peepholes (D, 3, H) or None)
    -> (T, N, D, H), 0 in the padding."""
    start = zero_start(x, parameters[1])
    return _apply(x, *parameters, start, lines, cell, torch.is_grad_enabled())[0]


def truncated(
    x: Tensor,
    parameters: tuple[Tensor, Tensor, Tensor, Tensor | None],
    lines: Lines,
    cell: Cell,
    size: int,
) -> Tensor:
    """As ``recur``, but no gradient reaches from one segment of ``size`` frames into the one
    read before it. Segments are counted from where each direction begins."""
    directions = zip(*(_split(parameter, lines) for parameter in parameters), strict=True)
    order = reversal(lines.lengths, len(x))
    results = []
    for own, reverse in zip(directions, lines.reverse, strict=True):
        read = take_frames(x, order) if reverse else x
        outputs = torch.cat(list(_segments(read, own, lines, cell, size)))[:, :, 0]  # (T, N, H)
        results.append(take_frames(outputs, order) if reverse else outputs)
    return torch.stack(results, dim=2)


def _segments(x: Tensor, parameters: Any, lines: Lines, cell: Cell, size: int) -> Iterator[Tensor]:
    """(k, N, 1, H) of each segment of one direction, in the order in which it reads."""
    start = zero_start(x, parameters[1])
    for first in range(0, len(x), size):
        part = x[first : first + size]
        own = Lines((lines.lengths - first).clamp(0, len(part)), (LEFT_TO_RIGHT,))
        outputs, state = _apply(part, *parameters, start, own, cell, False)
        start = Start(outputs[-1].detach(), state)
        yield outputs


def _apply(*arguments: Any) -> tuple[Tensor, Tensor]:
    """Outputs (T, N, D, H) and last state (N, D, H) of ``Recurrence``."""
    return Recurrence.apply(*arguments)  # type: ignore[no-untyped-call,no-any-return]


def _split(parameter: Tensor | None, lines: Lines) -> list[Tensor | None]:
    """Each direction's part of a parameter (D, ...): (1, ...)."""
    directions = range(len(lines.reverse))
    return [None if parameter is None else parameter[d : d + 1] for d in directions]


def zero_start(x: Tensor, r: Tensor) -> Start:
    """Nothing was read before the first frame."""
    shape = (x.shape[1], r.shape[0], r.shape[2])  # (N, D, H)
    return Start(x.new_zeros(shape), x.new_zeros(shape, dtype=state_dtype(x.dtype)))


def state_dtype(dtype: torch.dtype) -> torch.dtype:
    """States are sums over many frames: at least float32."""
    return torch.promote_types(dtype, torch.float32)


def product(x: Tensor, w: Tensor) -> Tensor:
    """W x(t) for all frames and directions at once: (T, N, D, G H)."""
    wide = w.to(x.dtype).flatten(0, 1)  # (D G H, F)
    return (x.flatten(0, 1) @ wide.t()).view(*x.shape[:2], *w.shape[:2])


def recurrent_gradient(da: Tensor, outputs: Tensor, start: Start, lines: Lines) -> Tensor:
    """dE/dR (D, G H, H): the deltas of each frame with the outputs read just before it. Both
    are 0 in the padding. A direction that reads backwards starts from 0."""
    results = []
    for d, reverse in enumerate(lines.reverse):
        deltas, before = (da[:-1], outputs[1:]) if reverse else (da[1:], outputs[:-1])
        result = deltas[:, :, d].flatten(0, 1).t() @ before[:, :, d].flatten(0, 1)
        if not reverse:
            result = result + da[0, :, d].t() @ start.output[:, d]
        results.append(result)
    return torch.stack(results)
