"""The end of a run: its model's confidences are calibrated on the validation lines."""

from __future__ import annotations

import dataclasses

import numpy as np

from ocr.alphabet import Alphabet
from ocr.calibration import Calibration, KnownLine, calibrate_model
from ocr.errors import InputError
from ocr.network.engines import TorchEngine
from ocr.network.modelfile import load_model_file, save_described
from ocr.preprocessing.columns import columns_from_line
from ocr.training.run import Run
from ocr.training.store import LineStore
from ocr.types import Columns


def calibrate_run(run: Run) -> Calibration | None:
    """Give the run's model its temperature. None, and the model stays as it is, without
    validation lines or while it reads nothing on them. Raises ModelError."""
    if not run.validation:
        return None
    network, spec = load_model_file(run.output)
    store = LineStore(run.folder)
    columns = [_columns(store, index, spec.preprocessing.features) for index in run.validation]
    texts = [store.lines[index].text for index in run.validation]
    lines = list(map(KnownLine, TorchEngine(network).log_probs(columns), texts))
    try:
        calibration = calibrate_model(lines, Alphabet(spec.alphabet))
    except InputError:
        return None
    spec = dataclasses.replace(spec, temperature=calibration.temperature)
    save_described(run.output, run.output, spec)
    return calibration


def _columns(store: LineStore, index: int, features: str) -> Columns:
    image = store.image(index)
    edges = np.arange(image.shape[1] + 1, dtype=np.float32)  # boxes play no part here
    return columns_from_line(image, edges, features)
