"""The end of a run: what its model needs to know of itself is found on the validation lines.

That is the temperature of its confidences, and of a model with a former network the margin by which
it is to be surer than that, unless the usual one serves better.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from operator import sub
from statistics import median

import torch

from ocr.alphabet import Alphabet
from ocr.calibration import KnownLine, calibrate_model
from ocr.errors import InputError
from ocr.network.engines import TorchEngine
from ocr.network.modelfile import load_model_file, save_described, save_model
from ocr.network.recognizer import RecognizerNetwork
from ocr.network.surer import sureness
from ocr.preprocessing.columns import columns_alone
from ocr.recognition import AT_ONCE
from ocr.training.run import Run
from ocr.training.store import LineStore
from ocr.tuning import error_rate
from ocr.types import ModelSpec

# Of hooker and peraire, learnt from 50 lines and 500 that nobody transcribed, 200 others were
# read with 27 and 45 % fewer errors, validation lines of eight other hands with 4 and 1 % more;
# with half of that share with 27 and 46 % fewer, and 13 and 5 % more.
SHARE = 0.3
GIVEN_UP = 0.1  # share of what was learnt that may be lost to the margin


def calibrate_run(run: Run) -> None:
    """Give the run's model its margin and temperature. It stays as it is without validation
    lines, or if it is the one begun with; without a new temperature while it reads nothing on
    them, or if its own is another than the run writes, which was found before, on other lines
    maybe. Raises ModelError."""
    if not run.validation:
        return
    network, spec = load_model_file(run.output)
    if spec.training.get("step") == 0:
        return
    if (former := network.former) is not None:
        usual = float(network.margin) if network.margin is not None else 0.0
        network.remember(None)
        network.remember(former, margin(run, network, former, spec))
        cer, before = (
            error_rate(_known(run, reader, spec), Alphabet(spec.alphabet))
            for reader in (network, former)
        )
        least = spec.training.get("validation_cer", cer)
        if cer - least > max(0.0, GIVEN_UP * (before - least)):
            network.remember(former, usual)
        else:
            spec = dataclasses.replace(spec, training={**spec.training, "validation_cer": cer})
            save_model(run.output, network, spec)
    if spec.temperature != run.spec.temperature:
        return
    try:
        calibration = calibrate_model(_known(run, network, spec), Alphabet(spec.alphabet))
    except InputError:
        return
    spec = dataclasses.replace(spec, temperature=calibration.temperature)
    save_described(run.output, run.output, spec)


def margin(run: Run, new: RecognizerNetwork, former: RecognizerNetwork, spec: ModelSpec) -> float:
    """``SHARE`` of that by which the new network is usually surer of the validation lines:
    the border between lines like these and those that it knows no better than the former one."""
    differences = map(sub, _sureness(run, new, spec), _sureness(run, former, spec))
    return max(0.0, SHARE * float(median(differences)))


def _sureness(run: Run, network: RecognizerNetwork, spec: ModelSpec) -> Iterator[float]:
    """Of each validation line."""
    for line in _known(run, network, spec):
        log_probs = torch.from_numpy(line.log_probs)[:, None]  # (T, 1, K)
        yield float(sureness(log_probs, torch.tensor([len(log_probs)])))


def _known(run: Run, network: RecognizerNetwork, spec: ModelSpec) -> Iterator[KnownLine]:
    """The validation lines, a few at a time: the probabilities of many letters are large."""
    engine, store = TorchEngine(network), LineStore(run.folder)
    for start in range(0, len(run.validation), AT_ONCE):
        indices = run.validation[start : start + AT_ONCE]
        columns = [columns_alone(store.image(i), spec.preprocessing.features) for i in indices]
        texts = (store.lines[index].text for index in indices)
        yield from map(KnownLine, engine.log_probs(columns), texts)
