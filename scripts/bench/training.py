"""Training speed by arithmetic and number of processes, on the lines of any data.

    python scripts/bench/training.py DATA...

Each row trains a fresh default network for an epoch on the same few lines, which come from short
to long, alone on the machine, rounds alternating; the figure is the median over rounds of lines
per second after the first quarter. Ratios are to the first row. One thread per process throughout.
"""

from __future__ import annotations

import math
import platform
import statistics
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from ocr.cores import usable_cores
from ocr.options import TrainingOptions
from ocr.training.prepare import Recipe, prepare
from ocr.training.session import MOST_PROCESSES, train_run

ROUNDS = 3
STEPS = 24
BATCH = 16  # lines per step, over all processes


def speed(data: list[str], folder: Path, precision: str, processes: int) -> float:
    """Lines per second of one short run, its first quarter left out."""
    options = TrainingOptions(
        epochs=1, batch_size=BATCH, precision=precision, processes=processes, validation=0.0
    )
    output = folder / f"{precision}-{processes}-{time.monotonic_ns()}.safetensors"
    run, _ = prepare(data, output, Recipe(training=options))
    lines = (STEPS + 1) * BATCH  # the last step also writes the model
    if len(run.train) < lines:
        sys.exit(f"give at least {lines} lines")
    run = replace(run, train=run.train[:: len(run.train) // lines][:lines])
    started, begun, seconds = 0.0, 0, math.nan
    with closing(train_run(run)) as steps:
        for progress in steps:
            if progress.step == STEPS // 4:
                started, begun = time.monotonic(), progress.step
            if progress.step == STEPS:
                seconds = time.monotonic() - started
                break
    return BATCH * (STEPS - begun) / seconds


def main(data: list[str]) -> None:
    rows = [
        (precision, processes)
        for precision in ("float32", "bfloat16")
        for processes in range(1, min(MOST_PROCESSES, usable_cores()) + 1)
    ]
    measured: dict[tuple[str, int], list[float]] = {row: [] for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for row in rows:
                measured[row].append(speed(data, Path(folder), *row))
    first = statistics.median(measured[rows[0]])
    print(f"{date.today()}, {platform.machine()}, {usable_cores()} cores, median of {ROUNDS}")
    print("| arithmetic | processes | lines/s | ratio |\n|---|---|---|---|")
    for row in rows:
        value = statistics.median(measured[row])
        print(f"| {row[0]} | {row[1]} | {value:.0f} | {value / first:.2f} |")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
