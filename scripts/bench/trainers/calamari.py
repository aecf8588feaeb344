"""Calamari as a trainer for from_nothing.py: ``calamari-train``, then ``calamari-predict``.

At its defaults. It exports its model whenever an epoch has made it better on the validation
lines; within the first epoch there is none, even where training is interrupted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tool import program, run, tell


def learn(training: Path, validation: Path, folder: Path, deadline: float) -> None:
    """Train until the deadline of time.monotonic(), or until Calamari has enough."""
    data = ("--train.images", training / "*.png", "--val.images", validation / "*.png")
    run([program("calamari-train"), *data, "--trainer.output_dir", folder], deadline)


def read(model: Path, test: Path, folder: Path) -> None:
    folder.mkdir()
    data = ("--data.images", test / "*.png", "--output_dir", folder)
    run([program("calamari-predict"), "--checkpoint", model, *data])
    images = sorted(test.glob("*.png"))
    tell(images, [folder / f"{image.stem}.pred.txt" for image in images])


def main(training: Path, validation: Path, test: Path, minutes: float) -> None:
    deadline = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "model")
        learn(training, validation, folder, deadline)
        epochs = len(list(folder.glob("checkpoint/checkpoint_*")))
        print(f"{epochs} epochs", flush=True)
        model = folder / "best.ckpt"
        if model.with_suffix(".ckpt.json").exists():
            read(model, test, Path(place, "texts"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), float(sys.argv[4]))
