"""Next symbol in the embedded Reber grammar, where the second symbol decides the last but one.

Hochreiter & Schmidhuber (1997), experiment 1. A string is B, T or P, a string of the Reber
grammar, the same T or P again, and E. The network reads it symbol by symbol and predicts what
comes next; a prediction is right if the outputs of all symbols that may follow are above all
others. Solved when 256 strings to learn from and 256 others, drawn once, are all read right
throughout.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from runner import (
    Bools,
    Experiment,
    Random,
    SequenceNetwork,
    Sequences,
    new_figure,
    progress,
    table,
    weights,
)
from torch import Tensor, nn
from torch.nn import functional

PUBLISHED = [  # method, weights, solved, sequences
    ("published RTRL, 12 units", "494", "some", "25,000"),
    ("published Elman net, 15 units", "435", "0 %", "> 200,000"),
    ("published RCC, 7-9 units", "119-198", "50 %", "182,000"),
    ("published LSTM, 3 blocks of 2", "276", "100 %", "8,440"),
]
SYMBOLS = "BTPSXVE"
GRAMMAR = {  # state: (symbol, next state), each with the same chance
    0: (("B", 1),),
    1: (("T", 2), ("P", 3)),
    2: (("S", 2), ("X", 4)),
    3: (("T", 3), ("V", 5)),
    4: (("X", 3), ("S", 6)),
    5: (("P", 4), ("V", 6)),
    6: (("E", 7),),
}
END = 7
STRINGS = 256  # to learn from, and as many to test with
BATCH = 8
RATE = 0.02  # of Adam
MOST = 40_000  # sequences after which a run has failed
LONGEST = 4.0  # minutes after which a run has failed
CHECK_EVERY = 20  # steps
HIDDEN = {"lstm-1997": 16, "lstm": 16, "rnn": 16}  # units


def reber(random: Random) -> tuple[str, list[str]]:
    """A string of the inner grammar, and the symbols that may follow at each place of it."""
    state, text, follow = 0, "", []
    while state != END:
        symbol, state = GRAMMAR[state][random.integers(len(GRAMMAR[state]))]
        text += symbol
        follow.append("".join(s for s, _ in GRAMMAR.get(state, ())))
    return text, follow


def embedded(random: Random) -> tuple[str, list[str]]:
    """A string of the embedded grammar, and what may follow each of its symbols but the last."""
    branch = "TP"[random.integers(2)]
    inner, follow = reber(random)
    text = "B" + branch + inner + branch + "E"
    return text, ["TP", "B", *follow[:-1], branch, "E"]


def pack(strings: list[tuple[str, list[str]]]) -> Sequences:
    """Symbols (T, N, 7) one-hot; targets (T, N, 7): equal shares of what may follow, 0 behind
    the end."""
    lengths = torch.tensor([len(follow) for _, follow in strings])
    inputs = torch.zeros(int(lengths.max()), len(strings), len(SYMBOLS))
    targets = torch.zeros_like(inputs)
    for n, (text, follow) in enumerate(strings):
        for t, allowed in enumerate(follow):
            inputs[t, n, SYMBOLS.index(text[t])] = 1
            targets[t, n, [SYMBOLS.index(symbol) for symbol in allowed]] = 1 / len(allowed)
    return Sequences(inputs, lengths, targets)


def actual(strings: list[tuple[str, list[str]]]) -> Tensor:
    """(T, N) the symbols that do follow, -1 behind the end: what is learned from."""
    longest = max(len(text) for text, _ in strings) - 1
    rows = [
        [SYMBOLS.index(symbol) for symbol in text[1:]] + [-1] * (longest + 1 - len(text))
        for text, _ in strings
    ]
    return torch.tensor(rows).t()


def wrong(outputs: Tensor, batch: Sequences) -> Bools:
    """(N,) strings in which some symbol that may follow is not above all that may not."""
    allowed = batch.targets > 0
    lowest = outputs.masked_fill(~allowed, float("inf")).amin(2)
    highest = outputs.masked_fill(allowed, -float("inf")).amax(2)
    inside = allowed.any(2)
    result: Bools = (inside & (lowest <= highest)).any(0).numpy()
    return result


def run(cell: str, seed: int, most: int) -> tuple[int | None, float, SequenceNetwork]:
    """Sequences until solved or None, the share of test strings read right, the network."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    strings = [embedded(random) for _ in range(2 * STRINGS)]
    both = pack(strings)
    network = SequenceNetwork(cell, len(SYMBOLS), HIDDEN[cell], len(SYMBOLS))
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    begin, step = time.monotonic(), 0
    bad = np.ones(2 * STRINGS, bool)
    with progress(f"{cell}, seed {seed}") as tell:
        while bad.any() and step * BATCH < most and time.monotonic() - begin < 60 * LONGEST:
            chosen = [strings[k] for k in random.integers(STRINGS, size=BATCH)]
            batch = pack(chosen)
            outputs = network(batch.inputs, batch.lengths)
            loss = functional.cross_entropy(
                outputs.flatten(0, 1), actual(chosen).flatten(), ignore_index=-1
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            step += 1
            if step % CHECK_EVERY == 0:
                with torch.no_grad():
                    bad = wrong(network(both.inputs, both.lengths), both)
                tell(f"{step * BATCH:,} sequences, {bad.sum()} of {bad.size} wrong")
    success = None if bad.any() else step * BATCH
    return success, float(1 - bad[STRINGS:].mean()), network


def main() -> None:
    experiment = Experiment("reber", __doc__)
    seeds = range(experiment.seed, experiment.seed + (1 if experiment.quick else 10))
    rows = [(*row, "") for row in PUBLISHED]
    figure, axes = new_figure()
    for cell in HIDDEN:
        most = 800 if experiment.quick else MOST
        runs = [run(cell, seed, most) for seed in seeds]
        solved = [after for after, _, _ in runs if after is not None]
        rows.append(
            (
                f"{cell}, {HIDDEN[cell]} units",
                str(weights(runs[0][2])),
                f"{len(solved)} of {len(runs)}",
                f"{np.mean(solved):,.0f}" if solved else f"> {most:,}",
                f"{100 * np.mean([share for _, share, _ in runs]):.1f} %",
            )
        )
        axes.plot(sorted(solved), np.arange(1, len(solved) + 1) / len(runs), "o-", label=cell)
    axes.axvline(8_440, color="tab:grey", linestyle="--", label="published LSTM, mean")
    axes.set(xlabel="sequences", ylabel="share of runs that have solved it", ylim=(0, 1.05))
    axes.legend()
    head = ("layer", "weights", "solved", "mean sequences", "test strings right")
    experiment.finish(table(head, rows), figure)


if __name__ == "__main__":
    main()
