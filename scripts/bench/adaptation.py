"""How fast a model learns a hand it never saw, and what it forgets meanwhile.

    python scripts/bench/adaptation.py MODEL HAND... [--others FOLDER...] [--lines 10 25 50]

MODEL was trained without the hands (scripts/train_default NAME SHARED --leave-out HAND...). A
HAND is a folder with train.tsv and test.tsv. For every number of lines a copy of MODEL learns
from so many of the first lines of train.tsv, as ``ocr adapt`` does, and reads test.tsv, and the
first lines of test.tsv of the OTHERS. Prints the table and draws the curve, RUNS/adaptation.png.
Models are kept in RUNS; one that is there is not trained again.
"""

from __future__ import annotations

import argparse
import io
import platform
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

from matplotlib.figure import Figure

from ocr.evaluation import evaluate
from ocr.files.atomic import write_atomically
from ocr.metrics import ErrorRate
from ocr.network.modelheader import model_id
from ocr.options import AdaptationOptions, TrainingOptions
from ocr.recognition import load_model
from ocr.training.claim import claimed
from ocr.training.data.dataset import read_samples
from ocr.training.prepare import Recipe, prepare
from ocr.training.session import process_count, train_run
from ocr.types import Sample

OTHER_LINES = 100  # of each list that is read to see what was forgotten

Row = tuple[int, ErrorRate, float]  # lines learnt, CER of the hand, mean CER of the others


def adapted(model: Path, hand: Path, lines: int, training: TrainingOptions, runs: Path) -> Path:
    """A copy of the model that has learnt from the first ``lines`` of the hand."""
    final = runs / f"{model_id(model)}-{hand.name}-{lines}-{training.minutes:g}min.safetensors"
    if final.exists():
        return final
    rows = (hand / "train.tsv").read_text(encoding="utf-8").splitlines(keepends=True)[:lines]
    listed, output = runs / f"{final.stem}.tsv", runs / "unfinished.safetensors"
    write_atomically(listed, "".join(f"{hand.resolve()}/{row}" for row in rows))
    with claimed(output, overwrite=True):
        run, _ = prepare([listed], output, Recipe(training=training, start=model), overwrite=True)
        with closing(train_run(run)) as steps:
            for _ in steps:
                pass
    return output.replace(final)


def curve(
    model: Path, hand: Path, training: TrainingOptions, given: argparse.Namespace
) -> Iterator[Row]:
    """A row for the model as it is, and one for every number of lines."""
    own = read_samples([hand / "test.tsv"]).samples
    others = [read_samples([folder / "test.tsv"]).samples[:OTHER_LINES] for folder in given.others]
    for count in (0, *given.lines):
        path = adapted(model, hand, count, training, given.runs) if count else model
        rest = [cer(path, samples).rate for samples in others]
        yield count, cer(path, own), statistics.mean(rest) if rest else float("nan")


def cer(model: Path, samples: Sequence[Sample]) -> ErrorRate:
    return evaluate(load_model(model), samples).cer


def show(hand: str, row: Row, first: Row) -> None:
    """One row of the table, with the changes from the first."""
    (count, rate, others), (_, before, others_before) = row, first
    low, high = rate.interval
    print(
        f"| {hand} | {count} | {100 * rate.rate:.1f} [{100 * low:.1f}, {100 * high:.1f}] "
        f"| {100 * (rate.rate / before.rate - 1):+.0f} % "
        f"| {100 * others:.1f} | {100 * (others / others_before - 1):+.0f} % |",
        flush=True,
    )


def picture(curves: dict[str, list[Row]]) -> bytes:
    """A PNG: CER over the number of lines, a line with its 95 % band per hand."""
    figure = Figure(figsize=(7, 4), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for hand, rows in curves.items():
        counts = [count for count, _, _ in rows]
        axes.plot(counts, [100 * rate.rate for _, rate, _ in rows], marker=".", label=hand)
        bounds = [[100 * rate.interval[side] for _, rate, _ in rows] for side in (0, 1)]
        axes.fill_between(counts, *bounds, alpha=0.2)
    axes.set(xlabel="lines learnt from", ylabel="CER on further pages in %", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("hands", type=Path, nargs="+", metavar="HAND")
    parser.add_argument("--others", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--lines", type=int, nargs="+", default=[10, 25, 50, 100, 200])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--processes", type=int, default=0, help="one per core unless given")
    parser.add_argument("--runs", type=Path, default=Path("runs/adaptation"))
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    training = AdaptationOptions(minutes=given.minutes, processes=given.processes).training
    processes = process_count(training)
    print(f"{date.today()}, {platform.machine()}, {processes} processes, {given.minutes:g} min")
    print("| hand | lines | CER %, 95 % interval | change | mean of others, CER % | change |")
    print("|---|---|---|---|---|---|")
    curves: dict[str, list[Row]] = {}
    for hand in given.hands:
        rows = curves.setdefault(hand.name, [])
        for row in curve(given.model, hand, training, given):
            rows.append(row)
            show(hand.name, row, rows[0])
    write_atomically(given.runs / "adaptation.png", picture(curves))


if __name__ == "__main__":
    main()
