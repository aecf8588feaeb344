"""lstm.c against the walks in torch's operations, which have their own oracles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from ocr import builder
from ocr.network import native
from ocr.network.recurrent import RecurrentLayer

CELLS = [
    ("lstm", "tanh"),
    ("lstm-1997", "1997"),
    ("lstm-1997", "tanh"),
    ("lstm-peephole", "2013"),
]


@pytest.fixture
def fresh() -> Iterator[None]:
    """``native.library`` as if never called, before and after."""
    native.library.cache_clear()
    yield
    native.library.cache_clear()


def need(dtype: torch.dtype) -> None:
    if builder.compiler_command() is None:
        pytest.skip("no compiler here")
    if dtype == torch.bfloat16 and native.library(dtype) is None:
        pytest.skip(f"no {dtype} products here")
    assert native.library(dtype) is not None, "lstm.c cannot be built"


def layer_of(cell: str, squashing: str, hidden: int, truncate: int = 0) -> RecurrentLayer:
    torch.manual_seed(1)
    layer = RecurrentLayer(cell, 6, hidden, truncate, squashing)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.3)
    return layer


def results(layer: RecurrentLayer, lengths: Tensor, bfloat16: bool) -> list[Tensor]:
    """Outputs and all gradients, the same loss every time."""
    torch.manual_seed(2)
    x = torch.randn(9, len(lengths), 6).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        outputs = layer(x, lengths)
    assert outputs.dtype == (torch.bfloat16 if bfloat16 else torch.float32)
    loss = (outputs.float() * torch.randn(outputs.shape)).sum()
    return [outputs.detach(), *torch.autograd.grad(loss, [x, *layer.parameters()])]


def error(ours: Tensor, theirs: Tensor) -> float:
    """Largest difference, as a share of the largest value."""
    difference = (ours.float() - theirs.float()).abs().max()
    return float(difference / theirs.float().abs().max())


@pytest.mark.parametrize(("cell", "squashing"), CELLS)
@pytest.mark.parametrize("hidden", [16, 48, 128])  # one block of units, three, two larger ones
@pytest.mark.parametrize("truncate", [0, 4])
def test_float32_is_that_of_the_steps(
    cell: str, squashing: str, hidden: int, truncate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    need(torch.float32)
    layer = layer_of(cell, squashing, hidden, truncate)
    lengths = torch.tensor([9, 9, 1, 5, 0, 8, 9, 3])
    ours = results(layer, lengths, bfloat16=False)
    monkeypatch.setattr(native, "can_run", lambda *_: False)
    monkeypatch.setattr(layer, "in_libraries", False)
    for one, other in zip(ours, results(layer, lengths, bfloat16=False), strict=True):
        assert error(one, other) < 5e-6


@pytest.mark.parametrize("lines", range(1, 14))
def test_any_number_of_lines(lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    need(torch.float32)
    layer, lengths = layer_of("lstm-peephole", "2013", 16), torch.arange(lines) % 5 + 5
    ours = results(layer, lengths, bfloat16=False)
    monkeypatch.setattr(native, "can_run", lambda *_: False)
    for one, other in zip(ours, results(layer, lengths, bfloat16=False), strict=True):
        assert error(one, other) < 5e-6


@pytest.mark.parametrize(("cell", "squashing"), CELLS)
@pytest.mark.parametrize("compiled", [True, False])
def test_bfloat16_is_near_float32(
    cell: str, squashing: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if compiled:
        need(torch.bfloat16)
    else:
        monkeypatch.setattr(native, "can_run", lambda *_: False)
    layer, lengths = layer_of(cell, squashing, 128), torch.tensor([9, 4, 7])
    exact = results(layer, lengths, bfloat16=False)
    for one, other in zip(results(layer, lengths, bfloat16=True), exact, strict=True):
        assert 1e-5 < error(one, other) < 0.03  # 8 bits of mantissa, and not float32 by mistake


def test_two_threads_compute_the_same() -> None:
    need(torch.float32)
    layer, lengths = layer_of("lstm-peephole", "2013", 64), torch.tensor([9, 4, 7])
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = results(layer, lengths, bfloat16=False)
        torch.set_num_threads(2)
        two = results(layer, lengths, bfloat16=False)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(one[0], two[0])
    for gradient, other in zip(one[1:], two[1:], strict=True):
        assert error(gradient, other) < 5e-6  # of products that threads may add up in another order


def test_extreme_values_saturate() -> None:
    """exp() of what overflows would be inf, and inf / inf no number."""
    need(torch.float32)
    layer = layer_of("lstm", "tanh", 16)
    x = torch.full((3, 2, 6), 1e6)
    x[:, 1] *= -1
    outputs = layer(x, torch.tensor([3, 3]))
    assert torch.isfinite(outputs).all()
    assert outputs.abs().max() <= 1


@pytest.mark.usefixtures("fresh")
def test_without_a_compiler_there_is_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "")
    assert native.library(torch.float32) is None
    for cell in ("lstm", "lstm-peephole"):
        layer = RecurrentLayer(cell, 6, 16)
        results(layer, torch.tensor([9, 4]), bfloat16=False)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_other_data_types_are_left_to_torch(dtype: torch.dtype) -> None:
    assert not native.can_run(torch.zeros(1, dtype=dtype), torch.zeros(1, 64, 16, dtype=dtype))
