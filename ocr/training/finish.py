"""The end of a run: its model's confidences are calibrated on the validation lines."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ocr.alphabet import Alphabet
from ocr.calibration import KnownLine, calibrate_model
from ocr.errors import InputError
from ocr.network.engines import TorchEngine
from ocr.network.modelfile import load_model_file, save_described
from ocr.network.recognizer import RecognizerNetwork
from ocr.preprocessing.columns import columns_alone
from ocr.recognition import AT_ONCE
from ocr.training.run import Run
from ocr.training.store import LineStore
from ocr.types import ModelSpec


def calibrate_run(run: Run) -> None:
    """Give the run's model its temperature. It stays as it is without
    validation lines, while it reads nothing on them, or if its temperature is another than the
    run writes, which was found before, on other lines maybe. Raises ModelError."""
    if not run.validation:
        return
    network, spec = load_model_file(run.output)
    if spec.temperature != run.spec.temperature:
        return
    try:
        calibration = calibrate_model(_known(run, network, spec), Alphabet(spec.alphabet))
    except InputError:
        return
    spec = dataclasses.replace(spec, temperature=calibration.temperature)
    save_described(run.output, run.output, spec)


def _known(run: Run, network: RecognizerNetwork, spec: ModelSpec) -> Iterator[KnownLine]:
    """The validation lines, a few at a time: the probabilities of many letters are large."""
    engine, store = TorchEngine(network), LineStore(run.folder)
    for start in range(0, len(run.validation), AT_ONCE):
        indices = run.validation[start : start + AT_ONCE]
        columns = [columns_alone(store.image(i), spec.preprocessing.features) for i in indices]
        texts = (store.lines[index].text for index in indices)
        yield from map(KnownLine, engine.log_probs(columns), texts)
