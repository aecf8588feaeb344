"""Temporal order: which of X and Y came first, far apart among other letters.

Hochreiter & Schmidhuber (1997), experiment 6. A sequence of 100 to 110 letters begins with E and
ends with B; the letters between are a, b, c, d but for two (6a) or three (6b) that are X or Y,
at random places in the intervals 10-20 and 50-60, or 10-20, 33-43 and 66-76. At the end the
network names the order, one of 4 or 8; wrong if any output is off by more than 0.3.
"""

from __future__ import annotations

import itertools

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

PUBLISHED = {"6a": (156, 31_390, 1), "6b": (308, 571_100, 2)}  # weights, sequences, wrong
PLACES = {"6a": ((10, 20), (50, 60)), "6b": ((10, 20), (33, 43), (66, 76))}
LETTERS = "EBabcdXY"
HIDDEN = 16  # units
TOLERANCE = 0.3
INPUT_BIASES = (-2.0, -4.0)  # of the input gates, in turn: they begin closed, as in 1997
QUICK = 0.01  # minutes
MINUTES = {"6a": 4.0, "6b": 8.0}  # at most, for the LSTM


class TemporalOrder:
    """Sequences of one of the two experiments; ``scale`` shortens them."""

    inputs = len(LETTERS)

    def __init__(self, name: str, scale: float = 1.0) -> None:
        self.places = [(int(scale * low), int(scale * high)) for low, high in PLACES[name]]
        self.lengths = int(scale * 100), int(scale * 110)
        self.outputs = 2 ** len(self.places)

    def draw(self, count: int, random: Random) -> Sequences:
        lengths = random.integers(self.lengths[0], self.lengths[1] + 1, count)
        lines = np.arange(count)
        letters = random.integers(2, 6, (int(lengths.max()), count))  # a, b, c, d
        letters[0] = 0
        letters[lengths - 1, lines] = 1
        classes = np.zeros(count, np.int64)
        for low, high in self.places:
            y = random.integers(0, 2, count)
            letters[random.integers(low, high + 1, count), lines] = 6 + y
            classes = 2 * classes + y
        inputs = np.eye(self.inputs, dtype=np.float32)[letters]  # (T, N, 8)
        return Sequences(*(torch.from_numpy(a) for a in (inputs, lengths, classes)))

    def loss(self, outputs: Tensor, batch: Sequences) -> Tensor:
        return functional.cross_entropy(last_outputs(outputs, batch), batch.targets)

    def wrong(self, outputs: Tensor, batch: Sequences) -> Bools:
        shares = last_outputs(outputs, batch).softmax(1)  # (N, classes)
        errors = (shares - functional.one_hot(batch.targets, self.outputs)).abs()
        result: Bools = (errors > TOLERANCE).any(1).numpy()
        return result


def solve(cell: str, task: TemporalOrder, how: Training, name: str) -> tuple[Outcome, int]:
    """Train a network with the cell, and its number of weights."""
    torch.manual_seed(how.seed)
    network = SequenceNetwork(cell, task.inputs, HIDDEN, task.outputs)
    if cell == "lstm-1997":
        with torch.no_grad():
            biases = itertools.islice(itertools.cycle(INPUT_BIASES), HIDDEN)
            network.layer.bias[:, :HIDDEN] = torch.tensor(list(biases))
    return train(network, task, how, f"{name}, {cell}"), weights(network)


def main() -> None:
    experiment = Experiment("temporal_order", __doc__)
    rows = []
    figure, axes = new_figure()
    for name, (size, sequences, wrong) in PUBLISHED.items():
        task = TemporalOrder(name, 0.2 if experiment.quick else 1.0)
        minutes = QUICK if experiment.quick else MINUTES[name]
        how = Training(minutes=minutes, seed=experiment.seed)
        rows.append((name, "published LSTM", str(size), f"{sequences:,}", f"{wrong} of 2560"))
        outcome, size = solve("lstm-1997", task, how, name)
        rows.append((name, "lstm-1997", str(size), *outcome.row))
        simple, size = solve("rnn", task, how.same_as(outcome), name)
        rows.append((name, "rnn", str(size), *simple.row))
        measured = (outcome.seen, sequences, simple.seen)
        labels = [f"{name}\n{layer}" for layer in ("lstm-1997", "published", "rnn, unsolved")]
        colours = ("tab:blue", "tab:grey", "tab:blue" if simple.after else "tab:red")
        axes.bar(labels, measured, color=colours)
    axes.set(yscale="log", ylabel="sequences trained on")
    head = ("task", "layer", "weights", "solved after", "wrong of new")
    experiment.finish(table(head, rows), figure)


if __name__ == "__main__":
    main()
