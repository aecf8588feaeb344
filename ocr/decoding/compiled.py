"""Machine code for the inner loops where numba is installed, plain Python otherwise.

Both run the same source, so their results are the same; only the time differs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Decorator. The machine code is kept on disk if there is a place for it, and else is made
    anew at every start."""
    try:
        from numba import njit
    except ImportError:
        return function
    try:
        faster: Function = njit(cache=True)(function)
    except RuntimeError:  # neither the package nor the home folder can be written
        faster = njit(function)
    return faster
