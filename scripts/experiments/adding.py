"""The adding problem: two marked numbers, far apart, are to be added at the end.

Hochreiter & Schmidhuber (1997), experiment 4. Every element of a sequence of T to 1.1 T is a
pair: a number from [-1, 1], and a mark. The numbers marked with 1, one among the first ten and
one in the first half, are X1 and X2; the ends are marked -1, all else 0. At the end the network
shall say 0.5 + (X1 + X2) / 4, wrong if it is off by more than 0.04. The last mark is at least
T/2 frames back.
"""

from __future__ import annotations

import numpy as np
import torch
from runner import (
    Bools,
    Experiment,
    Outcome,
    Random,
    SequenceNetwork,
    Sequences,
    Training,
    last_outputs,
    new_figure,
    table,
    train,
    weights,
)
from torch import Tensor
from torch.nn import functional

PUBLISHED = {100: (74_000, 1), 500: (209_000, 0), 1000: (853_000, 1)}  # sequences, wrong of 2560
HIDDEN = 16  # units
RATE = 0.005  # of Adam
TOLERANCE = 0.04
INPUT_BIAS = -3.0  # the input gate begins closed, as in 1997
QUICK = 0.01  # minutes
MINUTES = {100: 2.0, 500: 4.0, 1000: 8.0}  # at most, for the LSTM


class Adding:
    """Sequences of ``frames`` to 1.1 ``frames`` pairs."""

    inputs, outputs = 2, 1

    def __init__(self, frames: int) -> None:
        self.frames = frames

    def draw(self, count: int, random: Random) -> Sequences:
        lengths = random.integers(self.frames, self.frames + self.frames // 10 + 1, count)
        lines = np.arange(count)
        pairs = np.zeros((int(lengths.max()), count, 2), np.float32)
        pairs[:, :, 0] = random.uniform(-1, 1, pairs.shape[:2])
        first = random.integers(0, 10, count)
        second = random.integers(0, self.frames // 2 - 2, count)
        second += second >= first  # another one
        pairs[0, (first == 0) | (second == 0), 0] = 0  # as in the paper: at the end it counts 0
        pairs[0, :, 1] = pairs[lengths - 1, lines, 1] = -1
        pairs[first, lines, 1] = pairs[second, lines, 1] = 1
        targets = 0.5 + (pairs[first, lines, 0] + pairs[second, lines, 0]) / 4
        return Sequences(*(torch.from_numpy(a) for a in (pairs, lengths, targets)))

    def loss(self, outputs: Tensor, batch: Sequences) -> Tensor:
        return functional.mse_loss(last_outputs(outputs, batch)[:, 0], batch.targets)

    def wrong(self, outputs: Tensor, batch: Sequences) -> Bools:
        errors = (last_outputs(outputs, batch)[:, 0] - batch.targets).abs()
        result: Bools = (errors > TOLERANCE).numpy()
        return result


def solve(cell: str, frames: int, how: Training) -> tuple[Outcome, int]:
    """Train a network with the cell, and its number of weights."""
    torch.manual_seed(how.seed)
    network = SequenceNetwork(cell, Adding.inputs, HIDDEN, Adding.outputs)
    if cell == "lstm-1997":
        with torch.no_grad():
            network.layer.bias[:, :HIDDEN] = INPUT_BIAS
    return train(network, Adding(frames), how, f"{cell}, T = {frames}"), weights(network)


def main() -> None:
    experiment = Experiment("adding", __doc__)
    rows = []
    measured: dict[int, Outcome] = {}
    for frames in (20,) if experiment.quick else PUBLISHED:
        minutes = QUICK if experiment.quick else MINUTES[frames]
        how = Training(rate=RATE, minutes=minutes, seed=experiment.seed)
        measured[frames], size = solve("lstm-1997", frames, how)
        if frames in PUBLISHED:
            success, wrong = PUBLISHED[frames]
            rows.append((f"{frames}", "published LSTM", "93", f"{success:,}", f"{wrong} of 2560"))
        rows.append((f"{frames}", "lstm-1997", str(size), *measured[frames].row))
        simple, size = solve("rnn", frames, how.same_as(measured[frames]))
        rows.append((f"{frames}", "rnn", str(size), *simple.row))
    figure, axes = new_figure()
    axes.plot(list(measured), [o.seen for o in measured.values()], "o-", label="lstm-1997")
    axes.plot(list(PUBLISHED), [s for s, _ in PUBLISHED.values()], "s--", label="published")
    axes.set(xscale="log", yscale="log", xlabel="T, frames", ylabel="sequences until solved")
    axes.legend()
    head = ("T", "layer", "weights", "solved after", "wrong of new")
    experiment.finish(table(head, rows), figure)


if __name__ == "__main__":
    main()
