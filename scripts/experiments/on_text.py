"""Which layer reads text best: the same lines, time and seed for every cell.

Two bidirectional layers of each cell under the default convolutions, trained from nothing in one
process on the lines of FOLDER/train.tsv, chosen by FOLDER/val.tsv, measured on FOLDER/test.tsv.
How many epochs a cell does in the given minutes is measured first, all cells in turn, so that
what else the machine does meanwhile favours none of them.
The lectures state: the error of a simple layer vanishes with distance, the LSTM keeps it, the
forget gate keeps the state bounded, a time-delay layer is computed in parallel but sees its
window only.

    .venv/bin/python scripts/experiments/on_text.py FOLDER [--minutes 10] [--runs FOLDER]

Training runs are kept in --runs and an interrupted one goes on; a finished one is not repeated.
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

from runner import RESULTS, machine, new_figure, progress, table

from ocr.evaluation import evaluate
from ocr.files.atomic import write_atomically
from ocr.options import CELLS, NetworkOptions, TrainingOptions
from ocr.recognition import load_model
from ocr.training.data.dataset import read_samples
from ocr.training.prepare import Recipe, prepare
from ocr.training.record import read_log
from ocr.training.run import RUN, Run, load_run, run_folder
from ocr.training.session import lines_per_second, train_run

TURNS = 5  # in which the speeds are measured
STATED = {
    "rnn": "the gradient vanishes",
    "lstm-1997": "constant error, state may grow",
    "lstm": "constant error, state bounded",
    "lstm-peephole": "gates that see the state",
    "tdnn": "sees its window only",
}


def prepared(data: Path, folder: Path, minutes: float) -> dict[str, Run]:
    """The run of every cell, laid out in ``folder`` or found there."""
    outputs = {cell: folder / f"{cell}.safetensors" for cell in CELLS}
    if (run_folder(outputs[CELLS[-1]]) / RUN).exists():
        return {cell: load_run(run_folder(output)) for cell, output in outputs.items()}
    options = TrainingOptions(epochs=1, processes=1, patience=0, seed=1)
    runs = {}
    for cell, output in outputs.items():
        recipe = Recipe(network=NetworkOptions(cell=cell), training=options)
        runs[cell], _ = prepare([data / "train.tsv"], output, recipe, [data / "val.tsv"])
    speeds: dict[str, list[float]] = {cell: [] for cell in CELLS}  # lines/s
    for _ in range(TURNS):
        for cell, run in runs.items():
            speeds[cell].append(lines_per_second(run))
    for cell, run in runs.items():
        epochs = 60 * minutes * statistics.median(speeds[cell]) / len(run.train)
        runs[cell] = replace(run, options=replace(options, epochs=round(epochs, 1)))
        runs[cell].save()
    return runs


def train(cell: str, run: Run) -> list[dict[str, float]]:
    """Train one network unless it is trained; returns its log, a row per validation."""
    with progress(cell) as tell, closing(train_run(run)) as steps:
        for state in steps:
            tell(f"epoch {state.epoch:.2f}, {state.lines_per_second:.0f} lines/s")
    return read_log(run.folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--runs", type=Path, default=Path("runs/on_text"))
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    samples = read_samples([given.data / "test.tsv"]).samples
    figure, axes = new_figure()
    rows = []
    for cell, run in prepared(given.data, given.runs, given.minutes).items():
        log = train(cell, run)
        report = evaluate(load_model(run.output), samples)
        share = given.minutes / log[-1]["step"]  # minutes a step, as they were measured
        axes.plot(
            [share * row["step"] for row in log], [100 * row["cer"] for row in log], label=cell
        )
        size = f"{run.output.stat().st_size / 4e6:.2f} M"  # float32
        rows.append((cell, size, f"{log[-1]['epoch']:.1f}", str(report.cer), STATED[cell]))
        print(f"{cell}: {report.cer} %", flush=True)
    axes.set(yscale="log", xlabel="minutes of training", ylabel="validation CER in %")
    axes.legend()
    head = ("layer", "weights", "epochs", "test CER %, 95 % interval", "stated")
    text = table(head, rows)
    print(text)
    name = "/".join(given.data.resolve().parts[-2:])
    conditions = f"{given.minutes:g} minutes each, one process of one thread, seed 1, {machine()}"
    write_atomically(
        RESULTS / "on_text.txt",
        f"{(__doc__ or '').strip()}\n\n{name}, {len(samples)} test lines\n\n{text}\n\n"
        f"{date.today().isoformat()}, {conditions}\n",
    )
    figure.savefig(RESULTS / "on_text.png", dpi=110)


if __name__ == "__main__":
    main()
