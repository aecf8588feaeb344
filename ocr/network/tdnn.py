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
        lines = (frames * inside).permute(1, 2, 0)  # (N, F, T)
        reach = self.taps - 1
        back, ahead = self.input_weights.movedim(2, 3)  # (H, F, D) each
        sums = [
            functional.conv1d(functional.pad(lines, (reach, 0)), back.flip(2), self.bias[0]),
            functional.conv1d(functional.pad(lines, (0, reach)), ahead, self.bias[1]),
        ]
        outputs = torch.cat(sums, dim=1).tanh()  # (N, 2H, T)
        return outputs.permute(2, 0, 1) * inside
