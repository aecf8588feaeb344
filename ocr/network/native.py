"""lstm.c, called on torch's tensors.

Nothing is lost where it cannot be built (builder.py) but speed: ``can_run`` then says no, and
lstm.py walks in torch's operations.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ocr import builder
from ocr.network.directions import frame_mask
from ocr.network.recurrence import Lines, Start, Trace, Weights, state_dtype

if TYPE_CHECKING:
    from ocr.network.lstm import LstmCell

SOURCE = Path(__file__).with_name("lstm.c")
DEFINES = {torch.float32: (), torch.bfloat16: ("-DBF16",)}


class Squash(ctypes.Structure):
    """``Squashing`` in lstm.c."""

    _fields_ = (("scale", ctypes.c_float), ("slope", ctypes.c_float))


class Pass(ctypes.Structure):
    """``Pass`` in lstm.c: what one call works on."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("lines", "units", "gates", "direction")),
        *((name, ctypes.c_int64) for name in ("gate_frame", "gate_line")),
        *((name, ctypes.c_int64) for name in ("unit_frame", "unit_line", "state_frame")),
        *((name, ctypes.c_void_p) for name in ("steps", "first", "weights", "gate_values")),
        *((name, ctypes.c_void_p) for name in ("outputs", "states")),
        *((name, ctypes.c_void_p) for name in ("first_output", "first_state")),
        *((name, ctypes.c_void_p) for name in ("bias", "peepholes", "output_deltas")),
        *((name, ctypes.c_void_p) for name in ("carry", "peephole_deltas", "zeros")),
        ("g", Squash),
        ("h", Squash),
    )


class Library:
    """lstm.c for one data type. ``lanes``: units per register; ``depth``: see ``pack``."""

    def __init__(self, code: ctypes.CDLL) -> None:
        code.lanes.restype = code.depth.restype = ctypes.c_int64
        self.lanes, self.depth = int(code.lanes()), int(code.depth())
        self.forward_pass, self.backward_pass = code.forward_pass, code.backward_pass
        for entry in (self.forward_pass, self.backward_pass):
            entry.restype = None
        self.forward_pass.argtypes = [ctypes.POINTER(Pass)]
        self.backward_pass.argtypes = [ctypes.POINTER(Pass), ctypes.c_int64]

    def columns(self, units: int) -> int:
        """Registers of units that the way back computes together."""
        return 4 if units % (4 * self.lanes) == 0 else 1


@functools.cache
def library(dtype: torch.dtype) -> Library | None:
    """The built code for float32 or bfloat16, or None where it cannot be had."""
    code = builder.library(SOURCE, *DEFINES[dtype]) if dtype in DEFINES else None
    return None if code is None else Library(code)


def can_run(values: Tensor, recurrent: Tensor) -> bool:
    """Whether ``forward`` and ``backward`` can take these values."""
    if values.device.type != "cpu" or values.dtype not in DEFINES or not values.numel():
        return False
    code = library(values.dtype)
    return code is not None and recurrent.shape[2] % code.lanes == 0


def forward(
    cell: LstmCell, wx: Tensor, weights: Weights, start: Start, lines: Lines, keep: bool
) -> tuple[Tensor, Trace, Tensor]:
    """``LstmCell.forward``; wx becomes the trace's gates."""
    code, units = _library(wx.dtype), weights.recurrent.shape[2]
    outputs = wx.new_zeros(*wx.shape[:3], units)  # (T, N, D, H)
    frames = len(wx) if keep else 1
    states = wx.new_empty((frames, *outputs.shape[1:]), dtype=state_dtype(wx.dtype))
    r = weights.recurrent
    packed = pack(r.view(len(r), cell.gates, units, units), code)
    call = _Call(cell, Trace(wx, states), weights, start, lines)
    call.each_direction(
        lambda d: code.forward_pass(call.arguments(d, weights=packed[d], outputs=outputs[:, :, d]))
    )
    return outputs, Trace(wx, states), states[-1]


