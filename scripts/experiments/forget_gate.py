"""What becomes of the cell state on a stream without end, with and without a forget gate.

Strings of the embedded Reber grammar follow each other without a mark, as in Gers, Schmidhuber &
Cummins (2000). Both layers learn the stream by truncated back-propagation, the state carried
on; then they read a long one. The lectures state: c(t) = z(t) i(t) + c(t-1) grows linearly on a
continuous input and saturates h, so that the cell ceases to be a memory; a forget gate resets it.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray
from reber import SYMBOLS, embedded
from runner import Experiment, Random, SequenceNetwork, new_figure, progress, table
from torch import Tensor, nn
from torch.nn import functional

CELLS = ("lstm-1997", "lstm")
HIDDEN = 16  # units
SEGMENT = 100  # frames, the reach of the gradient
STREAMS = 16  # side by side
RATE = 0.01  # of Adam
REACH = 300  # symbols of a stream that is learned from, until it begins anew
LEARNED = 6_000_000  # symbols
READ = 20_000  # symbols of the stream they are compared on
EXPECTED = {"lstm-1997": "grows linearly", "lstm": "stays bounded"}


def stream(symbols: int, random: Random) -> tuple[Tensor, NDArray[np.bool_]]:
    """(symbols + 1,) int64 of strings in a row, and (symbols, 7) what may follow each."""
    text, follow = "", []
    while len(text) <= symbols:
        string, allowed = embedded(random)
        text += string
        follow += [*allowed, "B"]
    labels = torch.tensor([SYMBOLS.index(symbol) for symbol in text[: symbols + 1]])
    possible = np.array([[symbol in allowed for symbol in SYMBOLS] for allowed in follow[:symbols]])
    return labels, possible


def learn(cell: str, symbols: int, seed: int) -> SequenceNetwork:
    """A network trained on streams of so many symbols together. Each gradient reaches back to
    the beginning of its segment, each state to the beginning of the stream."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = SequenceNetwork(cell, len(SYMBOLS), HIDDEN, len(SYMBOLS), truncate=SEGMENT)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    begin = time.monotonic()
    with progress(f"{cell} learns") as tell:
        for step in range(max(1, symbols // (REACH * STREAMS))):
            labels = torch.stack([stream(REACH, random)[0] for _ in range(STREAMS)], dim=1)
            inputs = functional.one_hot(labels, len(SYMBOLS)).float()
            outputs = network(inputs[:-1], torch.full((STREAMS,), REACH))
            loss = functional.cross_entropy(outputs.flatten(0, 1), labels[1:].flatten())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            seen, seconds = (step + 1) * REACH * STREAMS, time.monotonic() - begin
            tell(f"{seen:,} symbols, loss {loss.item():.3f}, {seconds:.0f} s")
    return network


def read(
    network: SequenceNetwork, labels: Tensor, possible: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(T,) mean |c(t)| over the units, and (T,) whether what may follow is above all else."""
    inputs = functional.one_hot(labels[:-1], len(SYMBOLS)).float()[:, None]
    lengths = torch.tensor([len(inputs)])
    _, states = network.layer.gates_and_states(inputs, lengths)
    with torch.no_grad():
        outputs = network(inputs, lengths)[:, 0].numpy()
    lowest = np.where(possible, outputs, np.inf).min(1)
    highest = np.where(possible, -np.inf, outputs).max(1)
    sizes: NDArray[np.float32] = states[:, 0, 0].abs().mean(1).numpy()
    return sizes, lowest > highest


def main() -> None:
    experiment = Experiment("forget_gate", __doc__)
    learned, frames = (16_000, 1_000) if experiment.quick else (LEARNED, READ)
    labels, possible = stream(frames, np.random.default_rng(experiment.seed + 1))
    figure, axes = new_figure()
    rows = []
    for cell in CELLS:
        network = learn(cell, learned, experiment.seed)
        sizes, right = read(network, labels, possible)
        axes.plot(sizes, label=cell)
        slope = np.polyfit(np.arange(frames), sizes, 1)[0]
        first, last = sizes[:REACH].mean(), sizes[-REACH:].mean()
        rows.append(
            (
                cell,
                f"{first:.1f}",
                f"{last:.1f}",
                f"{1000 * slope:.3f}",
                f"{100 * right[:REACH].mean():.1f} %",
                f"{100 * right[-REACH:].mean():.1f} %",
                EXPECTED[cell],
            )
        )
    axes.set(yscale="log", xlabel="symbols read", ylabel="mean |c|")
    axes.legend()
    head = (
        "layer", f"|c|, first {REACH}", f"last {REACH}", "growth in 1000 symbols",
        f"right, first {REACH}", f"last {REACH}", "published",
    )  # fmt: skip
    experiment.finish(table(head, rows), figure)


if __name__ == "__main__":
    main()
