"""Columns -> stacked bidirectional layers -> one node per character and the blank -> log-softmax.

The architecture of the 2013 text-recognition slides: the output layer has an extra blank
(epsilon) node as its default answer, and CTC (Graves et al. 2006) reads its activations.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ocr.alphabet import BLANK
from ocr.network.convolution import ConvolutionalFrontEnd, frame_lengths
from ocr.network.dropout import LineDropout
from ocr.network.recurrent import sequence_layer
from ocr.network.surer import surer
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.preprocessing.columns import COLUMNS_PER_FRAME, GEOMETRIC_NAMES

UNREAD = -1e4  # the activation of a label that is never read; half precision can store it
FIRST_BLANK_ODDS = 3.0  # about the frames per character of ordinary lines, less one


class RecognizerNetwork(nn.Module):
    """columns (N, T, F) float32, lengths (N,) int64 -> log-probabilities (T', N, K) float32 and
    frame lengths (N,) int64, where T' = frame_count(T) and K counts the blank.

    ``former``: a network of the same labels, or None. Where there is one, every line is read by
    both, but for training, and has the log-probabilities of the surer by ``margin`` (surer.py).
    """

    def __init__(
        self, preprocessing: PreprocessingOptions, options: NetworkOptions, labels: int
    ) -> None:
        super().__init__()
        self.front_end: nn.Module
        if preprocessing.features == "conv":
            front_end = ConvolutionalFrontEnd(
                preprocessing.height, options.channels(), options.residuals, options.dropout
            )
            self.front_end, inputs = front_end, front_end.features
        else:
            pixels = preprocessing.features == "pixels"
            features = preprocessing.height if pixels else len(GEOMETRIC_NAMES)
            self.front_end, inputs = FrameStacking(), COLUMNS_PER_FRAME * features
        self.dropout = LineDropout(options.dropout)
        sizes = [inputs] + [2 * options.hidden] * (options.layers - 1)
        self.recurrent = nn.ModuleList(
            sequence_layer(options.cell, size, options.hidden, options.truncate) for size in sizes
        )
        self.output = nn.Linear(2 * options.hidden, labels)
        self.former: RecognizerNetwork | None = None
        self.margin: Tensor | None
        self.register_buffer("margin", None)
        with torch.no_grad():  # begin with mostly blanks, where CTC training goes first anyway
            self.output.bias.zero_()
            self.output.bias[BLANK] = math.log(FIRST_BLANK_ODDS * (labels - 1))

    def forward(self, columns: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        lengths_out = frame_lengths(lengths)
        log_probs = self.read(self.front_end(columns, lengths), lengths_out)
        if self.former is not None and not self.training:
            assert self.margin is not None
            former, _ = self.former(columns, lengths)
            log_probs = surer(log_probs, former, lengths_out, self.margin)
        return log_probs, lengths_out

    def remember(self, former: RecognizerNetwork | None, margin: float = 0.0) -> None:
        """Read with the former network too, or with None any longer. ``margin``: see surer.py."""
        self.former = former
        self.margin = None if former is None else torch.tensor(margin)

    def read(self, frames: Tensor, lengths_out: Tensor) -> Tensor:
        """Frames of the front end (T', N, features) -> log-probabilities (T', N, K) float32."""
        for layer in self.recurrent:
            frames = layer(self.dropout(frames), lengths_out)  # (T', N, 2H)
        activations = self.output(self.dropout(frames))  # (T', N, K)
        log_probs: Tensor = activations.float().log_softmax(dim=2)
        return log_probs


class FrameStacking(nn.Module):
    """Raw column features: COLUMNS_PER_FRAME neighbours side by side make one frame."""

    def forward(self, columns: Tensor, lengths: Tensor) -> Tensor:
        count, width, features = columns.shape
        columns = nn.functional.pad(columns, (0, 0, 0, -width % COLUMNS_PER_FRAME))  # (N, T, F)
        frames = columns.reshape(count, -1, COLUMNS_PER_FRAME * features)  # (N, T', 4F)
        return frames.transpose(0, 1)  # (T', N, 4F)


def resize_output(network: RecognizerNetwork, labels: int, learns: bool = True) -> None:
    """Give the output layer more labels in place; old ones keep their weights. In a network that
    ``learns`` no more, new ones are never read."""
    old = network.output
    new = nn.Linear(old.in_features, labels, device=old.weight.device)
    with torch.no_grad():
        if not learns:
            new.weight.zero_()
            new.bias.fill_(UNREAD)
        new.weight[: old.out_features] = old.weight
        new.bias[: old.out_features] = old.bias
    network.output = new
