"""A wider network that reads as the narrow one it was made from.

More channels, cells and residual convolutions for a network that has learnt all it has room for,
without beginning anew (cf. Chen, Goodfellow & Shlens 2016, "Net2Net"). The old units keep their
weights. What a new unit receives is drawn as for a network from nothing; what it passes on to old
units begins at 0, as does what a new residual convolution adds, so at first the network computes
what it did, and from the second step on every new weight has a gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn

from ocr.errors import UsageError
from ocr.network.convolution import ConvolutionalFrontEnd, Residual
from ocr.network.recognizer import RecognizerNetwork
from ocr.network.recurrent import RecurrentLayer
from ocr.options import NetworkOptions, PreprocessingOptions


@torch.no_grad()
def widened(
    network: RecognizerNetwork,
    preprocessing: PreprocessingOptions,
    sizes: tuple[NetworkOptions, NetworkOptions],
) -> RecognizerNetwork:
    """A network of the second of ``sizes`` that gives the log-probabilities of ``network``,
    which has the first. Raises UsageError if the second is not as wide, or is another network."""
    check_sizes(*sizes)
    wide = RecognizerNetwork(preprocessing, sizes[1], network.output.out_features)
    if _widths(sizes[0]) == _widths(sizes[1]):  # something else was changed, as the dropout
        wide.load_state_dict(network.state_dict())
        return wide.train(network.training)
    kept = sizes[0].residuals
    for old, new in zip(_tensors(network, kept), _tensors(wide, kept), strict=True):
        _put(*old, new[0])
    return wide.train(network.training)


def check_sizes(old: NetworkOptions, new: NetworkOptions) -> None:
    """Raise UsageError if a network of the sizes ``old`` cannot be widened to ``new``."""
    for name in ("cell", "layers"):
        settled, asked = getattr(old, name), getattr(new, name)
        if settled != asked:
            raise UsageError(f"{name} {settled} cannot become {asked}", "only widths can grow")
    before, after = _widths(old), _widths(new)
    if old.cell == "tdnn" and before != after:
        raise UsageError("a tdnn cannot be widened", "train one of the new size from nothing")
    if any(asked < had for had, asked in zip(before, after, strict=True)):
        raise UsageError(
            f"convolutions {old.convolutions}, residuals {old.residuals}, hidden {old.hidden} "
            f"cannot become {new.convolutions}, {new.residuals}, {new.hidden}",
            "a network can be widened, not narrowed",
        )


def _widths(size: NetworkOptions) -> tuple[int, ...]:
    """What may grow."""
    return (*size.channels(), size.residuals, size.hidden)


def _put(old: Tensor, outputs: int, new: Tensor) -> None:
    """Old weights into the corner of the new ones; the first ``outputs`` axes count what is
    computed, the others what it is computed from. Old units hear nothing of new ones."""
    rows = new[tuple(slice(size) for size in old.shape[:outputs])]
    rows.zero_()
    rows[(slice(None),) * outputs + tuple(slice(size) for size in old.shape[outputs:])] = old


def _convolution(convolution: nn.Module, norm: nn.Module) -> Iterator[tuple[Tensor, int]]:
    yield cast(Tensor, convolution.weight), 1  # (C, C before, 3, 3)
    for name in ("weight", "bias", "running_mean", "running_var"):
        yield getattr(norm, name), 1  # (C,)


def _tensors(network: RecognizerNetwork, residuals: int) -> Iterator[tuple[Tensor, int]]:
    """The weights and statistics, viewed with an axis for each thing that may grow, and how
    many of the axes count outputs; of the residual convolutions the first of each size."""
    front_end, channels = network.front_end, 1
    if isinstance(front_end, ConvolutionalFrontEnd):
        blocks = zip(front_end.convolutions, front_end.norms, front_end.residuals, strict=True)
        for convolution, norm, further in blocks:
            yield from _convolution(convolution, norm)
            assert isinstance(further, nn.ModuleList)
            for residual in further[:residuals]:
                assert isinstance(residual, Residual)
                yield from _convolution(residual.convolution, residual.norm)
            assert isinstance(convolution, nn.Conv2d)
            channels = convolution.out_channels
    below = channels  # frames are (H', C), outputs of layers (D, H)
    for layer in network.recurrent:
        assert isinstance(layer, RecurrentLayer)
        directions, gates, hidden = len(layer.directions), layer.cell.gates, layer.hidden
        head = (directions, gates, hidden)
        yield layer.input_weights.view(*head, -1, below), 3  # (D, G, H, H' or D, C or H)
        yield layer.recurrent_weights.view(*head, hidden), 3  # (D, G, H, H)
        yield layer.bias.view(head), 3  # (D, G, H)
        if layer.peepholes is not None:
            yield layer.peepholes, 3  # (D, 3, H)
        below = hidden
    labels = network.output.out_features
    yield network.output.weight.view(labels, -1, below), 1  # (K, D, H)
    yield network.output.bias, 1  # (K,)
