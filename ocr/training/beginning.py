"""The weights that a run begins with.

    weights = fresh + retain * (started - fresh)

A model trained many times over has large weights, which steps of any usual size hardly turn: it
stays where it is. Shrunk, with some of a fresh network's mixed in, it reads nothing at first, but
learns anew (Ash & Adams 2020, "On warm-starting neural network training").
"""

from __future__ import annotations

from ocr.alphabet import Alphabet
from ocr.network.modelfile import load_model_file
from ocr.network.recognizer import RecognizerNetwork, resize_output
from ocr.network.widening import widened
from ocr.training.average import blended, weights_of
from ocr.training.run import Run


def initial_network(run: Run) -> RecognizerNetwork:
    """Fresh weights, or those retained of ``run.start``, grown to the run's alphabet and
    sizes."""
    spec, labels = run.spec, len(Alphabet(run.spec.alphabet))
    fresh = RecognizerNetwork(spec.preprocessing, spec.network, labels)
    if run.start is None:
        return fresh
    network, started = load_model_file(run.start)
    resize_output(network, labels)
    if spec.network != started.network:
        network = widened(network, spec.preprocessing, (started.network, spec.network))
    return blended(weights_of(fresh), network, run.options.retain)
