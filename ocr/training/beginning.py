"""The weights that a run begins with."""

from __future__ import annotations

from ocr.alphabet import Alphabet
from ocr.network.modelfile import load_model_file
from ocr.network.recognizer import RecognizerNetwork, resize_output
from ocr.network.widening import widened
from ocr.training.run import Run


def initial_network(run: Run) -> RecognizerNetwork:
    """Fresh weights, or those of ``run.start``, grown to the run's alphabet and sizes."""
    spec, labels = run.spec, len(Alphabet(run.spec.alphabet))
    if run.start is None:
        return RecognizerNetwork(spec.preprocessing, spec.network, labels)
    network, started = load_model_file(run.start)
    resize_output(network, labels)
    if spec.network != started.network:
        network = widened(network, spec.preprocessing, (started.network, spec.network))
    return network
