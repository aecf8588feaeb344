"""The model file of a run under training: the weights with the lowest validation CER."""

from __future__ import annotations

import copy
import dataclasses

from torch import Tensor

from ocr.network.modelfile import save_model
from ocr.network.recognizer import RecognizerNetwork
from ocr.training.checkpoint import Counters
from ocr.training.run import Run


def write_model(
    run: Run, network: RecognizerNetwork, counters: Counters, cer: float | None
) -> None:
    """Write the network as the run's model. ``cer``: on the validation lines, 0..1, if any."""
    training = {**run.spec.training, "step": counters.step}
    training["minutes"] = round(counters.seconds / 60, 1)
    if cer is not None:
        training["validation_cer"] = cer
    save_model(run.output, network, dataclasses.replace(run.spec, training=training))


def restore_model(
    run: Run, network: RecognizerNetwork, counters: Counters, best: dict[str, Tensor]
) -> None:
    """Write the best weights of a resumed run again if its model file has gone."""
    if not best or run.output.exists():
        return
    if counters.history:
        counters.kept_cer = counters.best_cer
    network = copy.deepcopy(network)
    network.load_state_dict(best)
    for row in counters.history:
        if row["step"] == counters.best_step:
            counters = dataclasses.replace(
                counters, step=counters.best_step, seconds=row["seconds"]
            )
            break
    write_model(run, network, counters, counters.best_cer if counters.history else None)
