"""Any line readers over the same lines: error rates, and speeds relative to the first.

    python scripts/bench/accuracy.py SHARED [--lines 150] [--lists print/eng_oldbooks ...]
        [--reader NAME=COMMAND ...] [--seed 1] [--around SURROUNDING]

A COMMAND reads the paths of line images from its standard input, one a line, and answers each
with one line of text before the next is sent; scripts/bench/readers/ has those of this project,
of Tesseract (Debian: tesseract-ocr and its languages) and of RapidOCR (PyPI: rapidocr,
onnxruntime). "{list}" in a command becomes the name of the list, for readers that must be told a
language. Without --reader, ours alone.

Every reader gets the same PNG files. On each list the readers take turns line by line, so that
whatever else the machine does meets all of them alike; the first line of a reader, which loads
its model, is not timed (Tesseract loads it for every line, which its times include). Where all
lines are too many, some are drawn once. With --around, the lines get something around them that
belongs to no line: see surroundings.py.
"""

from __future__ import annotations

import argparse
import platform
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image
from surroundings import SURROUNDINGS, Picture

from ocr.metrics import character_error_rate
from ocr.training.data.dataset import read_samples
from ocr.types import Sample

OURS = "carousel=" + shlex.join(
    [sys.executable, str(Path(__file__).parent / "readers" / "carousel.py")]
)


class Reader:
    """A command that is running, and what it has read of one list."""

    def __init__(self, name: str, command: str, collection: str) -> None:
        self.name = name
        self.seconds = 0.0
        self.pairs: list[tuple[str, str]] = []  # reference, reading
        self._process = subprocess.Popen(
            [part.replace("{list}", collection) for part in shlex.split(command)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def ask(self, image: Path) -> str:
        """The reading of one image."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(image, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} has ended; try its command by hand")
        return answer.rstrip("\n")

    def read(self, image: Path, reference: str) -> None:
        """Read a line, and keep what was read and how long it took."""
        begin = time.perf_counter()
        reading = self.ask(image)
        self.seconds += time.perf_counter() - begin
        self.pairs.append((reference, reading))


def compare(
    commands: dict[str, str],
    collection: str,
    samples: Sequence[Sample],
    changed: Callable[[Picture], Picture],
) -> list[Reader]:
    """All readers over the lines of one list, each line's picture ``changed`` before."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        readers = [
            stack.enter_context(Reader(name, command, collection))
            for name, command in commands.items()
        ]
        for number, sample in enumerate(samples):
            image = folder / f"{number}.png"
            with Image.open(sample.image) as picture:
                Image.fromarray(changed(np.asarray(picture.convert("L")))).save(image)
            for reader in readers:
                if number == 0:
                    reader.ask(image)
                reader.read(image, sample.text)
            tell(f"{collection} {number + 1} of {len(samples)} ")
    return readers


def tell(text: str) -> None:
    """Progress, for a terminal alone."""
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr)


def thinned(samples: Sequence[Sample], most: int, seed: int) -> Sequence[Sample]:
    """``most`` lines drawn once, in their order."""
    if len(samples) <= most:
        return samples
    chosen = random.Random(seed).sample(range(len(samples)), most)
    return [samples[index] for index in sorted(chosen)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("--lines", type=int, default=150, help="of each list at most")
    parser.add_argument("--lists", nargs="*", help="COLLECTION as under SHARED/data; all if none")
    parser.add_argument("--reader", action="append", metavar="NAME=COMMAND")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--around", choices=SURROUNDINGS, help="put around every line")
    given = parser.parse_args()
    changed = SURROUNDINGS[given.around] if given.around else lambda picture: picture
    commands = dict(reader.split("=", 1) for reader in given.reader or [OURS])
    data = given.shared / "data"
    lists = given.lists or sorted(
        str(path.parent.relative_to(data)) for path in data.glob("*/*/test.tsv")
    )
    print(f"CER in % with its 95 % interval, {given.lines} lines of each list at most, ", end="")
    print(f"around them {given.around}, " if given.around else "", end="")
    print(f"{date.today().isoformat()}, {platform.machine()}; speed relative to the first\n")
    names = list(commands)
    print(f"| list | lines | {' | '.join(names)} | {' | '.join(f'{n}, speed' for n in names)} |")
    print("|" + "---|" * (2 + 2 * len(names)))
    for collection in lists:
        samples = read_samples([data / collection / "test.tsv"]).samples
        chosen = thinned(samples, given.lines, given.seed)
        readers = compare(commands, collection, chosen, changed)
        rates = [str(character_error_rate(reader.pairs)) for reader in readers]
        speeds = [f"{readers[0].seconds / reader.seconds:.2f}" for reader in readers]
        cells = [collection, str(len(readers[0].pairs)), *rates, *speeds]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
