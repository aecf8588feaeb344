"""What the experiments share: a one-way network, training until a task is solved, results.

    .venv/bin/python scripts/experiments/NAME.py [--quick] [--seed 1] [--out FOLDER]

Each experiment prints its measured rows beside the published ones and writes them, with machine
and date, to NAME.txt and the picture to NAME.png. --quick is a small version of about a minute
or less that shows the program works, not the claim; its files go to results/quick/.

Where an experiment trains, sequences are counted as in the papers, batches are drawn anew for
every step, and the optimiser is Adam with clipped gradients where 1997 had plain descent after
every sequence. Units have gates of their own where the papers' blocks share them.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from torch import Tensor, nn

from ocr.files.atomic import write_atomically
from ocr.network.directions import LEFT_TO_RIGHT
from ocr.network.recurrent import RecurrentLayer
from ocr.network.tdnn import TimeDelayLayer

RESULTS = Path(__file__).with_name("results")
HELD = 2000  # sequences in a row without error that count as success (1997)
AT_LEAST = 50_000  # sequences before a layer may be said to fail
TESTED = 2560  # new sequences that a solution is tested on (1997)

Random = np.random.Generator
Bools = NDArray[np.bool_]


class SequenceNetwork(nn.Module):
    """x (T, N, F), lengths (N,) -> (T, N, O): a layer that reads once, from the first frame to
    the last, and a linear output."""

    def __init__(self, cell: str, inputs: int, hidden: int, outputs: int, **layer: Any) -> None:
        super().__init__()
        self.hidden = hidden
        self.layer: nn.Module
        if cell == "tdnn":
            self.layer = TimeDelayLayer(inputs, hidden)
        else:
            self.layer = RecurrentLayer(cell, inputs, hidden, directions=(LEFT_TO_RIGHT,), **layer)
        self.output = nn.Linear(hidden, outputs)

    def begin_with(self, bound: float) -> SequenceNetwork:
        """Draw all weights but biases from [-bound, bound], as in 1997; returns itself."""
        for name, parameter in self.named_parameters():
            if "bias" not in name:
                nn.init.uniform_(parameter, -bound, bound)
        return self

    def read(self, x: Tensor, lengths: Tensor) -> Tensor:
        """What the layer makes of it: (T, N, H). Of a time-delay layer, the half that looks
        back."""
        values: Tensor = self.layer(x, lengths)
        return values[:, :, : self.hidden]

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        outputs: Tensor = self.output(self.read(x, lengths))
        return outputs


@dataclass(frozen=True)
class Sequences:
    """A batch: inputs (T, N, F), lengths (N,), and what the task wants to see."""

    inputs: Tensor
    lengths: Tensor
    targets: Tensor


class Task(Protocol):
    """Sequences without end, and when they are read right."""

    inputs: int
    outputs: int

    def draw(self, count: int, random: Random) -> Sequences:
        """New sequences."""

    def loss(self, outputs: Tensor, batch: Sequences) -> Tensor:
        """What training minimises, for outputs (T, N, O)."""

    def wrong(self, outputs: Tensor, batch: Sequences) -> Bools:
        """(N,) which sequences are answered wrongly."""


@dataclass(frozen=True)
class Training:
    """How a network is trained, and when it is given up."""

    batch: int = 32  # sequences
    rate: float = 0.01  # of Adam
    most: int = 1_000_000  # sequences
    minutes: float = 5.0
    seed: int = 1

    def same_as(self, other: Outcome) -> Training:
        """The same chance for another layer: as many sequences and twice the time, but no less
        than a minute or ``AT_LEAST`` sequences of it."""
        minutes = max(2 * other.seconds / 60, min(self.minutes, 1.0))
        return replace(self, most=max(other.seen, AT_LEAST), minutes=minutes)


@dataclass(frozen=True)
class Outcome:
    """``after``: sequences until success, or None; ``seen``: sequences trained on."""

    after: int | None
    seen: int
    wrong: int
    tested: int
    seconds: float

    @property
    def row(self) -> tuple[str, str]:
        """Success, and wrong predictions, as the tables show them."""
        success = f"{self.after:,}" if self.after else f"not in {self.seen:,}"
        return success, f"{self.wrong} of {self.tested}"


def last_outputs(outputs: Tensor, batch: Sequences) -> Tensor:
    """(N, O): the outputs at each sequence's last frame."""
    return outputs[batch.lengths - 1, torch.arange(outputs.shape[1])]


