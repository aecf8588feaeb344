"""What trainers learn from the same lines in the same time, each beginning with no model.

    python scripts/bench/from_nothing.py SHARED [--list print/eng_oldbooks] [--lines 1000]
        [--minutes 10] [--trainer NAME=COMMAND ...] [--seed 1]

A COMMAND is called with

    TRAIN VALIDATION TEST MINUTES

where TRAIN and VALIDATION are folders of pairs x.png + x.gt.txt, and TEST is one of x.png alone.
It trains for so many minutes of wall clock, its own start included, and then prints how far it
came, such as "12 epochs", in a line that may be empty: its arrival ends the time that counts.
With the best model that it has by then it reads TEST and prints x.png<TAB>text for each image, or
nothing where there is no model yet. All else that it has to say goes to its standard error.

scripts/bench/trainers/ has those of this project, of kraken and of Calamari, each at its own
defaults. Without --trainer, ours alone. Each runs in its tool's own Python:

    kraken    PyPI: kraken 7.1.1; of torch (2.13.0) and torchvision (0.28.0) the same build, for
              CPU or CUDA, or torchvision lacks its operators
    Calamari  PyPI: calamari-ocr 2.3.1; it needs Keras 2, thus tensorflow 2.15 and Python 3.11 at
              most. For the smaller tensorflow-cpu 2.15.1 install calamari-ocr and
              ocrd-fork-tfaip 1.2.7 without dependencies, and what else these two ask for

The trainers take turns on the same cores, ``CORES`` where there are more, to which Linux alone can
hold them. The training lines are drawn once, so that fewer of them are among more; the validation
lines are thinned evenly. Reading is not timed.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PIL import Image

from ocr.metrics import character_error_rate, word_error_rate
from ocr.training.data.dataset import read_samples
from ocr.types import Sample

OURS = "carousel=" + shlex.join(
    [sys.executable, str(Path(__file__).parent / "trainers" / "carousel.py")]
)
CORES = 2
LISTS = ("train.tsv", "val.tsv", "test.tsv")
VALIDATION_LINES = 100


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trainer came to.

    minutes   of wall clock, from its start to the end of its training
    extent    how far it came, in its own words
    readings  image name -> text; empty where it has no model yet
    """

    minutes: float
    extent: str
    readings: dict[str, str]


def drawn(samples: Sequence[Sample], count: int, seed: int) -> Sequence[Sample]:
    """``count`` lines at random; with the same seed, fewer are the first of more."""
    return random.Random(seed).sample(samples, len(samples))[:count]


def thinned(samples: Sequence[Sample], most: int) -> Sequence[Sample]:
    """At most ``most`` lines, at equal distances."""
    count = min(most, len(samples))
    return [samples[number * len(samples) // count] for number in range(count)]


def write_lines(folder: Path, samples: Sequence[Sample], transcribed: bool = True) -> Path:
    """A new folder of PNG files, with their texts beside them if ``transcribed``."""
    folder.mkdir()
    for number, sample in enumerate(samples):
        with Image.open(sample.image) as picture:
            picture.convert("L").save(folder / image_name(number))
        if transcribed:
            text = folder / image_name(number).replace(".png", ".gt.txt")
            text.write_text(sample.text, encoding="utf-8")
    return folder


def image_name(number: int) -> str:
    return f"{number:05}.png"


def train(name: str, command: str, folders: Sequence[Path], minutes: float) -> Outcome:
    """Run one trainer to its end."""
    words = [*shlex.split(command), *map(str, folders), f"{minutes:g}"]
    begin = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        extent = process.stdout.readline().strip()
        used = (time.monotonic() - begin) / 60
        rows = [line.rstrip("\n").partition("\t") for line in process.stdout]
    if process.returncode:
        sys.exit(f"{name} has failed with {process.returncode}; try its command by hand")
    return Outcome(used, extent, {image: text for image, _, text in rows})


def row(name: str, outcome: Outcome, references: Sequence[str]) -> str:
    """One row of the table; a model must have read every image."""
    cer, wer = "no model yet", ""
    if outcome.readings:
        expected = {image_name(number) for number in range(len(references))}
        if set(outcome.readings) != expected:
            sys.exit(f"{name} has not read the {len(expected)} images that it was given")
        pairs = [(text, outcome.readings[image_name(n)]) for n, text in enumerate(references)]
        cer, wer = str(character_error_rate(pairs)), str(word_error_rate(pairs))
    return f"| {name} | {cer} | {wer} | {outcome.minutes:.1f} | {outcome.extent} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("--list", default="print/eng_oldbooks", help="as under SHARED/data")
    parser.add_argument("--lines", type=int, default=1000, help="to train on, at most")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--trainer", action="append", metavar="NAME=COMMAND")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])  # trainers inherit it
    lists = [given.shared / "data" / given.list / name for name in LISTS]
    every, validating, test = (read_samples([path]).samples for path in lists)
    training = drawn(every, given.lines, given.seed)
    validating = thinned(validating, VALIDATION_LINES)
    print(
        f"{given.list}: {len(training)} lines learnt in {given.minutes:g} min, "
        f"{len(validating)} to choose the best model by, {len(test)} read; "
        f"{date.today().isoformat()}, {platform.machine()}, {len(os.sched_getaffinity(0))} cores\n"
    )
    print("| trainer | CER %, 95 % interval | WER %, 95 % interval | minutes | came to |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as place:
        folders = (
            write_lines(Path(place, "train"), training),
            write_lines(Path(place, "validation"), validating),
            write_lines(Path(place, "test"), test, transcribed=False),
        )
        for name, command in (trainer.split("=", 1) for trainer in given.trainer or [OURS]):
            outcome = train(name, command, folders, given.minutes)
            print(row(name, outcome, [sample.text for sample in test]), flush=True)


if __name__ == "__main__":
    main()
