"""The convolutional front end: shapes, frame counts, and lines that do not see their company."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from ocr.network.convolution import (
    POOLS,
    ConvolutionalFrontEnd,
    column_mask,
    frame_lengths,
    max_pool,
    pad_to_multiples,
)
from ocr.preprocessing.columns import frame_count

CHANNELS = (3, 4, 5, 6)


def front_end(height: int = 32, residuals: int = 0) -> ConvolutionalFrontEnd:
    """In evaluation mode, with statistics and biases as if it had been trained: a bias turns
    the padding's zeros into something, which is what the masks are for."""
    torch.manual_seed(0)
    module = ConvolutionalFrontEnd(height, CHANNELS, residuals, dropout=0.5)
    for norm in module.modules():
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        nn.init.normal_(norm.weight)
        nn.init.uniform_(norm.bias, 0.5, 1.5)
        nn.init.normal_(norm.running_mean, std=0.2)
        nn.init.uniform_(norm.running_var, 0.5, 2.0)
    return module.eval()


def line(width: int, height: int = 32, seed: int = 1) -> Tensor:
    """(1, T, H) random ink."""
    return torch.rand(1, width, height, generator=torch.Generator().manual_seed(seed))


def plainly(module: ConvolutionalFrontEnd, columns: Tensor) -> Tensor:
    """One whole line (1, T, H) through the four blocks, without a mask."""
    image = columns.transpose(1, 2)[None]
    image = functional.pad(image, (0, -image.shape[3] % 4, 0, -image.shape[2] % 16))
    for index, pool in enumerate(((2, 2), (2, 2), (2, 1), (2, 1))):
        image = functional.max_pool2d(module.convolutions[index](image), pool)
        image = functional.relu(module.norms[index](image))
        for residual in module.residuals[index]:
            image = functional.relu(image + residual.norm(residual.convolution(image)))
    return image[0].permute(2, 1, 0).reshape(image.shape[3], 1, -1)  # (T', 1, H' C)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_pool_is_the_same_with_and_without_a_way_back(
    pool: tuple[int, int], dtype: torch.dtype
) -> None:
    image = torch.randn(2, 3, 8, 12).to(dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        quick = max_pool(image, pool)
    assert torch.equal(quick, max_pool(image, pool))
    assert torch.equal(quick, functional.max_pool2d(image, pool))
    assert quick.is_contiguous(memory_format=torch.channels_last)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=5))
def test_frame_lengths_count_as_the_columns_room_does(lengths: list[int]) -> None:
    frames = frame_lengths(torch.tensor(lengths))
    assert frames.dtype == torch.int64
    assert frames.tolist() == [frame_count(length) for length in lengths]


@pytest.mark.parametrize(("height", "rows"), [(16, 1), (32, 2), (40, 3), (48, 3)])
@pytest.mark.parametrize("width", [1, 16, 21])
@pytest.mark.parametrize("residuals", [0, 2])
def test_shapes_and_values_equal_the_plain_stack(
    height: int, rows: int, width: int, residuals: int
) -> None:
    module = front_end(height, residuals)
    assert [len(further) for further in module.residuals] == [0, residuals, residuals, residuals]
    assert module.features == CHANNELS[-1] * rows
    columns = line(width, height)
    frames = module(columns, torch.tensor([width]))
    assert frames.shape == (frame_count(width), 1, module.features)
    torch.testing.assert_close(frames, plainly(module, columns), atol=1e-5, rtol=0)


@pytest.mark.parametrize("residuals", [0, 2])
def test_a_line_reads_the_same_alone_and_in_company(residuals: int) -> None:
    module, widths = front_end(residuals=residuals), [1, 5, 8, 23, 64]
    lines = [line(width, seed=width) for width in widths]
    company = torch.cat([functional.pad(x, (0, 0, 0, 72 - x.shape[1])) for x in lines])
    together = module(company, torch.tensor(widths))
    for n, (width, columns) in enumerate(zip(widths, lines, strict=True)):
        alone = module(columns, torch.tensor([width]))
        torch.testing.assert_close(together[: len(alone), n], alone[:, 0], atol=1e-5, rtol=0)
        assert not together[len(alone) :, n].any()


def test_padding_adds_paper_below_and_right_only_where_needed() -> None:
    image = torch.ones(1, 1, 33, 6)
    padded = pad_to_multiples(image)
    assert padded.shape == (1, 1, 48, 8)
    assert torch.equal(padded[:, :, :33, :6], image)
    assert padded.sum() == image.sum()
    assert pad_to_multiples(padded) is padded


def test_mask_keeps_the_whole_of_a_lines_last_frame() -> None:
    lengths = torch.tensor([4, 5, 8])
    assert column_mask(lengths, 6, 2)[:, 0, 0].int().tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0],
    ]
