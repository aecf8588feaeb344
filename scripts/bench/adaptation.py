"""How fast a model learns a hand it never saw, and what it forgets meanwhile.

    python scripts/bench/adaptation.py MODEL HAND... [--others FOLDER...] [--lines 10 25 50]

MODEL was trained without the hands (scripts/train_default NAME SHARED --leave-out HAND...). A
HAND is a folder with train.tsv and test.tsv. For every number of lines ``ocr adapt`` teaches MODEL
so many of the first lines of train.tsv, with the images, but not the texts, of the --unread lines
that follow; what it makes reads test.tsv, and the first lines of test.tsv of the OTHERS, alone and
with a language model. Prints the table and draws the curve, RUNS/adaptation.png. Models are kept in
RUNS; one that is there is not trained again.
"""

from __future__ import annotations

import argparse
import io
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from matplotlib.figure import Figure

from ocr.calibration import known_lines
from ocr.decoding import decoder_for
from ocr.decoding.greedy import greedy
from ocr.files.atomic import write_atomically
from ocr.metrics import ErrorRate, character_error_rate
from ocr.network.modelheader import model_id
from ocr.options import AdaptationOptions, DecodingOptions
from ocr.recognition import load_model
from ocr.training.data.dataset import read_samples
from ocr.training.session import process_count
from ocr.types import Sample

OTHER_LINES = 100  # of each list that is read to see what was forgotten

WAYS = ("alone", "with")  # of reading: the network alone, and with the language model


class Row(NamedTuple):
    """Lines learnt; of either way of reading the hand's CER, and the mean CER of the others."""

    lines: int
    own: tuple[ErrorRate, ...]
    others: tuple[float, ...]


def adapted(model: Path, hand: Path, lines: int, given: argparse.Namespace) -> Path:
    """What ocr adapt makes of the model, the first ``lines`` of the hand and images of others."""
    name = f"{model_id(model)}-{hand.name}-{lines}-{given.unread}-{given.minutes:g}min"
    final = given.runs / f"{name}.safetensors"
    if final.exists():
        return final
    rows = (hand / "train.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
    listed, output = given.runs / f"{name}.tsv", given.runs / "unfinished.safetensors"
    write_atomically(listed, "".join(f"{hand.resolve()}/{row}" for row in rows[:lines]))
    command = [sys.executable, "-m", "ocr.cli.main", "adapt", str(listed), "-m", str(model)]
    command += ["-o", str(output), "--overwrite", "--unread", str(given.unread)]
    command += ["--minutes", str(given.minutes), "--processes", str(given.processes)]
    with TemporaryDirectory() as folder:
        for row in rows[lines : lines + given.unread]:
            image = hand.resolve() / row.split("\t")[0]
            (Path(folder) / image.name).symlink_to(image)
        sources = [folder] if given.unread else []
        log = subprocess.run([*command, *sources], stdout=subprocess.PIPE, text=True, check=True)
    write_atomically(given.runs / f"{name}.log", log.stdout)
    return output.replace(final)


def curve(model: Path, hand: Path, given: argparse.Namespace) -> Iterator[Row]:
    """A row for the model as it is, and one for every number of lines."""
    own = read_samples([hand / "test.tsv"]).samples
    others = [read_samples([folder / "test.tsv"]).samples[:OTHER_LINES] for folder in given.others]
    for count in (0, *given.lines):
        path = adapted(model, hand, count, given) if count else model
        rest = zip(*(rates(path, samples, given.lm) for samples in others), strict=True)
        means = (statistics.mean(rate.rate for rate in way) for way in rest)
        yield Row(count, rates(path, own, given.lm), tuple(means))


def rates(model: Path, samples: Sequence[Sample], language: str) -> tuple[ErrorRate, ...]:
    """CER by best path, and with the language model."""
    recognizer = load_model(model)
    lines, _ = known_lines(recognizer, samples)
    decoders = (greedy, decoder_for(DecodingOptions(language_model=language), recognizer.alphabet))
    return tuple(
        character_error_rate(
            (line.text, recognizer.alphabet.decode(decode(line.log_probs)[0].labels))
            for line in lines
        )
        for decode in decoders
    )


def show(hand: str, row: Row, first: Row) -> None:
    """One row of the table, with the changes from the first."""
    own = (
        f"{rate} ({100 * (rate.rate / before.rate - 1):+.0f} %)"
        for rate, before in zip(row.own, first.own, strict=True)
    )
    others = (
        f"{100 * rate:.1f} ({100 * (rate / before - 1):+.0f} %)"
        for rate, before in zip(row.others, first.others, strict=True)
    )
    print(f"| {hand} | {row.lines} | {' | '.join((*own, *others))} |", flush=True)


def picture(curves: dict[str, list[Row]]) -> bytes:
    """A PNG: CER over the number of lines; per hand a line of each way of reading with its 95 %
    band."""
    figure = Figure(figsize=(7, 4), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for number, (hand, rows) in enumerate(curves.items()):
        counts = [row.lines for row in rows]
        for way, (name, style) in enumerate(zip(WAYS, ("--", "-"), strict=True)):
            values = [row.own[way] for row in rows]
            look = {"color": f"C{number}", "label": f"{hand}, {name}"}
            axes.plot(counts, [100 * rate.rate for rate in values], style, marker=".", **look)
            bounds = [[100 * rate.interval[side] for rate in values] for side in (0, 1)]
            axes.fill_between(counts, *bounds, color=f"C{number}", alpha=0.15)
    axes.set(xlabel="lines learnt from", ylabel="CER on further pages in %", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("hands", type=Path, nargs="+", metavar="HAND")
    parser.add_argument("--others", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--lines", type=int, nargs="+", default=[10, 25, 50, 100, 200])
    parser.add_argument("--lm", default="latin", help="language model (default: %(default)s)")
    parser.add_argument("--unread", type=int, default=500, help="images (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--processes", type=int, default=0, help="one per core unless given")
    parser.add_argument("--runs", type=Path, default=Path("runs/adaptation"))
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    training = AdaptationOptions(minutes=given.minutes, processes=given.processes).training
    processes = process_count(training)
    print(f"{date.today()}, {platform.machine()}, {processes} processes, {given.minutes:g} min")
    heads = [f"{what} {way}" for what in ("CER %", "others, CER %") for way in WAYS]
    print(f"| hand | lines | {' | '.join(heads)} |")
    print("|---|---|---|---|---|---|")
    curves: dict[str, list[Row]] = {}
    for hand in given.hands:
        rows = curves.setdefault(hand.name, [])
        for row in curve(given.model, hand, given):
            rows.append(row)
            show(hand.name, row, rows[0])
    write_atomically(given.runs / "adaptation.png", picture(curves))


if __name__ == "__main__":
    main()
