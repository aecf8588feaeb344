"""The sequence layers of the LSTM literature behind one signature.

    (T, N, F), lengths (N,) -> (T, N, 2H); frames beyond a line's length are 0

    rnn             simple recurrent layer                            rnn.py
    lstm-1997       input and output gate                             lstm.py
    lstm            and a forget gate (Gers et al. 2000)              lstm.py
    lstm-peephole   and peepholes from the cell state to the gates    lstm.py
    tdnn            a window of frames, no recurrence                 tdnn.py

Direction 0 reads from left to right, direction 1 from right to left, beginning at each line's
own end, so padding changes nothing. With ``truncate`` = k no gradient reaches over the borders
of segments of k frames; the state does.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ocr.network import native
from ocr.network.directions import BOTH, frame_mask, reversal, take_frames
from ocr.network.lstm import LstmCell, gates_and_states
from ocr.network.recurrence import Cell, Lines, Weights, product, recur, truncated
from ocr.network.rnn import RnnCell
from ocr.network.squashing import LOGISTIC_1, LOGISTIC_2, TANH
from ocr.network.tdnn import TimeDelayLayer

FORGET_BIAS = 1.0  # remember at first (Gers et al. 2000; Jozefowicz et al. 2015)
SQUASHINGS = {  # g and h
    "tanh": (TANH, TANH),
    "1997": (LOGISTIC_1, LOGISTIC_2),  # 2/(1+e^-x) - 1 and 4/(1+e^-x) - 2
    "2013": (LOGISTIC_1, LOGISTIC_1),  # 2/(1+e^-x) - 1, both
}
USUAL = {"rnn": "tanh", "lstm-1997": "1997", "lstm": "tanh", "lstm-peephole": "2013"}


def sequence_layer(cell: str, inputs: int, hidden: int, truncate: int = 0) -> nn.Module:
    """The bidirectional layer of a cell named as above. ``truncate``: frames, 0 for none; a
    tdnn, which has no state to carry a gradient, takes no notice of it."""
    if cell == "tdnn":
        return TimeDelayLayer(inputs, hidden)
    return RecurrentLayer(cell, inputs, hidden, truncate)


class RecurrentLayer(nn.Module):
    """A layer of one of the recurrent cells that reads in each of ``directions``.

    ``squashing`` names g and h: tanh, 1997 or 2013; by default those of the cell's paper. An
    rnn uses the first of them. The gates' weights are stacked as lstm.py says.
    """

    def __init__(
        self,
        cell: str,
        inputs: int,
        hidden: int,
        truncate: int = 0,
        squashing: str = "",
        directions: tuple[bool, ...] = BOTH,
    ) -> None:
        super().__init__()
        self.hidden, self.truncate, self.directions = hidden, truncate, directions
        self.cell = make_cell(cell, squashing or USUAL[cell])
        rows = self.cell.gates * hidden
        self.input_weights = nn.Parameter(torch.empty(len(directions), rows, inputs))
        self.recurrent_weights = nn.Parameter(torch.empty(len(directions), rows, hidden))
        self.bias = nn.Parameter(torch.zeros(len(directions), rows))
        self.peepholes: nn.Parameter | None = None  # of i, f, o
        if cell == "lstm-peephole":
            self.peepholes = nn.Parameter(torch.zeros(len(directions), 3, hidden))
        plain = cell == "lstm" and self.cell == LstmCell(True, TANH, TANH)
        self.in_libraries = plain and directions == BOTH
        self._initialise()

    def _initialise(self) -> None:
        """Inputs uniform by Glorot & Bengio (2010); recurrent gates orthogonal (Saxe 2014)."""
        inputs = self.input_weights.shape[2]
        bound = math.sqrt(6 / (inputs + self.hidden))
        nn.init.uniform_(self.input_weights, -bound, bound)
        with torch.no_grad():
            for block in self.recurrent_weights.view(-1, self.hidden, self.hidden):
                nn.init.orthogonal_(block)
            if self.cell.gates == 4:
                self.bias[:, self.hidden : 2 * self.hidden] = FORGET_BIAS

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        kind = frames.device.type
        if torch.is_autocast_enabled(kind):
            frames = frames.to(torch.get_autocast_dtype(kind))
        if self._library_is_faster(frames):
            return library_lstm(
                frames, lengths, self.input_weights, self.recurrent_weights, self.bias
            )
        weights = (self.input_weights, self.recurrent_weights, self.bias, self.peepholes)
        lines = Lines(lengths, self.directions)
        with torch.autocast(kind, enabled=False):
            if self.truncate and self.truncate < len(frames):
                outputs = truncated(frames, weights, lines, self.cell, self.truncate)
            else:
                outputs = recur(frames, weights, lines, self.cell)
        return outputs.flatten(2)  # (T, N, D H)

    @torch.no_grad()
    def gates_and_states(self, frames: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """What an LSTM layer's cells do: gates (T, N, D, G, H) in the order of lstm.py, 0..1 but
        for z, and states c (T, N, D, H); 0 in the padding."""
        assert isinstance(self.cell, LstmCell)
        weights = Weights(self.recurrent_weights, self.bias, self.peepholes)
        wx = product(frames, self.input_weights)
        return gates_and_states(self.cell, wx, weights, Lines(lengths, self.directions))

    def _library_is_faster(self, frames: Tensor) -> bool:
        """Whether torch's own layer is the best there is: cuDNN's on CUDA, and oneDNN's where
        lstm.c cannot run."""
        if not self.in_libraries or self.truncate or frames.dtype == torch.float64:
            return False
        return frames.is_cuda or not native.can_run(frames, self.recurrent_weights)


def make_cell(name: str, squashing: str) -> Cell:
    """The cell of a name, with g and h of ``SQUASHINGS``."""
    g, h = SQUASHINGS[squashing]
    return RnnCell(g) if name == "rnn" else LstmCell(name != "lstm-1997", g, h)


def library_lstm(frames: Tensor, lengths: Tensor, w: Tensor, r: Tensor, b: Tensor) -> Tensor:
    """The same layer by torch's own LSTM, cuDNN on CUDA: for ``lstm`` without truncation."""
    order = reversal(lengths, len(frames))
    results = []
    for d, reverse in enumerate(BOTH):
        read = take_frames(frames, order) if reverse else frames
        state = read.new_zeros(1, read.shape[1], r.shape[2])
        weights = [w[d], r[d], b[d], torch.zeros_like(b[d])]  # torch keeps a second bias
        with_gradient = torch.is_grad_enabled()
        output, _, _ = torch.lstm(
            read, (state, state), weights, True, 1, 0.0, with_gradient, False, False
        )
        results.append(take_frames(output, order) if reverse else output)
    both = torch.cat(results, dim=2)  # (T, N, 2H)
    return both * frame_mask(lengths, len(frames)).to(both.dtype)
