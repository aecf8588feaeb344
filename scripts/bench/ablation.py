"""What each part of training brings: short trainings with one thing changed at a time.

    python scripts/bench/ablation.py NAME SHARED MODEL [--lines 8000] [--only WORD...]

NAME names scripts/recipes/NAME.json, SHARED the folder that it speaks of (see
scripts/train_default). Every training begins with the weights of MODEL, takes equally many real
lines, in one process, and is judged by validation lines; no test line is read. The row without
rendered lines thus takes fewer steps. One row changes nothing but the seed: what differs from the
recipe's row by no more than that is not told apart from it. --only names the rows to run by words
in them, to share them out among cores.
"""

from __future__ import annotations

import argparse
import platform
import runpy
import sys
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from ocr.training.augment import STANDARD
from ocr.training.claim import claimed
from ocr.training.loop import Trainer
from ocr.training.parallel import Alone
from ocr.training.ranges import NEVER, UNCHANGED, Amount, Ratio
from ocr.training.run import Run

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from recipes import recipe_of  # noqa: E402

VALIDATION_LINES = 2000


@dataclass(frozen=True, slots=True)
class Change:
    """What is unlike the recipe: training options, and distortions."""

    options: dict[str, Any] = field(default_factory=dict)
    distortions: dict[str, Amount | Ratio] = field(default_factory=dict)


CHANGES = {
    "as the recipe": Change(),
    "another seed": Change({"seed": 2}),
    "augment 0": Change({"augment": 0.0}),
    "augment 0.5": Change({"augment": 0.5}),
    "augment 1": Change({"augment": 1.0}),
    "no tremor, no wander": Change(distortions={"tremor": NEVER, "wander": NEVER}),
    "no pen": Change(
        distortions={"weight": NEVER, "gain": UNCHANGED, "fading": NEVER, "erasure": NEVER}
    ),
    "no slant, no stretch": Change(distortions={"shear": NEVER, "stretch": UNCHANGED}),
    "no shortcut": Change({"shortcut": 0.0}),
    "no balance": Change({"balance": 1.0}),
    "no rendered lines": Change({"synthetic_share": 0.0}),
}


def prepared(given: argparse.Namespace) -> Run:
    """The recipe's run, of ``given.lines`` lines, judged before and after alone."""
    recipe = recipe_of(given.name)
    recipe["training"] |= {"validation_lines": VALIDATION_LINES, "processes": 1, "patience": 0}
    recipe["training"] |= {"retain": 1.0, "blend": 1.0}  # from all of MODEL's weights, all the way
    lay_out = runpy.run_path(str(ROOT / "scripts" / "train_default"))["lay_out"]
    output = given.runs / f"{'-'.join([given.name, *filter(None, given.only)])}.safetensors"
    with claimed(output, overwrite=True):
        run: Run = lay_out(recipe, output, given, lambda: None)
    epochs = given.lines / len(run.train)
    options = replace(run.options, minutes=None, epochs=epochs, validate_every=len(run.train))
    return replace(run, options=options)


def cer(run: Run, change: Change) -> tuple[float, float]:
    """On the validation lines, 0..1, before the training and after it."""
    run = replace(run, options=replace(run.options, **change.options))
    with claimed(run.output, overwrite=True):
        trainer = Trainer(run, Alone())
        trainer.makers = 0  # batches made by other processes would be distorted as usual
        trainer.batcher.distortions = replace(STANDARD, **change.distortions)
        steps = trainer.steps(lambda: False)
        rates = [progress.cer for progress in steps if progress.cer is not None]
    return rates[0], rates[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name")
    parser.add_argument("shared", type=Path)
    parser.add_argument("start", type=Path, metavar="MODEL")
    parser.add_argument("--lines", type=int, default=8000)
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORD")
    parser.add_argument("--runs", type=Path, default=Path("runs/ablation"))
    given = parser.parse_args()
    given.runs.mkdir(parents=True, exist_ok=True)
    run = prepared(given)
    print(f"{date.today()}, {platform.machine()}, {given.lines} lines a row, ", end="")
    print(f"{len(run.validation)} validation lines")
    print("| training | CER % before | after |\n|---|---|---|")
    for name, change in CHANGES.items():
        if any(word in name for word in given.only):
            before, after = cer(run, change)
            print(f"| {name} | {100 * before:.2f} | {100 * after:.2f} |", flush=True)


if __name__ == "__main__":
    main()
