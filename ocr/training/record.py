"""The record of a run: one JSON line per validation, and the learning curve as a picture.

A row has step, epoch, seconds, cer (0..1) and, but for the weights that the run begins with, loss
(nats per character).
"""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

from ocr.files.atomic import write_atomically
from ocr.training.run import CURVE, LOG


def write_log(folder: Path, history: list[dict[str, float]]) -> None:
    """At every validation."""
    write_atomically(folder / LOG, "".join(json.dumps(row) + "\n" for row in history))


def read_log(folder: Path) -> list[dict[str, float]]:
    """The rows of the run in ``folder``, the first of its beginning."""
    return [json.loads(row) for row in (folder / LOG).read_text("utf-8").splitlines()]


def draw_curve(folder: Path, history: list[dict[str, float]]) -> None:
    """At every checkpoint: drawing takes as long as training on ten lines."""
    if history:
        write_atomically(folder / CURVE, learning_curve(history))


def learning_curve(history: list[dict[str, float]]) -> bytes:
    """A PNG: validation CER and training loss over the minutes trained."""
    from matplotlib.figure import Figure  # slow to import: only when there is something to draw

    minutes = [row["seconds"] / 60 for row in history]
    figure = Figure(figsize=(7, 4), dpi=110, layout="constrained")
    errors = figure.add_subplot()
    errors.plot(minutes, [100 * row["cer"] for row in history], color="tab:blue", marker=".")
    errors.set_xlabel("minutes of training")
    errors.set_ylabel("validation CER in %", color="tab:blue")
    errors.set_ylim(bottom=0)
    errors.grid(alpha=0.3)
    losses = errors.twinx()
    losses.plot(
        minutes, [row.get("loss", math.nan) for row in history], color="tab:orange", alpha=0.7
    )
    losses.set_ylabel("training loss, nats per character", color="tab:orange")
    losses.set_ylim(bottom=0)
    best = min(history, key=lambda row: row["cer"])
    errors.set_title(f"best: {100 * best['cer']:.2f} % after {best['seconds'] / 60:.1f} min")
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()
