"""What a layer offers beside its outputs: one direction alone, its gates, its first weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ocr.network.directions import LEFT_TO_RIGHT
from ocr.network.recurrent import RecurrentLayer
from ocr.network.rnn import RnnCell

T, F, H = 7, 5, 3
LENGTHS = torch.tensor([4, 7, 1])
LSTMS = ("lstm-1997", "lstm", "lstm-peephole")


def frames() -> Tensor:
    return torch.randn(T, len(LENGTHS), F, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("cell", ["rnn", *LSTMS])
def test_each_direction_starts_at_its_own_end_of_the_line(cell: str) -> None:
    layer, x = RecurrentLayer(cell, F, H), frames().requires_grad_()
    last = int(LENGTHS[0]) - 1
    for frame, part in ((0, slice(0, H)), (last, slice(H, None))):
        (gradient,) = torch.autograd.grad(layer(x, LENGTHS)[frame, 0, part].sum(), x)
        seen = gradient.abs().sum(dim=2).nonzero().tolist()  # (frame, line) that matter
        assert seen == [[frame, 0]]


@pytest.mark.parametrize("truncate", [0, 3])
@pytest.mark.parametrize("cell", ["rnn", *LSTMS])
def test_one_direction_is_half_of_both(cell: str, truncate: int) -> None:
    both = RecurrentLayer(cell, F, H, truncate)
    alone = RecurrentLayer(cell, F, H, truncate, directions=(LEFT_TO_RIGHT,))
    for name, parameter in alone.named_parameters():
        parameter.data = both.get_parameter(name)[:1].detach().clone()
    torch.testing.assert_close(alone(frames(), LENGTHS), both(frames(), LENGTHS)[:, :, :H])


@pytest.mark.parametrize("cell", LSTMS)
def test_gates_and_states_are_those_behind_the_outputs(cell: str) -> None:
    torch.manual_seed(2)
    layer, x = RecurrentLayer(cell, F, H), frames()
    if layer.peepholes is not None:
        torch.nn.init.normal_(layer.peepholes)
    gates, states = layer.gates_and_states(x, LENGTHS)
    count = 3 if cell == "lstm-1997" else 4
    assert gates.shape == (T, len(LENGTHS), 2, count, H)
    assert states.shape == (T, len(LENGTHS), 2, H)
    assert not isinstance(layer.cell, RnnCell)
    outputs = layer.cell.h(states) * gates[:, :, :, -1]  # y = h(c) o
    torch.testing.assert_close(outputs.flatten(2), layer(x, LENGTHS), atol=1e-5, rtol=0)
    i, z = gates[:, :, :, 0], gates[:, :, :, -2]
    f = gates[:, :, :, 1] if count == 4 else torch.ones_like(i)
    kept = states[1:, :, 0] - z[1:, :, 0] * i[1:, :, 0]  # f(t) c(t-1)
    for n, length in enumerate(LENGTHS.tolist()):
        expected = (f[1:, n, 0] * states[:-1, n, 0])[: length - 1]
        torch.testing.assert_close(kept[: length - 1, n], expected, atol=1e-6, rtol=0)


def test_first_weights_remember_and_keep_lengths() -> None:
    layer = RecurrentLayer("lstm", F, H)
    gates = layer.bias.view(2, 4, H)
    assert torch.equal(gates[:, 1], torch.ones(2, H))
    assert not gates[:, [0, 2, 3]].any()
    for block in layer.recurrent_weights.view(8, H, H):
        torch.testing.assert_close(block @ block.T, torch.eye(H), atol=1e-5, rtol=0)
