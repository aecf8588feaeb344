"""The whole network: shapes, log-softmax, padding; and torch's CTC loss against every path."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from ocr.alphabet import BLANK
from ocr.decoding.greedy import collapse
from ocr.network.recognizer import FIRST_BLANK_ODDS, RecognizerNetwork, resize_output
from ocr.options import FEATURES, NetworkOptions, PreprocessingOptions
from ocr.preprocessing.columns import frame_count

LABELS = 6
SMALL = NetworkOptions(convolutions="2,3,4,5", layers=2, hidden=7)


def network(features: str = "conv", labels: int = LABELS) -> RecognizerNetwork:
    torch.manual_seed(0)
    preprocessing = PreprocessingOptions(height=20, features=features)
    return RecognizerNetwork(preprocessing, SMALL, labels).eval()


def lines(features: str, widths: list[int]) -> list[Tensor]:
    """(T, F) random values of each line."""
    size = 9 if features == "geometric" else 20
    torch.manual_seed(1)
    return [torch.rand(width, size) for width in widths]


@pytest.mark.parametrize("features", FEATURES)
def test_shapes_lengths_and_sums(features: str) -> None:
    widths = [30, 13]
    columns = torch.nn.utils.rnn.pad_sequence(lines(features, widths), batch_first=True)
    log_probs, frames = network(features)(columns, torch.tensor(widths))
    assert log_probs.shape == (frame_count(30), 2, LABELS)
    assert log_probs.dtype == torch.float32
    assert frames.tolist() == [frame_count(width) for width in widths]
    torch.testing.assert_close(log_probs.exp().sum(dim=2), torch.ones(8, 2))


@pytest.mark.parametrize("features", FEATURES)
def test_a_line_reads_the_same_alone_and_in_company(features: str) -> None:
    widths, model = [30, 13, 1], network(features)
    each = lines(features, widths)
    together, _ = model(
        torch.nn.utils.rnn.pad_sequence(each, batch_first=True), torch.tensor(widths)
    )
    for n, values in enumerate(each):
        alone, _ = model(values[None], torch.tensor([len(values)]))
        torch.testing.assert_close(together[: len(alone), n], alone[:, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("features", FEATURES)
def test_every_parameter_gets_a_gradient(features: str) -> None:
    model = network(features).train()
    columns = torch.stack(lines(features, [24, 24]))
    log_probs, frames = model(columns, torch.tensor([24, 24]))
    labels, sizes = torch.tensor([1, 2, 2, 3]), torch.tensor([3, 1])
    functional.ctc_loss(log_probs, labels, frames, sizes).backward()
    dead = [
        name for name, value in model.named_parameters()
        if value.grad is None or not value.grad.any()
    ]  # fmt: skip
    assert dead == []


def test_first_answer_is_mostly_blank() -> None:
    model = network()
    with torch.no_grad():
        model.output.weight.zero_()  # what the bias alone says
    log_probs, _ = model(torch.zeros(1, 8, 20), torch.tensor([8]))
    blank = log_probs.detach()[0, 0, BLANK].exp()
    assert float(blank / (1 - blank)) == pytest.approx(FIRST_BLANK_ODDS, rel=1e-4)
    characters = log_probs[0, 0, BLANK + 1 :].exp()
    torch.testing.assert_close(characters, (1 - blank).expand(LABELS - 1) / (LABELS - 1))


def test_resized_output_keeps_the_order_of_the_old_labels() -> None:
    model = network()
    columns, lengths = lines("conv", [16])[0][None], torch.tensor([16])
    before, _ = model(columns, lengths)
    resize_output(model, LABELS + 3)
    after, _ = model(columns, lengths)
    assert after.shape[2] == LABELS + 3
    old = after[:, :, :LABELS].log_softmax(dim=2)  # the old labels' shares among themselves
    torch.testing.assert_close(old, before, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("frames", "labels"),
    [(5, [1, 2]), (5, [1, 1]), (5, [3, 1, 3]), (4, [2, 2, 1]), (3, [1]), (2, [])],
)
def test_ctc_loss_of_our_log_probs_is_the_sum_over_all_paths(
    frames: int, labels: list[int]
) -> None:
    """P(labels) = sum of the products along every path that collapses to them
    (Graves et al. 2006, equation 3), over all K^T paths."""
    columns = lines("conv", [4 * frames])[0][None]
    model = network(labels=4)
    with torch.no_grad():
        model.output.weight.mul_(10)  # or all frames would say the same
    log_probs, lengths = model(columns, torch.tensor([4 * frames]))
    step = log_probs.detach()[:, 0].double().exp()  # (T, K)
    total = sum(
        float(torch.stack([step[t, k] for t, k in enumerate(path)]).prod())
        for path in product(range(4), repeat=frames)
        if collapse(path) == tuple(labels)
    )
    loss = functional.ctc_loss(
        log_probs.detach().double(),
        torch.tensor(labels, dtype=torch.int64),
        lengths,
        torch.tensor([len(labels)]),
        blank=BLANK,
        reduction="sum",
    )
    assert total > 0
    torch.testing.assert_close(
        loss, -torch.tensor(total, dtype=torch.float64).log(), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_stacked_layers_are_those_of_torch(layers: int) -> None:
    """Each reads what the one below wrote, in both directions."""
    options = NetworkOptions(layers=layers, hidden=5, dropout=0.0)
    preprocessing = PreprocessingOptions(height=16, features="pixels")
    network = RecognizerNetwork(preprocessing, options, 7).double().eval()
    frames = torch.randn(9, 2, network.recurrent[0].input_weights.shape[2], dtype=torch.float64)
    other = nn.LSTM(frames.shape[2], 5, layers, bidirectional=True).double()
    with torch.no_grad():  # the gates stand in the same order
        for number, layer in enumerate(network.recurrent):
            for direction, end in enumerate((f"l{number}", f"l{number}_reverse")):
                getattr(other, f"weight_ih_{end}").copy_(layer.input_weights[direction])
                getattr(other, f"weight_hh_{end}").copy_(layer.recurrent_weights[direction])
                getattr(other, f"bias_ih_{end}").copy_(layer.bias[direction])
                getattr(other, f"bias_hh_{end}").zero_()
        expected = network.output(other(frames)[0]).log_softmax(2)
        found = network.read(frames, torch.tensor([9, 9]))
    torch.testing.assert_close(found.double(), expected, atol=1e-6, rtol=1e-5)
