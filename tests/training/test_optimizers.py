from __future__ import annotations

import pytest
import torch

from ocr.network.recognizer import RecognizerNetwork
from ocr.options import NetworkOptions, PreprocessingOptions, TrainingOptions
from ocr.training.muon import Muon
from ocr.training.objective import Objective
from ocr.training.optimizers import hidden_matrices, make_optimizers, take_step


def objective(cell: str = "lstm", features: str = "conv") -> Objective:
    options = NetworkOptions(convolutions="2,3,4,5", hidden=6, cell=cell)
    network = RecognizerNetwork(PreprocessingOptions(features=features), options, 9)
    return Objective(network, TrainingOptions())


@pytest.mark.parametrize("cell", ["lstm", "lstm-peephole", "lstm-1997", "rnn", "tdnn"])
@pytest.mark.parametrize("features", ["conv", "pixels"])
def test_every_parameter_has_one_rule(cell: str, features: str) -> None:
    whole = objective(cell, features)
    optimizers = make_optimizers(whole, 0.1, 0.0, torch.float32)
    held = [p for o in optimizers for group in o.param_groups for p in group["params"]]
    assert len(held) == len(set(held))
    assert set(held) == set(whole.parameters())
    expected = 3 * (features == "conv") + 4 * (cell != "tdnn")
    muon = [o for o in optimizers if isinstance(o, Muon)]
    assert sum(len(o.shapes) for o in muon) == expected


def test_a_gate_of_a_direction_is_a_matrix() -> None:
    network = objective().network
    shapes = dict(hidden_matrices(network))
    layer = network.recurrent[0]
    weights = layer.recurrent_weights  # (D, G H, H): D = 2, G = 4, H = 6
    assert shapes[weights] == (8, 6, 6)
    gates = weights.reshape(shapes[weights])
    assert torch.equal(gates[1], weights[0, 6:12])
    assert torch.equal(gates[4], weights[1, :6])
    assert shapes[layer.input_weights] == (8, 6, layer.input_weights.shape[2])
    kernels = network.front_end.convolutions[1].weight  # (3, 2, 3, 3)
    assert shapes[kernels] == (1, 3, 18)
    assert torch.equal(kernels.reshape(shapes[kernels])[0, 2], kernels[2].flatten())
    assert network.front_end.convolutions[0].weight not in shapes
    assert network.output.weight not in shapes


def test_a_step_has_the_size_it_is_given() -> None:
    torch.manual_seed(0)
    whole = objective()
    optimizers = make_optimizers(whole, 0.1, 0.0, torch.float32)
    before = {name: value.clone() for name, value in whole.named_parameters()}
    for parameter in whole.parameters():
        parameter.grad = torch.ones_like(parameter)
    take_step(optimizers, 0.0)
    assert all(torch.equal(value, before[name]) for name, value in whole.named_parameters())
    take_step(optimizers, 0.01)
    for name, value in whole.named_parameters():
        assert 0 < float((value - before[name]).detach().abs().max()) < 0.02, name
