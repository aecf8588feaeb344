"""Every recurrent cell against its formulas, against autograd and against torch's own layer."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ocr.network.recurrence import Lines, Recurrence, Start
from ocr.network.recurrent import RecurrentLayer, library_lstm, sequence_layer

T, F, H = 5, 2, 2
LENGTHS = torch.tensor([5, 3, 1])
N = len(LENGTHS)
CELLS = [
    ("rnn", "tanh"),
    ("rnn", "2013"),
    ("lstm-1997", "tanh"),
    ("lstm-1997", "1997"),
    ("lstm", "tanh"),
    ("lstm", "1997"),
    ("lstm-peephole", "tanh"),
    ("lstm-peephole", "2013"),
]
every_cell = pytest.mark.parametrize(("cell", "squashing"), CELLS)


def layer_of(cell: str, squashing: str = "", truncate: int = 0) -> RecurrentLayer:
    """A small float64 layer with no weight left at a special value."""
    torch.manual_seed(3)
    layer = RecurrentLayer(cell, F, H, truncate, squashing).double()
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -0.8, 0.8)
    return layer


def frames(seed: int = 4) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(T, N, F, dtype=torch.float64, generator=generator).requires_grad_()


def gradients(outputs: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    """Gradients of a weighted sum of the outputs (T, N, 2H), in which no two weights are alike."""
    weights = torch.linspace(0.3, 2.0, outputs.numel(), dtype=outputs.dtype).view_as(outputs)
    return list(torch.autograd.grad((weights * outputs).sum(), inputs))


# The formulas, one number at a time.

SQUASH: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "tanh": (torch.tanh, torch.tanh),
    "1997": (lambda x: 2 / (1 + torch.exp(-x)) - 1, lambda x: 4 / (1 + torch.exp(-x)) - 2),
    "2013": (lambda x: 2 / (1 + torch.exp(-x)) - 1, lambda x: 2 / (1 + torch.exp(-x)) - 1),
}
GATES = {"rnn": "z", "lstm-1997": "izo", "lstm": "ifzo", "lstm-peephole": "ifzo"}


def logistic(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def scalar_step(
    layer: RecurrentLayer, names: tuple[str, str], d: int, x: Tensor, y: list[Tensor],
    c: list[Tensor],
) -> tuple[list[Tensor], list[Tensor]]:  # fmt: skip
    """One frame of one line in direction d: x (F,), y and c of the frame before, per unit."""
    cell, (g, h) = names[0], SQUASH[names[1]]
    new_y, new_c = [], []
    for unit in range(H):
        a = {}
        for row, gate in enumerate(GATES[cell]):
            at = row * H + unit
            a[gate] = layer.bias[d, at]
            for k in range(F):
                a[gate] = a[gate] + layer.input_weights[d, at, k] * x[k]
            for k in range(H):
                a[gate] = a[gate] + layer.recurrent_weights[d, at, k] * y[k]
        if cell == "rnn":
            new_y.append(g(a["z"]))
            new_c.append(c[unit])
            continue
        p = [torch.zeros(()) for _ in range(3)]
        if layer.peepholes is not None:
            p = [layer.peepholes[d, k, unit] for k in range(3)]
        i = logistic(a["i"] + p[0] * c[unit])
        f = logistic(a["f"] + p[1] * c[unit]) if "f" in a else 1
        state = g(a["z"]) * i + f * c[unit]
        o = logistic(a["o"] + p[2] * state)
        new_c.append(state)
        new_y.append(h(state) * o)
    return new_y, new_c


def scalar_loop(layer: RecurrentLayer, names: tuple[str, str], x: Tensor) -> Tensor:
    """x (T, N, F) -> (T, N, 2H)."""
    zero = torch.zeros((), dtype=x.dtype)
    result = [[[zero] * (2 * H) for _ in range(N)] for _ in range(T)]
    for n, length in enumerate(LENGTHS.tolist()):
        for d, order in enumerate((range(length), range(length - 1, -1, -1))):
            y, c = [zero] * H, [zero] * H
            for step, t in enumerate(order):
                if layer.truncate and step % layer.truncate == 0:
                    y, c = [v.detach() for v in y], [v.detach() for v in c]
                y, c = scalar_step(layer, names, d, x[t, n], y, c)
                result[t][n][d * H : (d + 1) * H] = y
    return torch.stack([torch.stack([torch.stack(row) for row in line]) for line in result])


@every_cell
@pytest.mark.parametrize("truncate", [0, 1, 2, 3])
def test_values_and_gradients_are_those_of_the_scalar_loop(
    cell: str, squashing: str, truncate: int
) -> None:
    layer, x = layer_of(cell, squashing, truncate), frames()
    inputs = [x, *layer.parameters()]
    outputs, expected = layer(x, LENGTHS), scalar_loop(layer, (cell, squashing), x)
    torch.testing.assert_close(outputs, expected)
    for ours, theirs in zip(gradients(outputs, inputs), gradients(expected, inputs), strict=True):
        torch.testing.assert_close(ours, theirs)


@every_cell
def test_gradcheck(cell: str, squashing: str) -> None:
    layer = layer_of(cell, squashing)
    names = [name for name, _ in layer.named_parameters()]

    def run(x: Tensor, *values: Tensor) -> Tensor:
        given = dict(zip(names, values, strict=True))
        result: Tensor = torch.func.functional_call(layer, given, (x, LENGTHS))
        return result

    values = [value.detach().clone().requires_grad_() for value in layer.parameters()]
    assert torch.autograd.gradcheck(run, (frames(), *values))


@every_cell
@pytest.mark.parametrize("keep", [True, False])
def test_gradcheck_of_a_segment_that_begins_with_a_state(
    cell: str, squashing: str, keep: bool
) -> None:
    """What truncation is made of: the state comes in as a constant, gates are computed twice."""
    layer = layer_of(cell, squashing)
    torch.manual_seed(5)
    start = Start(*torch.randn(2, N, 1, H, dtype=torch.float64))
    lines = Lines(LENGTHS, (False,))

    def run(x: Tensor, *values: Tensor) -> Tensor:
        p = values[3] if len(values) > 3 else None
        result: Tensor = Recurrence.apply(x, *values[:3], p, start, lines, layer.cell, keep)[0]
        return result

    values = [value[:1].detach().clone().requires_grad_() for value in layer.parameters()]
    assert torch.autograd.gradcheck(run, (frames(), *values))


def torch_layer(layer: RecurrentLayer) -> nn.LSTM:
    """torch.nn.LSTM with the same weights; its second bias is 0."""
    other = nn.LSTM(F, H, bidirectional=True).double()
    with torch.no_grad():
        for d, suffix in enumerate(("l0", "l0_reverse")):
            getattr(other, f"weight_ih_{suffix}").copy_(layer.input_weights[d])
            getattr(other, f"weight_hh_{suffix}").copy_(layer.recurrent_weights[d])
            getattr(other, f"bias_ih_{suffix}").copy_(layer.bias[d])
            getattr(other, f"bias_hh_{suffix}").zero_()
    return other


def test_lstm_is_torch_lstm() -> None:
    layer, x = layer_of("lstm"), frames()
    other = torch_layer(layer)
    packed, _ = other(pack_padded_sequence(x, LENGTHS))
    expected, _ = pad_packed_sequence(packed)
    outputs = layer(x, LENGTHS)
    torch.testing.assert_close(outputs, expected)
    ours = gradients(outputs, [x, layer.input_weights, layer.recurrent_weights, layer.bias])
    theirs = gradients(
        expected,
        [x, *(
            getattr(other, f"{kind}_{suffix}")
            for kind in ("weight_ih", "weight_hh", "bias_ih") for suffix in ("l0", "l0_reverse")
        )],
    )  # fmt: skip
    torch.testing.assert_close(ours[0], theirs[0])
    for k, gradient in enumerate(ours[1:]):
        torch.testing.assert_close(gradient, torch.stack(theirs[1 + 2 * k : 3 + 2 * k]))


def test_library_lstm_is_the_same_layer() -> None:
    layer, x = layer_of("lstm"), frames()
    weights = [layer.input_weights, layer.recurrent_weights, layer.bias]
    outputs, expected = layer(x, LENGTHS), library_lstm(x, LENGTHS, *weights)
    torch.testing.assert_close(outputs, expected)
    ours, theirs = gradients(outputs, [x, *weights]), gradients(expected, [x, *weights])
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("cell", ["rnn", "lstm-1997", "lstm", "lstm-peephole", "tdnn"])
@pytest.mark.parametrize("truncate", [0, 2])
def test_padding_and_company_change_nothing(cell: str, truncate: int) -> None:
    torch.manual_seed(6)
    layer = sequence_layer(cell, F, H, truncate).double()
    x = frames().detach()
    longer = torch.randn(T + 3, N, F, dtype=torch.float64)  # garbage where there is no line
    for n, length in enumerate(LENGTHS.tolist()):
        longer[:length, n] = x[:length, n]
    longer.requires_grad_()
    outputs = layer(longer, LENGTHS)
    assert outputs.shape == (T + 3, N, 2 * H)
    weights = torch.randn_like(outputs)
    whole = torch.autograd.grad((weights * outputs).sum(), [longer, *layer.parameters()])
    sums = [torch.zeros_like(parameter) for parameter in layer.parameters()]
    for n, length in enumerate(LENGTHS.tolist()):
        alone = x[:length, n : n + 1].clone().requires_grad_()
        single = layer(alone, LENGTHS[n : n + 1])
        torch.testing.assert_close(outputs[:length, n], single[:, 0])
        assert not outputs[length:, n].any()
        loss = (weights[:length, n : n + 1] * single).sum()
        dx, *rest = torch.autograd.grad(loss, [alone, *layer.parameters()])
        torch.testing.assert_close(whole[0][:length, n], dx[:, 0])
        assert not whole[0][length:, n].any()
        for total, part in zip(sums, rest, strict=True):
            total += part
    for ours, total in zip(whole[1:], sums, strict=True):
        torch.testing.assert_close(ours, total)


@every_cell
def test_truncation_carries_the_state_and_cuts_the_gradient(cell: str, squashing: str) -> None:
    layer, whole = layer_of(cell, squashing, 2), layer_of(cell, squashing)
    x, lengths = frames(), torch.tensor([T] * N)
    outputs = layer(x, lengths)
    torch.testing.assert_close(outputs, whole(x, lengths))  # the state goes on
    (dx,) = torch.autograd.grad(outputs[3, :, :H].sum(), x, retain_graph=True)  # left to right
    assert not dx[:2].any()
    assert dx[2:4].all()
    assert not dx[4:].any()
    (dx,) = torch.autograd.grad(outputs[1, :, H:].sum(), x)  # right to left: 4 3 | 2 1 | 0
    assert not dx[3:].any()
    assert dx[1:3].all()
    (dx,) = torch.autograd.grad(whole(x, lengths)[3, :, :H].sum(), x)
    assert dx[:2].all()  # uncut it does reach back


def walks(layer: RecurrentLayer, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """(frames, whether the trace is kept) of every walk from now on."""
    calls: list[tuple[int, bool]] = []
    kind = type(layer.cell)
    forward = kind.forward

    def spy(self: object, wx: Tensor, *rest: object) -> object:
        calls.append((len(wx), bool(rest[-1])))
        return forward(self, wx, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "forward", spy)
    return calls


def test_truncation_keeps_the_gates_of_one_segment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = layer_of("lstm", truncate=2)
    calls = walks(layer, monkeypatch)
    outputs = layer(frames(), LENGTHS)
    assert calls == [(2, False), (2, False), (1, False)] * 2  # nothing kept on the way there
    calls.clear()
    outputs.sum().backward()
    assert sorted(calls) == sorted([(2, True), (2, True), (1, True)] * 2)


@every_cell
def test_a_second_backward_gives_the_same_gradient(cell: str, squashing: str) -> None:
    """Deltas replace the gates, so the gates must be made again."""
    layer, x = layer_of(cell, squashing), frames()
    loss = layer(x, LENGTHS).pow(2).sum()
    first = torch.autograd.grad(loss, [x, *layer.parameters()], retain_graph=True)
    for once, again in zip(first, torch.autograd.grad(loss, [x, *layer.parameters()]), strict=True):
        torch.testing.assert_close(once, again)


def test_parameters_have_the_names_and_shapes_that_model_files_hold() -> None:
    def shapes(cell: str) -> dict[str, tuple[int, ...]]:
        return {k: tuple(v.shape) for k, v in sequence_layer(cell, F, H).state_dict().items()}

    expected = {
        "input_weights": (2, 4 * H, F),
        "recurrent_weights": (2, 4 * H, H),
        "bias": (2, 4 * H),
    }
    assert shapes("lstm") == expected
    assert shapes("lstm-peephole") == {**expected, "peepholes": (2, 3, H)}


@pytest.mark.parametrize("quietly", [torch.inference_mode, torch.no_grad])
def test_no_gradient_no_trace(
    quietly: Callable[[], AbstractContextManager[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = layer_of("lstm")
    calls = walks(layer, monkeypatch)
    with quietly():
        quiet = layer(frames().detach(), LENGTHS)
    assert calls
    assert not any(kept for _, kept in calls)
    torch.testing.assert_close(quiet, layer(frames(), LENGTHS).detach())
