"""What the cells of a recurrent layer do over a line: to be looked at, not for reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ocr.errors import UsageError
from ocr.network.convolution import frame_lengths
from ocr.network.engines import Engine, TorchEngine
from ocr.network.lstm import LstmCell
from ocr.network.padding import pad_columns
from ocr.network.recognizer import RecognizerNetwork
from ocr.network.recurrent import RecurrentLayer
from ocr.types import Columns, Float32Array

DIRECTIONS = ("left to right", "right to left")


@dataclass(frozen=True, slots=True)
class CellActivity:
    """One layer over one line of T frames, in D directions of H cells each.

    gates   name -> (T, D, H) 0..1: how far the gate is open
    states  (T, D, H), what the cells hold
    """

    gates: dict[str, Float32Array]
    states: Float32Array


def _reader(network: RecognizerNetwork, batch: Tensor, lengths: Tensor) -> RecognizerNetwork:
    """The network or its former one, whichever reads the line."""
    former = network.former
    if former is None or not torch.equal(network(batch, lengths)[0], former(batch, lengths)[0]):
        return network
    return former


@torch.inference_mode()
def cell_activity(engine: Engine, columns: Columns, layer: int) -> CellActivity:
    """The gates and states of a layer, counted from 1; of two networks that which reads the line.
    Raises UsageError if there is no such layer or it has no gates."""
    assert isinstance(engine, TorchEngine)  # the only one that there is
    batch, lengths = (value.to(engine.device) for value in pad_columns([columns.values]))
    network = _reader(engine.network, batch, lengths)
    if not 1 <= layer <= len(network.recurrent):
        raise UsageError(f"there is no layer {layer}", f"choose from 1 to {len(network.recurrent)}")
    chosen = network.recurrent[layer - 1]
    if not isinstance(chosen, RecurrentLayer) or not isinstance(chosen.cell, LstmCell):
        raise UsageError(f"layer {layer} has no gates", "only those of an LSTM can be drawn")
    frames, lengths_out = network.front_end(batch, lengths), frame_lengths(lengths)
    for before in list(network.recurrent)[: layer - 1]:
        frames = before(frames, lengths_out)
    gates, states = chosen.gates_and_states(frames, lengths_out)  # (T', 1, D, G, H)
    count = int(lengths_out[0])
    open_ = gates[:count, 0].float().cpu().numpy()  # (T, D, G, H)
    names = ("input gate", "forget gate", "output gate")
    places = (0, 1, 3) if chosen.cell.forget else (0, None, 2)
    return CellActivity(
        gates={
            name: np.ascontiguousarray(open_[:, :, place])
            for name, place in zip(names, places, strict=True)
            if place is not None
        },
        states=states[:count, 0].float().cpu().numpy(),
    )
