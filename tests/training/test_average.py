"""The running mean of the weights against a mean written down."""

from __future__ import annotations

import pytest
import torch

from ocr.network.recognizer import RecognizerNetwork
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.training import average
from ocr.training.average import WeightAverage, blended, weights_of


def network() -> RecognizerNetwork:
    torch.manual_seed(1)
    options = NetworkOptions(layers=1, hidden=2, convolutions="2,2,2,2")
    return RecognizerNetwork(PreprocessingOptions(height=16), options, 3)


def fill(target: RecognizerNetwork, value: float) -> None:
    for tensor in target.state_dict().values():
        tensor.fill_(value)


@pytest.mark.parametrize("memory", [500, 3])
def test_the_mean_is_the_one_of_the_formula(memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(average, "MEMORY", memory)
    trained = network()
    mean = WeightAverage(trained)
    expected = trained.output.bias[0].item()
    for step in range(1, 60):
        fill(trained, float(step % 7))
        mean.update(trained, step)
        expected += (step % 7 - expected) / min(1 + step / 10, memory)
    state = mean.network.state_dict()
    assert float(state["output.bias"][0]) == pytest.approx(expected, rel=1e-5)
    assert float(state["front_end.norms.0.running_var"][0]) != pytest.approx(59 % 7)
    assert int(state["front_end.norms.0.num_batches_tracked"]) == 59 % 7  # counted, not averaged


def test_weights_that_stay_are_their_own_mean() -> None:
    trained = network()
    mean = WeightAverage(trained)
    for step in range(1, 20):
        mean.update(trained, step)
    for name, value in mean.network.state_dict().items():
        torch.testing.assert_close(value, trained.state_dict()[name])


def test_the_mean_has_weights_of_its_own() -> None:
    trained = network()
    mean = WeightAverage(trained)
    fill(trained, 9.0)
    assert not (mean.network.output.weight == 9).any()
    assert not mean.network.training
    assert not any(parameter.requires_grad for parameter in mean.network.parameters())


@pytest.mark.parametrize(("known", "expected"), [(3, 2.5), (2, 4.0)])
def test_with_labels_that_the_start_does_not_know_the_output_layer_is_new(
    known: int, expected: float
) -> None:
    start, trained = network(), network()
    fill(start, 2.0)
    fill(trained, 4.0)
    model = WeightAverage(trained, start=weights_of(start), blend=0.25, known=known).model
    assert all(weight.eq(expected).all() for weight in model.output.parameters())
    assert model.front_end.norms[0].weight.eq(2.5).all()


def test_blended_weights_lie_on_the_line_between() -> None:
    first, second = network(), network()
    fill(first, 2.0)
    fill(second, 4.0)
    for blend, expected in ((0.0, 2.0), (0.25, 2.5), (1.0, 4.0)):
        state = blended(weights_of(first), second, blend).state_dict()
        assert all(v.eq(expected).all() for v in state.values() if v.is_floating_point())
    assert all(value.eq(4).all() for value in second.state_dict().values())
