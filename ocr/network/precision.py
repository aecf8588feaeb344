"""Which arithmetic the large products use.

bfloat16 halves the bytes and, where the processor multiplies it natively, more than halves the
time of convolutions and matrix products; states, sums, normalisation and the loss stay float32.
Elsewhere it would be emulated and slow, so ``auto`` asks the processor.
"""

from __future__ import annotations

import functools

import torch


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """A context for a forward pass. ``precision``: auto, float32 or bfloat16."""
    enabled = product_dtype(device, precision) == torch.bfloat16
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled)


def product_dtype(device: torch.device, precision: str) -> torch.dtype:
    """Of the large products: bfloat16 or float32. ``precision``: as above."""
    native = precision == "auto" and multiplies_bfloat16(device.type)
    return torch.bfloat16 if precision == "bfloat16" or native else torch.float32


@functools.cache
def multiplies_bfloat16(device: str) -> bool:
    """Whether the device has instructions for bfloat16 products."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if not hasattr(torch.cpu, "get_capabilities"):  # an older torch cannot say
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) is True for name in ("avx512_bf16", "amx_bf16", "bf16"))
