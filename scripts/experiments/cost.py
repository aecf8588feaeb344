"""What a forward pass costs, by the number of frames and of units.

The 2013 slides state O(|x| (|LSTM|^2 + |x| |LSTM| + |LSTM| |y|)), in which the |x| inside the
brackets is the size of one input: for fixed sizes linear in the number of frames, and for many
units quadratic in their number.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
import torch
from runner import Experiment, SequenceNetwork, new_figure, table

FRAMES = (100, 200, 400, 800, 1600, 3200)
UNITS = (64, 128, 256, 512, 1024)
FIXED_FRAMES, FIXED_UNITS = 200, 128
FEATURES = 64
LINES = 8
TURNS = 9  # of which the median counts


def seconds(sizes: list[tuple[int, int]], turns: int) -> list[float]:
    """Median seconds of a forward pass for every (frames, units), all measured in turn."""
    cases = []
    for frames, units in sizes:
        network = SequenceNetwork("lstm", FEATURES, units, 1)
        cases.append((network, torch.randn(frames, LINES, FEATURES), torch.full((LINES,), frames)))
    times: list[list[float]] = [[] for _ in cases]
    with torch.no_grad():
        for _ in range(turns + 1):
            for (network, x, lengths), seen in zip(cases, times, strict=True):
                begin = time.perf_counter()
                network.read(x, lengths)
                seen.append(time.perf_counter() - begin)
    return [statistics.median(seen[1:]) for seen in times]  # the first turn warms up


def exponent(sizes: tuple[int, ...], times: list[float]) -> float:
    """k of the best fitting time ~ size^k."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def main() -> None:
    experiment = Experiment("cost", __doc__)
    turns, take = (1, 3) if experiment.quick else (TURNS, None)
    frames, units = FRAMES[:take], UNITS[:take]
    by_frames = seconds([(t, FIXED_UNITS) for t in frames], turns)
    by_units = seconds([(FIXED_FRAMES, h) for h in units], turns)
    rows = [
        (f"{t} frames, {FIXED_UNITS} units", f"{1000 * s:.2f}", f"{1e6 * s / t:.1f}")
        for t, s in zip(frames, by_frames, strict=True)
    ]
    rows += [
        (f"{FIXED_FRAMES} frames, {h} units", f"{1000 * s:.2f}", f"{1e6 * s / FIXED_FRAMES:.1f}")
        for h, s in zip(units, by_units, strict=True)
    ]
    text = table((f"{LINES} lines, {FEATURES} features", "ms", "us a frame"), rows)
    text += (
        f"\n\ntime ~ frames^{exponent(frames, by_frames):.2f}, stated: frames^1\n"
        f"time ~ units^{exponent(units[-3:], by_units[-3:]):.2f} from {units[-3]} units on, "
        "stated: units^2 for many units"
    )
    figure, axes = new_figure()
    axes.plot(frames, [1000 * s for s in by_frames], "o-", label="by frames")
    axes.plot(units, [1000 * s for s in by_units], "s-", label="by units")
    axes.set(xscale="log", yscale="log", xlabel="frames or units", ylabel="ms")
    axes.legend()
    experiment.finish(text, figure)


if __name__ == "__main__":
    main()
