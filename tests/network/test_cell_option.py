"""The cell of a recognizer: chosen by its options, kept in its model file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ocr.errors import UsageError
from ocr.fields import from_dict
from ocr.network.modelfile import load_model_file, save_model
from ocr.network.recognizer import RecognizerNetwork
from ocr.network.recurrent import RecurrentLayer
from ocr.options import CELLS, NetworkOptions, PreprocessingOptions
from ocr.types import ModelSpec

PREPROCESSING = PreprocessingOptions(height=16, features="pixels")


def options(**given: object) -> NetworkOptions:
    return NetworkOptions(layers=2, hidden=16, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("truncate", [0, 3])
def test_a_network_of_every_cell_survives_its_file(
    cell: str, truncate: int, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    network = RecognizerNetwork(PREPROCESSING, options(cell=cell, truncate=truncate), 3).eval()
    spec = ModelSpec(
        alphabet="ab", preprocessing=PREPROCESSING, network=options(cell=cell, truncate=truncate),
        training={},
    )  # fmt: skip
    save_model(tmp_path / "m.safetensors", network, spec)
    loaded, loaded_spec = load_model_file(tmp_path / "m.safetensors")
    assert (loaded_spec.network.cell, loaded_spec.network.truncate) == (cell, truncate)
    columns, lengths = torch.rand(2, 32, 16), torch.tensor([32, 20])
    with torch.no_grad():
        assert torch.equal(loaded(columns, lengths)[0], network(columns, lengths)[0])


def test_options_from_before_there_was_a_choice_mean_lstm() -> None:
    old = from_dict(NetworkOptions, {"layers": 1, "hidden": 16, "dropout": 0.0})
    (layer,) = RecognizerNetwork(PREPROCESSING, old, 3).recurrent
    assert isinstance(layer, RecurrentLayer)
    assert layer.in_libraries
    assert layer.truncate == 0


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(UsageError, match="gru"):
        options(cell="gru")
