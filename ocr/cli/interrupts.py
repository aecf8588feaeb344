"""Ctrl-C, SIGTERM and a closed terminal as a request that a training grants at the end of its
step."""

from __future__ import annotations

import signal
from contextlib import suppress
from types import FrameType
from typing import Any

from ocr.cli.failures import Terminated, say

SIGNALS = [signal.SIGINT, signal.SIGTERM]
if hasattr(signal, "SIGHUP"):  # not on Windows
    SIGNALS.append(signal.SIGHUP)


class StopRequest:
    """While entered, the first signal only sets ``number``; a second one ends at once."""

    def __init__(self) -> None:
        self.number = 0
        self._before: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return self.number != 0

    def __enter__(self) -> StopRequest:
        # What is ignored stays so: a terminal that closes is no matter to what nohup runs.
        heard = [n for n in SIGNALS if signal.getsignal(n) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._ask) for number in heard}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.number:
            raise KeyboardInterrupt if number == signal.SIGINT else Terminated
        self.number = number
        with suppress(OSError):  # who read it may have been stopped by the same key
            say("\nstopping after this step; again to stop at once", "yellow")
