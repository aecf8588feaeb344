"""The bidirectional layer against its equations in a scalar loop and against torch.nn.LSTM."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ocr.network.recurrent import BidirectionalLSTM, frame_mask, reversal, take_frames

FRAMES, INPUTS, HIDDEN = 7, 5, 3
LENGTHS = torch.tensor([4, 7, 1])


def random_layer(seed: int = 0) -> BidirectionalLSTM:
    """A float64 layer with every parameter random, the biases too."""
    torch.manual_seed(seed)
    layer = BidirectionalLSTM(INPUTS, HIDDEN).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.7)
    return layer


def random_frames(seed: int = 1) -> Tensor:
    """(T, N, F) float64."""
    torch.manual_seed(seed)
    return torch.randn(FRAMES, len(LENGTHS), INPUTS, dtype=torch.float64)


def torch_twin(layer: BidirectionalLSTM) -> nn.LSTM:
    """torch.nn.LSTM with the same weights; its second bias is 0."""
    twin = nn.LSTM(INPUTS, HIDDEN, bidirectional=True).double()
    with torch.no_grad():
        for direction, end in enumerate(("", "_reverse")):
            getattr(twin, f"weight_ih_l0{end}").copy_(layer.input_weights[direction])
            getattr(twin, f"weight_hh_l0{end}").copy_(layer.recurrent_weights[direction])
            getattr(twin, f"bias_ih_l0{end}").copy_(layer.bias[direction])
            getattr(twin, f"bias_hh_l0{end}").zero_()
    return twin


def scalar_lstm(
    line: list[list[float]], w: list[list[float]], r: list[list[float]], b: list[float]
) -> list[list[float]]:
    """One direction over one line (T, F), one number at a time: (T, H)."""
    cell, output, outputs = [0.0] * HIDDEN, [0.0] * HIDDEN, []
    for x in line:
        net = [
            sum(weight * value for weight, value in zip(w[row], x, strict=True))
            + sum(weight * value for weight, value in zip(r[row], output, strict=True))
            + b[row]
            for row in range(4 * HIDDEN)
        ]
        for h in range(HIDDEN):
            i, f, o = (1 / (1 + math.exp(-net[h + HIDDEN * gate])) for gate in (0, 1, 3))
            cell[h] = f * cell[h] + i * math.tanh(net[h + 2 * HIDDEN])
            net[h] = o * math.tanh(cell[h])
        output = net[:HIDDEN]
        outputs.append(output)
    return outputs


@given(st.lists(st.integers(0, 9), min_size=1, max_size=4), st.integers(0, 3))
def test_reversal_reverses_each_line_and_twice_is_the_identity(
    lengths: list[int], padding: int
) -> None:
    frames = max(lengths) + padding
    order = reversal(torch.tensor(lengths), frames)
    assert order.shape == (frames, len(lengths))
    for line, length in enumerate(lengths):
        expected = [*reversed(range(length)), *range(length, frames)]
        assert order[:, line].tolist() == expected
    values = torch.arange(frames * len(lengths) * 2).reshape(frames, len(lengths), 2)
    assert torch.equal(take_frames(take_frames(values, order), order), values)


def test_layer_equals_its_equations() -> None:
    layer, frames = random_layer(), random_frames()
    result = layer(frames, LENGTHS)
    assert result.shape == (FRAMES, len(LENGTHS), 2 * HIDDEN)
    for n, length in enumerate(LENGTHS.tolist()):
        line = frames[:length, n].tolist()
        parameters = (layer.input_weights, layer.recurrent_weights, layer.bias)
        forward = scalar_lstm(line, *(parameter[0].tolist() for parameter in parameters))
        backward = scalar_lstm(line[::-1], *(parameter[1].tolist() for parameter in parameters))
        both = [[*ahead, *back] for ahead, back in zip(forward, backward[::-1], strict=True)]
        expected = torch.tensor(both, dtype=torch.float64)
        torch.testing.assert_close(result[:length, n], expected, atol=1e-12, rtol=0)
        assert not result[length:, n].any()


def test_layer_equals_torch_lstm_on_packed_lines_forward_and_gradients() -> None:
    layer, ours = random_layer(), random_frames().requires_grad_()
    twin, theirs = torch_twin(layer), random_frames().requires_grad_()
    packed = pack_padded_sequence(theirs, LENGTHS, enforce_sorted=False)
    expected, _ = pad_packed_sequence(twin(packed)[0])
    result = layer(ours, LENGTHS)
    torch.testing.assert_close(result, expected, atol=1e-12, rtol=0)

    weight = torch.randn(result.shape, dtype=torch.float64)
    (result * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-12, rtol=0)
    for direction, end in enumerate(("", "_reverse")):
        for mine, name in (
            (layer.input_weights, "weight_ih_l0"),
            (layer.recurrent_weights, "weight_hh_l0"),
            (layer.bias, "bias_ih_l0"),
        ):
            gradient = getattr(twin, name + end).grad
            torch.testing.assert_close(mine.grad[direction], gradient, atol=1e-12, rtol=0)


def test_padding_changes_nothing() -> None:
    layer, clean = random_layer(), random_frames()
    inside = frame_mask(LENGTHS, FRAMES)
    dirty = torch.where(inside, clean, 1e6)
    expected = layer(clean, LENGTHS)
    result = layer(dirty, LENGTHS)
    assert torch.equal(result, expected)
    assert not result.masked_select(~inside).any()


def test_each_direction_starts_at_its_own_end_of_the_line() -> None:
    layer, frames = random_layer(), random_frames().requires_grad_()
    last = int(LENGTHS[0]) - 1
    for frame, part in ((0, slice(0, HIDDEN)), (last, slice(HIDDEN, None))):
        out = layer(frames, LENGTHS)[frame, 0, part].sum()
        (gradient,) = torch.autograd.grad(out, frames)
        seen = gradient.abs().sum(dim=2).nonzero().tolist()  # (frame, line) that matter
        assert seen == [[frame, 0]]


def test_first_weights_remember_and_keep_lengths() -> None:
    layer = BidirectionalLSTM(INPUTS, HIDDEN)
    gates = layer.bias.view(2, 4, HIDDEN)
    assert torch.equal(gates[:, 1], torch.ones(2, HIDDEN))
    assert not gates[:, [0, 2, 3]].any()
    for block in layer.recurrent_weights.view(8, HIDDEN, HIDDEN):
        torch.testing.assert_close(block @ block.T, torch.eye(HIDDEN), atol=1e-5, rtol=0)
