"""Two networks, of which the surer one reads a line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from ocr.alphabet import BLANK
from ocr.network.modelfile import load_model_file, save_model
from ocr.network.recognizer import RecognizerNetwork, resize_output
from ocr.network.surer import CERTAIN, PAPER, sureness, surer
from ocr.options import NetworkOptions, PreprocessingOptions
from ocr.types import ModelSpec

SPEC = ModelSpec(
    "abc",
    PreprocessingOptions(height=16),
    NetworkOptions(convolutions="2,3,4,5", layers=1, hidden=6),
)

MARGIN = 0.1
LN2 = math.log(2)


def network(seed: int) -> RecognizerNetwork:
    torch.manual_seed(seed)
    made = RecognizerNetwork(SPEC.preprocessing, SPEC.network, 4).eval()
    made.output.weight.data.mul_(20)  # decided, so that the two differ
    made.output.bias.data.zero_()
    return made


def pair() -> RecognizerNetwork:
    result = network(1)
    result.remember(network(7), MARGIN)
    return result


def scored(rows: list[list[float]]) -> Tensor:
    """(T, 1, K) of probabilities (T, K)."""
    return torch.tensor(rows).clamp(min=1e-30).log()[:, None]


@pytest.mark.parametrize(
    ("rows", "frames", "expected"),
    [
        ([[0.25, 0.5, 0.25], [0.96, 0.02, 0.02], [0.5, 0.5, 0]], 3, 1.25 * LN2),
        ([[0.25, 0.5, 0.25], [0.96, 0.02, 0.02], [0.5, 0.5, 0]], 2, 1.5 * LN2),  # then padding
        ([[0.96, 0.04, 0], [0.96, 0, 0.04]], 2, 0.167944),  # nothing is written
        ([[0.96, 0.04, 0]], 0, 0.0),
        ([[0.0, 1.0, 0.0]], 1, 0.0),
    ],
)
def test_sureness_is_that_of_what_is_written(
    rows: list[list[float]], frames: int, expected: float
) -> None:
    found = sureness(scored(rows), torch.tensor([frames]))
    torch.testing.assert_close(found, -torch.tensor([expected + CERTAIN]).log())


def test_sureness_by_a_loop() -> None:
    torch.manual_seed(3)
    log_probs = (3 * torch.randn(12, 20, 4)).log_softmax(dim=2)
    frames = torch.randint(1, 13, (20,))
    for line, found in enumerate(sureness(log_probs, frames).tolist()):
        rows = log_probs[: frames[line], line].exp().tolist()
        rows = [row for row in rows if row[BLANK] < PAPER] or rows
        doubt = -sum(p * math.log(p) for row in rows for p in row) / len(rows)
        assert found == pytest.approx(-math.log(doubt + CERTAIN), abs=1e-4)


def test_each_line_is_read_by_the_surer() -> None:
    sure, unsure = [[0.1, 0.8, 0.1]] * 2, [[0.1, 0.3, 0.6]] * 2
    first = torch.cat([scored(sure), scored(unsure), scored(sure)], dim=1)
    second = torch.cat([scored(unsure), scored(sure), scored(sure)], dim=1)
    for margin, third in ((0.0, second), (-0.1, first)):  # of two alike the former is believed
        found = surer(first, second, torch.tensor([2, 2, 2]), margin)
        assert torch.equal(found, torch.stack([first[:, 0], second[:, 1], third[:, 2]], dim=1))
    wide = surer(first, second, torch.tensor([2, 2, 2]), 2.0)
    assert torch.equal(wide, second)  # none has e^2 times less doubt


def test_a_network_with_a_former_one_reads_with_both() -> None:
    both, lengths = pair(), torch.tensor([64, 40, 52, 9, 64, 33])
    torch.manual_seed(4)
    columns = torch.rand(6, 64, 16) * torch.tensor([0.1, 1, 3, 1, 9, 27])[:, None, None]
    columns[torch.arange(64)[None, :] >= lengths[:, None]] = 0  # paper
    assert both.former is not None
    read, frames = both(columns, lengths)
    new, old = network(1)(columns, lengths)[0], both.former(columns, lengths)[0]
    assert torch.equal(read, surer(new, old, frames, MARGIN))
    chosen = [int(torch.equal(read[:, n], old[:, n])) for n in range(6)]
    assert 0 < sum(chosen) < 6  # or nothing was chosen here
    for n, length in enumerate(lengths.tolist()):
        alone = both(columns[n : n + 1, :length], lengths[n : n + 1])[0]
        torch.testing.assert_close(read[: len(alone), n], alone[:, 0], atol=1e-5, rtol=0)


def test_the_former_network_has_no_part_in_training() -> None:
    both = pair().train()
    assert both.former is not None
    before = {name: value.clone() for name, value in both.former.state_dict().items()}
    columns, lengths = torch.rand(2, 32, 16), torch.tensor([32, 20])
    both(columns, lengths)[0][:, :, 0].sum().backward()
    assert all(parameter.grad is None for parameter in both.former.parameters())
    for name, value in both.former.state_dict().items():  # nor do its statistics move
        assert torch.equal(value, before[name]), name


def test_both_are_stored(tmp_path: Path) -> None:
    path, both = tmp_path / "m.safetensors", pair()
    assert both.former is not None
    both.former.half().float()  # as a shipped model's weights are
    save_model(path, both, SPEC)
    loaded, _ = load_model_file(path)
    assert list(loaded.state_dict()) == list(both.state_dict())
    for name, value in loaded.state_dict().items():
        assert torch.equal(value, both.state_dict()[name]), name
    kinds = {name: value.dtype for name, value in load_file(path).items()}
    assert kinds["output.weight"] == torch.float32
    assert kinds["former.output.weight"] == torch.float16  # which loses nothing
    both.former.output.weight.data.add_(1e-6)  # no longer half as precise
    save_model(path, both, SPEC)
    assert load_file(path)["former.output.weight"].dtype == torch.float32


def test_a_network_that_learns_no_more_never_reads_new_labels() -> None:
    old, grown = network(1), network(1)
    resize_output(grown, 7, learns=False)
    columns, lengths = torch.rand(1, 64, 16), torch.tensor([64])
    before, after = old(columns, lengths)[0], grown.half().float()(columns, lengths)[0]
    torch.testing.assert_close(after[..., :4], before, atol=0.05, rtol=0)  # that of half
    assert not after[..., 4:].exp().any()
    assert torch.isfinite(after).all()
