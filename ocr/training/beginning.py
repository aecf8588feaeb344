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
from ocr.types import ModelSpec


def initial_network(run: Run) -> RecognizerNetwork:
    """Fresh weights, or those retained of ``run.start``, grown to the run's alphabet and
    sizes."""
    spec, labels = run.spec, len(Alphabet(run.spec.alphabet))
    fresh = RecognizerNetwork(spec.preprocessing, spec.network, labels)
    if run.start is None:
        return fresh
    network, started = load_model_file(run.start)
    network.remember(None)
    return blended(weights_of(fresh), _grown(network, started, run), run.options.retain)


def begun_with(run: Run) -> RecognizerNetwork | None:
    """What the model of ``run.start`` reads with, of the run's labels and sizes, and with what it
    remembers itself. None where neither is to stay beside new weights, nor is begun with."""
    if run.start is None:
        return None
    network, started = load_model_file(run.start)
    former, margin = network.former, network.margin
    if former is None and not run.options.remember:
        return None
    network.remember(None)
    network = _grown(network, started, run, learns=False).eval()
    if former is not None and margin is not None:
        network.remember(_grown(former, started, run, learns=False).eval(), float(margin))
    return network


def _grown(
    network: RecognizerNetwork, started: ModelSpec, run: Run, learns: bool = True
) -> RecognizerNetwork:
    """The network of a model, or its former one, with the run's labels and sizes."""
    resize_output(network, len(Alphabet(run.spec.alphabet)), learns)
    if run.spec.network == started.network:
        return network
    return widened(network, run.spec.preprocessing, (started.network, run.spec.network))
