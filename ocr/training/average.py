"""The running mean of the weights, steadier than the weights after any one step.

    mean <- mean + (weights - mean) / k,   k = min(1 + n / 10, MEMORY)      after step n

A mean over the last tenth of the steps (cf. Polyak & Juditsky 1992), and over no more than
MEMORY of them. The steps are taken with the weights; validated, kept and shipped is the mean.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from ocr.network.recognizer import RecognizerNetwork

MEMORY = 500  # steps


class WeightAverage:
    """The mean of a network's weights and statistics; ``network`` holds it, ready to read."""

    def __init__(self, network: RecognizerNetwork, mean: dict[str, Tensor] | None = None) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        if mean:
            self.network.load_state_dict(mean)

    @torch.no_grad()
    def update(self, network: RecognizerNetwork, step: int) -> None:
        """Take in the weights after step number ``step``, from 1."""
        share = 1 / min(1 + step / 10, MEMORY)
        means = self.network.state_dict()
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                means[name].lerp_(value, share)
            else:
                means[name].copy_(value)