def train(network: SequenceNetwork, task: Task, how: Training, name: str) -> Outcome:
    """Train until ``HELD`` sequences in a row are answered rightly, each before it was learned
    from; then test on ``TESTED`` new ones."""
    random = np.random.default_rng(how.seed)
    optimiser = torch.optim.Adam(network.parameters(), how.rate)
    begin = time.monotonic()
    seen = held = 0
    with progress(name) as tell:
        while held < HELD and seen < how.most and time.monotonic() - begin < 60 * how.minutes:
            batch = task.draw(how.batch, random)
            outputs = network(batch.inputs, batch.lengths)
            loss = task.loss(outputs, batch)
            wrong = task.wrong(outputs.detach(), batch)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            seen += how.batch
            held = held + how.batch if not wrong.any() else int(np.argmax(wrong[::-1]))
            tell(f"{seen:,} sequences, loss {loss.item():.4f}, {held} right in a row")
    seconds = time.monotonic() - begin
    return Outcome(
        seen if held >= HELD else None, seen, count_wrong(network, task, random), TESTED, seconds
    )


def count_wrong(network: SequenceNetwork, task: Task, random: Random) -> int:
    """Wrong answers to ``TESTED`` new sequences."""
    wrong = 0
    with torch.no_grad():
        for _ in range(TESTED // 128):
            batch = task.draw(128, random)
            wrong += int(task.wrong(network(batch.inputs, batch.lengths), batch).sum())
    return wrong


@contextmanager
def progress(name: str) -> Iterator[Any]:
    """Gives a function that shows a text behind the name while the experiment runs."""
    columns = (TextColumn("{task.description}"), TextColumn("{task.fields[state]}"))
    with Progress(*columns, TimeElapsedColumn(), transient=True) as display:
        row = display.add_task(name, total=None, state="")
        yield lambda text: display.update(row, state=text)


def weights(network: nn.Module) -> int:
    """Trained numbers in a network."""
    return sum(parameter.numel() for parameter in network.parameters())


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest entry, the first to the left, the others to the right."""
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return "  ".join(cells).rstrip()

    return "\n".join([line(head), line(["-" * width for width in widths]), *map(line, rows)])


class Experiment:
    """The command line of an experiment and where its results go."""

    def __init__(self, name: str, about: str) -> None:
        self.name = name
        self.about = about.strip()
        parser = argparse.ArgumentParser(description=self.about.splitlines()[0])
        parser.add_argument("--quick", action="store_true", help="a small version")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--out", type=Path, help="folder of the results")
        given = parser.parse_args()
        self.quick: bool = given.quick
        self.seed: int = given.seed
        self.folder: Path = given.out or (RESULTS / "quick" if given.quick else RESULTS)
        torch.set_num_threads(1)
        torch.manual_seed(self.seed)
        self._begin = time.monotonic()

    def finish(self, text: str, figure: Any) -> None:
        """Print the text, and write it and the picture."""
        self.folder.mkdir(parents=True, exist_ok=True)
        minutes = (time.monotonic() - self._begin) / 60
        report = (
            f"{self.about}\n\n{text}\n\n"
            f"{date.today().isoformat()}, {machine()}, torch {torch.__version__}, one thread, "
            f"seed {self.seed}, {minutes:.1f} min{', quick version' if self.quick else ''}\n"
        )
        print(text)
        write_atomically(self.folder / f"{self.name}.txt", report)
        figure.savefig(self.folder / f"{self.name}.png", dpi=110)
        print(f"wrote {self.folder / self.name}.txt and .png")


def machine() -> str:
    """The processor, as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":")[1].strip() for line in lines if "model name" in line), "?")


def new_figure() -> tuple[Any, Any]:
    """A figure and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(alpha=0.3)
    return figure, axes
