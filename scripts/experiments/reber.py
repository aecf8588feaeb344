"""Next symbol in the embedded Reber grammar, where the second symbol decides the last but one.

Hochreiter & Schmidhuber (1997), experiment 1. A string is B, T or P, a string of the Reber
grammar, the same T or P again, and E. The network reads it symbol by symbol and predicts what
comes next; a prediction is right if the outputs of all symbols that may follow are above all
others. Solved when 256 strings to learn from and 256 others, drawn once, are all read right
throughout; as in 1997 none of those is among these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
BOUND = 0.2  # of the first weights (1997)
CHECK_EVERY = 160  # sequences
HIDDEN = 16  # units


@dataclass(frozen=True)
class Descent:
    """How the weights are changed, and after how many sequences a run has failed."""

    name: str
    batch: int  # sequences
    rate: float
    most: int

    def optimiser(self, network: nn.Module) -> torch.optim.Optimizer:
        kind = torch.optim.Adam if self.name == "Adam" else torch.optim.SGD
        return kind(network.parameters(), self.rate)


ADAM = Descent("Adam", 8, 0.02, 40_000)
PLAIN = Descent("plain descent", 1, 0.1, 40_000)  # after every sequence, as in 1997
ROWS = (  # cell, descent, runs
    ("lstm-1997", PLAIN, 10),
    ("lstm-1997", ADAM, 10),
    ("lstm", ADAM, 10),
    ("rnn", ADAM, 10),
    ("rnn cut", ADAM, 3),  # Elman's: the gradient ends after one frame
)


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


def draw(random: Random) -> list[tuple[str, list[str]]]:
    """``STRINGS`` to learn from, some more than once, and as many others; see ``embedded``."""
    strings = [embedded(random) for _ in range(STRINGS)]
    learnt = {text for text, _ in strings}
    while len(strings) < 2 * STRINGS:
        if (string := embedded(random))[0] not in learnt:
            strings.append(string)
    return strings


def run(cell: str, how: Descent, seed: int) -> tuple[int | None, float, SequenceNetwork]:
    """Sequences until solved or None, the share of test strings read right, the network."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    strings = draw(random)
    both = pack(strings)
    symbols, kind = len(SYMBOLS), cell.removesuffix(" cut")
    network = SequenceNetwork(kind, symbols, HIDDEN, symbols, truncate=int(kind != cell))
    network.begin_with(BOUND)
    optimiser = how.optimiser(network)
    bad, seen = np.ones(2 * STRINGS, bool), 0
    with progress(f"{cell}, {how.name}, seed {seed}") as tell:
        while bad.any() and seen < how.most:
            chosen = [strings[k] for k in random.integers(STRINGS, size=how.batch)]
            batch = pack(chosen)
            outputs = network(batch.inputs, batch.lengths)
            loss = functional.cross_entropy(
                outputs.flatten(0, 1), actual(chosen).flatten(), ignore_index=-1
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            seen += how.batch
            if seen % CHECK_EVERY == 0:
                with torch.no_grad():
                    bad = wrong(network(both.inputs, both.lengths), both)
                tell(f"{seen:,} sequences, {bad.sum()} of {bad.size} wrong")
    success = None if bad.any() else seen
    return success, float(1 - bad[STRINGS:].mean()), network


def main() -> None:
    experiment = Experiment("reber", __doc__)
    rows = [(*row, "") for row in PUBLISHED]
    figure, axes = new_figure()
    for cell, descent, count in ROWS:
        how = replace(descent, most=CHECK_EVERY) if experiment.quick else descent
        seeds = range(experiment.seed, experiment.seed + (1 if experiment.quick else count))
        runs = [run(cell, how, seed) for seed in seeds]
        solved = [after for after, _, _ in runs if after is not None]
        name = f"{cell}, {how.name}"
        rows.append(
            (
                f"{name}, {HIDDEN} units",
                str(weights(runs[0][2])),
                f"{len(solved)} of {len(runs)}",
                f"{np.mean(solved):,.0f}" if solved else f"> {how.most:,}",
                f"{100 * np.mean([share for _, share, _ in runs]):.1f} %",
            )
        )
        axes.plot(sorted(solved), np.arange(1, len(solved) + 1) / len(runs), "o-", label=name)
    axes.axvline(8_440, color="tab:grey", linestyle="--", label="published LSTM, mean")
    axes.set(xlabel="sequences", ylabel="share of runs that have solved it", ylim=(0, 1.05))
    axes.legend()
    head = ("layer", "weights", "solved", "mean sequences", "test strings right")
    experiment.finish(table(head, rows), figure)


if __name__ == "__main__":
    main()
