"""Which arithmetic is chosen, and that bfloat16 stays out of the sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import nn

from ocr.network.precision import autocast, multiplies_bfloat16

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def fresh_answer() -> Iterator[None]:
    """The processor is asked once; here it changes from test to test."""
    multiplies_bfloat16.cache_clear()
    yield
    multiplies_bfloat16.cache_clear()


def pretend(monkeypatch: pytest.MonkeyPatch, capabilities: Mapping[str, object]) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)


def product_type(precision: str) -> torch.dtype:
    with autocast(CPU, precision):
        return nn.Linear(2, 2)(torch.ones(1, 2)).dtype


@pytest.mark.parametrize(
    ("capabilities", "native"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"architecture": "aarch64", "bf16": True}, True),
        ({"avx512_bf16": False, "amx_bf16": False, "avx2": True}, False),
        ({"cpu_name": "bf16"}, False),
    ],
)
def test_auto_asks_the_processor(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, object], native: bool
) -> None:
    pretend(monkeypatch, capabilities)
    assert multiplies_bfloat16("cpu") is native
    assert product_type("auto") is (torch.bfloat16 if native else torch.float32)


@pytest.mark.parametrize("native", [True, False])
def test_a_named_precision_is_obeyed(monkeypatch: pytest.MonkeyPatch, native: bool) -> None:
    pretend(monkeypatch, {"avx512_bf16": native})
    assert product_type("bfloat16") is torch.bfloat16
    assert product_type("float32") is torch.float32


def test_a_torch_that_cannot_say_gets_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert multiplies_bfloat16("cpu") is False
