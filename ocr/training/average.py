"""The running mean of the weights, steadier than the weights after any one step.

    mean <- mean + (weights - mean) / k,   k = min(1 + n / 10, MEMORY)      after step n

A mean over the last tenth of the steps (cf. Polyak & Juditsky 1992), and over no more than
MEMORY of them. The steps are taken with the weights; validated, kept and shipped is the mean,

    model = start + blend * (mean - start)

or, where a model learns more with --from, a point on the straight line to it from the weights
begun with: near both ends the network reads well, and in between it has forgotten less of what
it knew than it has learnt (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from ocr.network.recognizer import RecognizerNetwork

MEMORY = 500  # steps


class WeightAverage:
    """The mean of a network's weights and statistics; ``network`` holds it, ready to read."""

    def __init__(
        self,
        network: RecognizerNetwork,
        mean: dict[str, Tensor] | None = None,
        start: dict[str, Tensor] | None = None,
        blend: float = 1.0,
        known: int = 0,
    ) -> None:
        """``mean``: of the steps so far. ``start``: the weights begun with, where the model is to
        be no more than ``blend``, 0..1, of the way from them. ``known``: labels that they know.
        Where there are others, the output layer is the mean's: of the others there is nothing to
        keep, and whether one is written is a matter of all that it competes with."""
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        if mean:
            self.network.load_state_dict(mean)
        self.start, self.blend, self.known = start, blend, known

    @property
    def model(self) -> RecognizerNetwork:
        """What is validated and kept: the mean, or on the way to it from the start."""
        if self.start is None:
            return self.network
        model = blended(self.start, self.network, self.blend)
        if self.known < self.network.output.out_features:
            model.output.load_state_dict(self.network.output.state_dict())
        return model

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


def weights_of(network: RecognizerNetwork) -> dict[str, Tensor]:
    """A copy of the network's weights and statistics."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def blended(
    start: dict[str, Tensor], network: RecognizerNetwork, blend: float
) -> RecognizerNetwork:
    """A network ``blend`` of the way, 0..1, from the weights ``start`` to those of ``network``."""
    result = copy.deepcopy(network)
    state = result.state_dict()
    for name, value in state.items():
        if value.is_floating_point():
            value.copy_(start[name].lerp(value, blend))
    return result
