"""The bidirectional LSTM layer (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000).

At each frame t, with input x(t) and the layer's last output y(t-1):

    i = sigma(W_i x + R_i y + b_i)      input gate
    f = sigma(W_f x + R_f y + b_f)      forget gate
    z = tanh (W_z x + R_z y + b_z)      cell input
    o = sigma(W_o x + R_o y + b_o)      output gate
    c(t) = f c(t-1) + i z               cell state: the constant error carousel
    y(t) = o tanh(c(t))

Gates are stacked in the order i, f, z, o. Direction 0 reads from left to right, direction 1
from right to left, beginning at each line's own end, so padding changes nothing.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

FORGET_BIAS = 1.0  # remember at first (Gers et al. 2000; Jozefowicz et al. 2015)


class BidirectionalLSTM(nn.Module):
    """(T, N, F), lengths (N,) -> (T, N, 2H); frames beyond a line's length are 0."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.input_weights = nn.Parameter(torch.empty(2, 4 * hidden, inputs))
        self.recurrent_weights = nn.Parameter(torch.empty(2, 4 * hidden, hidden))
        self.bias = nn.Parameter(torch.zeros(2, 4 * hidden))
        self._initialise()

    def _initialise(self) -> None:
        """Inputs uniform by Glorot & Bengio (2010); recurrent gates orthogonal (Saxe 2014)."""
        inputs = self.input_weights.shape[2]
        bound = math.sqrt(6 / (inputs + self.hidden))
        nn.init.uniform_(self.input_weights, -bound, bound)
        with torch.no_grad():
            for block in self.recurrent_weights.view(8, self.hidden, self.hidden):
                nn.init.orthogonal_(block)
            self.bias[:, self.hidden : 2 * self.hidden] = FORGET_BIAS

    def forward(self, frames: Tensor, lengths: Tensor) -> Tensor:
        inside = frame_mask(lengths, frames.shape[0])  # (T, N, 1)
        order = reversal(lengths, frames.shape[0])  # (T, N)
        forward = self._run(frames, 0)  # (T, N, H)
        backward = take_frames(self._run(take_frames(frames, order), 1), order)
        both = torch.cat([forward, backward], dim=2)  # (T, N, 2H)
        return both * inside.to(both.dtype)

    def _run(self, frames: Tensor, direction: int) -> Tensor:
        """One direction over (T, N, F) from a zero state: (T, N, H)."""
        state = frames.new_zeros(1, frames.shape[1], self.hidden)
        weights = [
            self.input_weights[direction],
            self.recurrent_weights[direction],
            self.bias[direction],
            torch.zeros_like(self.bias[direction]),  # torch keeps a second bias; ours is one
        ]
        output, _, _ = torch.lstm(
            frames, (state, state), weights, True, 1, 0.0, self.training, False, False
        )
        return output


def frame_mask(lengths: Tensor, frames: int) -> Tensor:
    """(T, N, 1) bool: true inside each line's own length."""
    time = torch.arange(frames, device=lengths.device)
    return (time[:, None] < lengths[None, :])[:, :, None]


def reversal(lengths: Tensor, frames: int) -> Tensor:
    """(T, N) int64: the frame order that reverses each line within its own length and leaves
    the padding behind it in place. Applying it twice is the identity."""
    time = torch.arange(frames, device=lengths.device)[:, None]  # (T, 1)
    reverse = lengths[None, :] - 1 - time  # (T, N)
    return torch.where(reverse >= 0, reverse, time)


def take_frames(frames: Tensor, order: Tensor) -> Tensor:
    """frames (T, N, F) reordered in time by order (T, N)."""
    return frames.gather(0, order[:, :, None].expand_as(frames))
