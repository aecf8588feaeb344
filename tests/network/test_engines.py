"""Lines through the engine: order kept, company without influence, bounded batches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ocr.network.engines import COLUMNS_PER_BATCH, TorchEngine, batches_by_width
from ocr.network.padding import WIDTH_BUCKET, pad_columns
from ocr.network.recognizer import RecognizerNetwork
from ocr.options import FEATURES, NetworkOptions, PreprocessingOptions
from ocr.preprocessing.columns import frame_count
from ocr.types import Columns

WIDTHS = (130, 9, 127, 400, 64, 9)
LABELS = 5


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def engine(features: str, precision: str) -> TorchEngine:
    torch.manual_seed(0)
    network = RecognizerNetwork(
        PreprocessingOptions(height=16, features=features),
        NetworkOptions(convolutions="2,3,4,5", layers=2, hidden=6),
        LABELS,
    )
    return TorchEngine(network, precision)


def lines(features: str, widths: Sequence[int] = WIDTHS) -> list[Columns]:
    rng = np.random.default_rng(0)
    size = 9 if features == "geometric" else 16
    return [
        Columns(rng.random((width, size), np.float32), np.arange(width + 1, dtype=np.float32))
        for width in widths
    ]


@pytest.mark.parametrize("features", FEATURES)
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("bfloat16", 0.05)])
def test_many_lines_read_as_each_alone_in_their_order(
    features: str, precision: str, tolerance: float
) -> None:
    torch_engine, columns = engine(features, precision), lines(features)
    together = torch_engine.log_probs(columns)
    for line, result in zip(columns, together, strict=True):
        assert result.shape == (frame_count(len(line.values)), LABELS)
        assert result.dtype == np.float32
        assert result.flags.owndata  # or a short line would keep its whole batch in memory
        (alone,) = torch_engine.log_probs([line])
        np.testing.assert_allclose(result, alone, atol=tolerance, rtol=0)


def test_bfloat16_reads_what_float32_reads() -> None:
    columns = lines("conv")
    exact = engine("conv", "float32").log_probs(columns)
    rounded = engine("conv", "bfloat16").log_probs(columns)
    for left, right in zip(exact, rounded, strict=True):
        np.testing.assert_allclose(left, right, atol=0.05, rtol=0)
        assert not np.array_equal(left, right)


def test_no_lines_are_no_results() -> None:
    assert engine("conv", "float32").log_probs([]) == []


def test_what_goes_through_the_network_together_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch_engine = engine("pixels", "float32")
    shapes: list[torch.Size] = []
    hook = torch_engine.network.register_forward_pre_hook(
        lambda module, inputs: shapes.append(inputs[0].shape)
    )
    torch_engine.log_probs(lines("pixels", [9] * 200))
    hook.remove()
    assert sum(shape[0] for shape in shapes) == 200
    assert max(shape[0] * shape[1] for shape in shapes) <= COLUMNS_PER_BATCH


@given(st.lists(st.integers(1, 300)), st.integers(1, 1000))
def test_batches_hold_every_line_once_within_the_budget(widths: list[int], budget: int) -> None:
    groups = batches_by_width(widths, budget)
    assert sorted(index for group in groups for index in group) == list(range(len(widths)))
    for group in groups:
        assert group
        assert len(group) == 1 or len(group) * max(widths[i] for i in group) <= budget
    narrowest = [min(widths[i] for i in group) for group in groups]
    widest = [max(widths[i] for i in group) for group in groups]
    assert all(left <= right for left, right in zip(widest, narrowest[1:], strict=False))
    for group, width in zip(groups, narrowest[1:], strict=False):
        assert (len(group) + 1) * width > budget  # no group was closed too early


def test_padding_is_paper_on_the_right_up_to_a_bucket() -> None:
    values = [line.values for line in lines("conv", [WIDTH_BUCKET + 1, 3])]
    columns, lengths = pad_columns(values)
    assert columns.shape == (2, 2 * WIDTH_BUCKET, 16)
    assert columns.dtype == torch.float32
    assert lengths.dtype == torch.int64
    assert lengths.tolist() == [WIDTH_BUCKET + 1, 3]
    for row, line in zip(columns.numpy(), values, strict=True):
        np.testing.assert_array_equal(row[: len(line)], line)
        assert not row[len(line) :].any()
    exact, _ = pad_columns([np.ones((WIDTH_BUCKET, 2), np.float32)])
    assert exact.shape == (1, WIDTH_BUCKET, 2)
