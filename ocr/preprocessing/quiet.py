"""Warnings kept silent, from any number of threads."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from threading import Lock


class Quiet:
    """No warning is shown while anybody is inside.

    The filters of warnings are the whole process's, and ``warnings.catch_warnings`` puts back
    those that it found: of two that overlap in time, the later to leave those of the other. So
    the first who enters changes them, and the last who leaves puts them back.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._changed = Lock(), 0, ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._changed.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._changed.close()


QUIET = Quiet()  # one for all threads
