"""The time-delay layer: what a recurrent layer is compared with (Waibel et al. 1989).

    y(t) = f(sum_k W_k x(t-k) + b),   k = 0 .. D-1

It sees D frames and nothing before them, but all frames are computed at once, and no gradient
has far to go. Direction 0 looks back from t, direction 1 ahead, so that the two together are
a layer like the others: (T, N, F) -> (T, N, 2 H).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ocr.network.directions import frame_mask

TAPS = 8  # frames that each direction sees


class TimeDelayLayer(nn.Module):
    """(T, N, F), lengths (N,) -> (T, N, 2H); frames beyond a line's length are 0."""

    def __init__(self, inputs: int, hidden: int, taps: int = TAPS) -> None:
        super().__init__()
        self.taps = taps
        self.input_weights = nn.Parameter(torch.empty(2, hidden, taps, inputs))
        self.bias = nn.Parameter(torch.zeros(2, hidden))
        bound = math.sqrt(6 / (taps * inputs + hidden))  # Glorot & Bengio (2010)
        nn.init.uniform_(self.input_weights, -bound, bound)

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        inside = frame_mask(lengths, len(frames)).to(frames.dtype)
        reach = self.taps - 1
        padded = functional.pad(frames * inside, (0, 0, 0, 0, reach, reach))
        windows = padded.unfold(0, 2 * reach + 1, 1).movedim(3, 2)  # (T, N, 2D - 1, F)
        outputs = functional.linear(windows.flatten(2), self.window_weights(), self.bias.flatten())
        return outputs.tanh() * inside

    def window_weights(self) -> Tensor:
        """(2 H, (2D - 1) F): both directions' weights over the frames t-D+1 .. t+D-1."""
        reach = self.taps - 1
        back = functional.pad(self.input_weights[0].flip(1), (0, 0, 0, reach))  # x(t) is last
        ahead = functional.pad(self.input_weights[1], (0, 0, reach, 0))  # x(t) is first
        return torch.cat([back, ahead]).flatten(1)
