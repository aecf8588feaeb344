"""Gates and states of a layer, against what the layer gives on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ocr.errors import UsageError
from ocr.network.convolution import frame_lengths
from ocr.network.engines import TorchEngine
from ocr.network.inspection import cell_activity
from ocr.network.padding import pad_columns
from ocr.network.recognizer import RecognizerNetwork
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.types import Columns

HEIGHT, WIDTH, CELLS = 16, 50, 8


def engine(cell: str = "lstm") -> TorchEngine:
    torch.manual_seed(3)
    options = NetworkOptions(convolutions="2,2,2,2", layers=2, hidden=CELLS, cell=cell)
    return TorchEngine(RecognizerNetwork(PreprocessingOptions(height=HEIGHT), options, 5))


@pytest.fixture
def columns() -> Columns:
    values = np.random.default_rng(0).random((WIDTH, HEIGHT), np.float32)
    return Columns(values, np.arange(WIDTH + 1, dtype=np.float32))


@pytest.mark.parametrize("layer", [1, 2])
def test_output_gate_and_state_make_the_layers_output(columns: Columns, layer: int) -> None:
    """y(t) = o(t) tanh(c(t)), and c(t) grows from c(t-1) by no more than the input gate lets in."""
    looked_into = engine()
    activity = cell_activity(looked_into, columns, layer)
    with torch.inference_mode():
        batch, lengths = pad_columns([columns.values])
        frames = looked_into.network.front_end(batch, lengths)
        for module in list(looked_into.network.recurrent)[:layer]:
            frames = module(frames, frame_lengths(lengths))
    count = int(frame_lengths(lengths)[0])
    expected = frames[:count, 0].view(count, 2, CELLS).numpy()
    assert list(activity.gates) == ["input gate", "forget gate", "output gate"]
    outputs = activity.gates["output gate"] * np.tanh(activity.states)
    np.testing.assert_allclose(outputs, expected, atol=2e-3)
    kept = activity.gates["forget gate"][1:, 0] * activity.states[:-1, 0]
    grown = np.abs(activity.states[1:, 0] - kept)
    assert (grown <= activity.gates["input gate"][1:, 0] + 1e-5).all()


@pytest.mark.parametrize(("margin", "former"), [(-9.0, False), (9.0, True)])
def test_of_two_networks_that_which_reads_the_line(
    columns: Columns, margin: float, former: bool
) -> None:
    new, old = engine(), engine()
    old.network.recurrent[0].recurrent_weights.data.mul_(3)  # type: ignore[union-attr,operator]
    expected = cell_activity(old if former else new, columns, 1).states
    other = cell_activity(new if former else old, columns, 1).states
    new.network.remember(old.network, margin)
    found = cell_activity(new, columns, 1).states
    np.testing.assert_array_equal(found, expected)
    assert np.abs(found - other).max() > 1e-3


def test_a_cell_without_a_forget_gate(columns: Columns) -> None:
    activity = cell_activity(engine("lstm-1997"), columns, 1)
    assert list(activity.gates) == ["input gate", "output gate"]
    for gate in activity.gates.values():
        assert gate.shape == activity.states.shape == (13, 2, CELLS)
        assert (gate >= 0).all()
        assert (gate <= 1).all()


@pytest.mark.parametrize(
    ("cell", "layer", "message"),
    [
        ("lstm", 3, "there is no layer 3; choose from 1 to 2"),
        ("lstm", 0, "there is no layer 0"),
        ("rnn", 1, "layer 1 has no gates; only those of an LSTM"),
        ("tdnn", 2, "layer 2 has no gates"),
    ],
)
def test_what_cannot_be_looked_into(columns: Columns, cell: str, layer: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cell_activity(engine(cell), columns, layer)
