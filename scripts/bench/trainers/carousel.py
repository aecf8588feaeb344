"""This project as a trainer for from_nothing.py, at the defaults of ``ocr train``."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import ocr  # loads nothing yet: what it takes to load the rest counts

RESERVE = 0.1  # min, to start the other processes in, and for the last look at the model


def learn(training: Path, validation: Path, model: Path, deadline: float) -> float:
    """Train until the deadline of time.monotonic(); the epochs it came to."""
    run, _ = ocr.prepare([training], model, ocr.Recipe(), [validation])
    left = (deadline - time.monotonic()) / 60 - RESERVE
    run = replace(run, options=replace(run.options, minutes=left))
    epochs = 0.0
    with closing(ocr.train(run, lambda: time.monotonic() > deadline)) as steps:
        for progress in steps:
            epochs = progress.epoch
    return epochs


def main(training: Path, validation: Path, test: Path, minutes: float) -> None:
    deadline = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "m.safetensors")
        print(f"{learn(training, validation, model, deadline):.0f} epochs", flush=True)
        reader = ocr.load_model(model)
        for image in sorted(test.glob("*.png")):
            print(image.name, reader.recognize(image).text, sep="\t")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), float(sys.argv[4]))
