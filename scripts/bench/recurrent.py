"""Time of three stacked bidirectional layers, forward and backward, against torch.nn.LSTM.

One process, one thread, all rows measured in turn and the turns repeated, so that whatever else
the machine does meets all of them alike. The last column is the ratio to torch's faster row.

    .venv/bin/python scripts/bench/recurrent.py [--quick] [--features 128] [--lines 16]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from torch import Tensor, nn

from ocr.network import native
from ocr.network.recurrent import sequence_layer

LAYERS, HIDDEN, FRAMES = 3, 256, 225


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    bfloat16: bool
    run: Callable[[Tensor, Tensor], Tensor]

    def seconds(self, x: Tensor, lengths: Tensor) -> tuple[float, float]:
        """Forward, and forward + backward: wall-clock seconds."""
        begin = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            outputs = self.run(x, lengths)
        forward = time.perf_counter() - begin
        outputs.float().sum().backward()
        return forward, time.perf_counter() - begin


def stacked(cell: str, features: int) -> Callable[[Tensor, Tensor], Tensor]:
    """Layers of our own, one on the other."""
    layers = nn.ModuleList(
        sequence_layer(cell, features if k == 0 else 2 * HIDDEN, HIDDEN) for k in range(LAYERS)
    )

    def run(x: Tensor, lengths: Tensor) -> Tensor:
        for layer in layers:
            x = layer(x, lengths)
        return x

    return run


def rows(features: int) -> list[Row]:
    library = nn.LSTM(features, HIDDEN, LAYERS, bidirectional=True)
    table: list[tuple[str, Callable[[Tensor, Tensor], Tensor]]] = [
        ("torch.nn.LSTM", lambda x, _: library(x)[0]),
        *((cell, stacked(cell, features)) for cell in ("lstm", "lstm-peephole", "lstm-1997")),
    ]
    return [Row(name, low, run) for name, run in table for low in (False, True)]


def measure(table: list[Row], x: Tensor, lengths: Tensor, turns: int) -> list[tuple[float, float]]:
    """Median forward and total seconds of each row."""
    seen: list[list[tuple[float, float]]] = [[] for _ in table]
    for turn in range(turns + 1):
        for row, times in zip(table, seen, strict=True):
            times.append(row.seconds(x, lengths))
        print(f"\rturn {turn} of {turns}", end="", file=sys.stderr, flush=True)
    print("\r", end="", file=sys.stderr)
    middles = []
    for times in seen:
        forward, total = zip(*times[1:], strict=True)  # the first turn warms up
        middles.append((statistics.median(forward), statistics.median(total)))
    return middles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--features", type=int, default=128, help="of the first layer's input")
    parser.add_argument("--lines", type=int, default=16)
    parser.add_argument("--turns", type=int, default=7, help="of which the median is shown")
    parser.add_argument("--quick", action="store_true", help="one turn on short lines")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)
    frames, turns = (20, 1) if given.quick else (FRAMES, given.turns)
    x = torch.randn(frames, given.lines, given.features, requires_grad=True)
    table = rows(given.features)
    times = measure(table, x, torch.full((given.lines,), frames), turns)
    best = min(total for row, (_, total) in zip(table, times, strict=True) if "torch" in row.name)
    compiled = "compiled" if native.library(torch.float32) else "not compiled"
    print(f"{LAYERS} layers, H={HIDDEN}, T={frames}, N={given.lines}, F={given.features}, ", end="")
    print(f"1 thread, median of {turns}; torch {torch.__version__}; lstm.c {compiled}")
    print(f"{'':16}{'products':>10}{'forward':>10}{'both':>10}{'of torch':>10}")
    for row, (forward, total) in zip(table, times, strict=True):
        kind = "bfloat16" if row.bfloat16 else "float32"
        print(f"{row.name:16}{kind:>10}{forward:9.3f}s{total:9.3f}s{total / best:10.2f}")


if __name__ == "__main__":
    main()
