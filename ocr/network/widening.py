"""A larger network that reads as the small one it was made from.

More channels, cells, layers and residual convolutions for a network that has learnt all it has
room for, without beginning anew (cf. Chen, Goodfellow & Shlens 2016, "Net2Net"). The old units keep
their weights. What a new unit receives is drawn as for a network from nothing; what it passes on to
old units begins at 0, as does what a new residual convolution adds, so at first the network
computes what it did, and from the second step on every new weight has a gradient. A new layer is
heard by the output layer alone, beside the layers below it (skips).
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
    which has the first. Raises UsageError if the second is not as large, or another network."""
    check_sizes(*sizes)
    wide = RecognizerNetwork(preprocessing, sizes[1], network.output.out_features)
    if _widths(sizes[0]) == _widths(sizes[1]):  # something else was changed, as the dropout
        wide.load_state_dict(network.state_dict())
        return wide.train(network.training)
    grown = _tensors(wide, sizes[0], wide.skips)
    for old, new in zip(_tensors(network, sizes[0], wide.skips), grown, strict=True):
        _put(*old, new[0])
    return wide.train(network.training)


def check_sizes(old: NetworkOptions, new: NetworkOptions) -> None:
    """Raise UsageError if a network of the sizes ``old`` cannot be widened to ``new``."""
    if old.cell != new.cell:
        raise UsageError(f"cell {old.cell} cannot become {new.cell}", "only sizes can grow")
    if old.layers < new.layers and not new.skips:
        raise UsageError(
            f"layers {old.layers} cannot become {new.layers}",
            "the output layer must read every layer then: give --skips too",
        )
    before, after = _widths(old), _widths(new)
    if old.cell == "tdnn" and before != after:
        raise UsageError("a tdnn cannot be widened", "train one of the new size from nothing")
    if any(asked < had for had, asked in zip(before, after, strict=True)):
        raise UsageError(
            f"{_told(old)} cannot become {_told(new)}", "a network can be widened, not narrowed"
        )


def _widths(size: NetworkOptions) -> tuple[int, ...]:
    """What may grow."""
    return (*size.channels(), size.residuals, size.layers, size.skips, size.hidden)


def _told(size: NetworkOptions) -> str:
    return (
        f"convolutions {size.convolutions}, residuals {size.residuals}, layers {size.layers}, "
        f"{'skips' if size.skips else 'no skips'}, hidden {size.hidden}"
    )


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


def _tensors(
    network: RecognizerNetwork, kept: NetworkOptions, skips: bool
) -> Iterator[tuple[Tensor, int]]:
    """The weights and statistics, viewed with an axis for each thing that may grow, and how
    many of the axes count outputs; of the layers and the residual convolutions those ``kept``.
    ``skips``: the output's weights from every layer, even if ``network`` has none."""
    front_end, channels = network.front_end, 1
    if isinstance(front_end, ConvolutionalFrontEnd):
        blocks = zip(front_end.convolutions, front_end.norms, front_end.residuals, strict=True)
        for convolution, norm, further in blocks:
            yield from _convolution(convolution, norm)
            assert isinstance(further, nn.ModuleList)
            for residual in further[: kept.residuals]:
                assert isinstance(residual, Residual)
                yield from _convolution(residual.convolution, residual.norm)
            assert isinstance(convolution, nn.Conv2d)
            channels = convolution.out_channels
    below = channels  # frames are (H', C), outputs of layers (D, H)
    for layer in network.recurrent[: kept.layers]:
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
    heard = network.output.weight.view(labels, -1, below)  # (K, L D, H)
    if skips and not network.skips:
        unheard = (len(network.recurrent) - 1) * heard.shape[1]
        heard = torch.cat([heard.new_zeros(labels, unheard, below), heard], dim=1)
    yield heard, 1
    yield network.output.bias, 1  # (K,)
