"""kraken as a trainer for from_nothing.py: ``ketos train``, then ``kraken ocr``.

At its defaults but for the threads: it would take one, and may use every core here. It saves its
state after each epoch, and the best by the validation lines is read with; where the time is over
within the first epoch, that is the state that it saves when it is interrupted.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tool import program, run, tell

EPOCH = re.compile(r"checkpoint_(\d+)-(-?\d+\.\d+)\.ckpt")  # its number from 0, its accuracy
ABORTED = "checkpoint_abort.ckpt"
THREADS = ("--threads", str(len(os.sched_getaffinity(0))))


def learn(training: Path, validation: Path, folder: Path, deadline: float) -> None:
    """Train until the deadline of time.monotonic(), or until kraken has enough."""
    command = [program("ketos"), *THREADS, "train", "-f", "path", "-o", folder]
    for switch, lines in (("-t", training), ("-e", validation)):
        listed = folder.with_name(f"{lines.name}.txt")
        listed.write_text("".join(f"{path}\n" for path in lines.glob("*.png")), encoding="utf-8")
        command += [switch, listed]
    run(command, deadline)


def best(folder: Path) -> tuple[Path | None, str]:
    """The checkpoint to read with, and what it is."""
    found = [(path, EPOCH.fullmatch(path.name)) for path in folder.glob("*.ckpt")]
    epochs = [(float(match[2]), int(match[1]) + 1, path) for path, match in found if match]
    if epochs:
        _, epoch, path = max(epochs)
        return path, f"best after epoch {epoch}"
    aborted = folder / ABORTED
    return (aborted, "less than an epoch") if aborted.exists() else (None, "")


def read(checkpoint: Path, test: Path) -> None:
    """Read every image as one line, without segmentation; nothing where there is no model yet."""
    model = checkpoint.with_name("chosen.safetensors")
    try:
        run([program("ketos"), "convert", "-o", model, checkpoint])
    except subprocess.CalledProcessError:
        if checkpoint.name != ABORTED:
            raise
        return  # interrupted before its first step: kraken said why that is no model
    images = sorted(test.glob("*.png"))
    texts = [checkpoint.with_name(f"{image.stem}.txt") for image in images]
    inputs = [part for pair in zip(images, texts, strict=True) for part in ("-i", *pair)]
    # Without workers, which kraken would start anew for every image; the text is the same.
    run([program("kraken"), *inputs, *THREADS, "ocr", "-s", "--num-line-workers", "0", "-m", model])
    tell(images, texts)


def main(training: Path, validation: Path, test: Path, minutes: float) -> None:
    deadline = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "model")
        learn(training, validation, folder, deadline)
        checkpoint, extent = best(folder)
        print(extent, flush=True)
        if checkpoint:
            read(checkpoint, test)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), float(sys.argv[4]))