def backward(
    cell: LstmCell, trace: Trace, deltas: Tensor, weights: Weights, start: Start, lines: Lines
) -> tuple[Tensor, Tensor | None]:
    """``LstmCell.backward``; the trace's gates become dE/da. deltas: (T, N, D, H)."""
    gates, units = trace.gates, weights.recurrent.shape[2]
    code, count = _library(gates.dtype), gates.shape[1]
    columns = code.columns(units)
    r = weights.recurrent.transpose(1, 2)  # (D, H, G H)
    blocks = r.reshape(len(r), -1, columns, code.lanes, r.shape[2]).transpose(1, 2)
    packed = pack(blocks.flatten(2, 3), code)
    p = weights.peepholes
    dp = None if p is None else torch.zeros_like(p, dtype=trace.states.dtype)
    carry = trace.states.new_zeros(gates.shape[2], count, units)
    zeros = gates.new_zeros(cell.gates * units)
    call = _Call(cell, trace, weights, start, lines)
    call.each_direction(
        lambda d: code.backward_pass(
            call.arguments(
                d,
                weights=packed[d],
                output_deltas=deltas[:, :, d],
                carry=carry[d],
                peephole_deltas=None if dp is None else dp[d],
                zeros=zeros,
            ),
            columns,
        )
    )
    padding = ~frame_mask(lines.lengths, len(gates))[:, :, 0]  # (T, N)
    if padding.any():
        gates[padding] = 0
    return gates, dp


def pack(weights: Tensor, code: Library) -> Tensor:
    """(D, columns, outputs, inputs) -> contiguous (D, outputs / lanes, inputs / depth, columns,
    lanes, depth): in the order in which lstm.c reads them."""
    directions, columns, outputs, inputs = weights.shape
    blocks, steps = outputs // code.lanes, inputs // code.depth
    # The pair of numbers that a depth of 2 keeps together is moved as one: four times as quick.
    words = weights.contiguous().view(torch.int32) if code.depth == 2 else weights
    parts = words.reshape(directions, columns, blocks, code.lanes, steps)
    packed = parts.permute(0, 2, 4, 1, 3).contiguous().view(weights.dtype)
    return packed.view(directions, blocks, steps, columns, code.lanes, code.depth)


class _Call:
    """The arguments that both walks share, and who runs them."""

    def __init__(
        self, cell: LstmCell, trace: Trace, weights: Weights, start: Start, lines: Lines
    ) -> None:
        self.cell, self.trace, self.reverse = cell, trace, lines.reverse
        self.start = Start(*(value.contiguous() for value in start))
        self.bias = weights.bias.detach().float().contiguous()
        p = weights.peepholes
        self.peepholes = None if p is None else p.detach().float().contiguous()
        steps = lines.lengths.clamp(0, len(trace.gates))
        self.steps = steps.to(torch.int64).contiguous()  # (N,)
        self.first = (torch.zeros_like(self.steps), self.steps - 1)

    def arguments(self, d: int, **tensors: Tensor | None) -> Pass:
        """The arguments for direction d. The caller keeps the tensors alive."""
        gates, states = self.trace
        count, units = states.shape[1], states.shape[3]
        places: dict[str, Tensor | None] = {
            "steps": self.steps,
            "first": self.first[self.reverse[d]],
            "gate_values": gates[:, :, d],
            "states": states[:, :, d],
            "first_output": self.start.output[:, d],
            "first_state": self.start.state[:, d],
            "bias": self.bias[d],
            "peepholes": None if self.peepholes is None else self.peepholes[d],
            **tensors,
        }
        return Pass(
            lines=count,
            units=units,
            gates=self.cell.gates,
            direction=-1 if self.reverse[d] else 1,
            gate_frame=gates.stride(0),
            gate_line=gates.stride(1),
            unit_frame=count * states.stride(1),
            unit_line=states.stride(1),
            state_frame=states.stride(0) if len(states) > 1 else 0,
            g=Squash(self.cell.g.scale, self.cell.g.slope),
            h=Squash(self.cell.h.scale, self.cell.h.slope),
            **{name: None if t is None else t.data_ptr() for name, t in places.items()},
        )

    def each_direction(self, work: Callable[[int], None]) -> None:
        """Call work(d) for every direction: one after the other, since then the weights of one
        stay in the cache, or with threads to spare both at a time."""
        others = range(1, len(self.reverse))
        if torch.get_num_threads() == 1:
            for d in (0, *others):
                work(d)
            return
        threads = [threading.Thread(target=work, args=(d,)) for d in others]
        for thread in threads:
            thread.start()
        work(0)
        for thread in threads:
            thread.join()


def _library(dtype: torch.dtype) -> Library:
    code = library(dtype)
    assert code is not None, "can_run was not asked"
    return code
