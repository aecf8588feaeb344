"""Every error the program raises on purpose, and the exit code each one means.

    OcrError                     1   what is none of the following
    +-- UsageError               2   the command or an option is wrong
    |   +-- MissingExtraError    2   an optional library is not installed
    +-- PartialFailure           3   some inputs failed, the others are done
    +-- InputError               4   nothing usable in the input
    |   +-- ImageError           4   one image cannot be used
    |   +-- LabelError           4   one transcription cannot be used
    |   +-- PageFileError        4   one file of a page (PAGE, ALTO, ...) cannot be used
    +-- ModelError               5   a model file is refused
    |   +-- ForeignModelError    5   not a model of ours (a pickle, a picture, ...)
    |   +-- DamagedModelError    5   ours, but truncated or altered
    |   +-- NewerModelError      5   written by a later version than this one
    +-- OutputError              6   an output cannot be written
    +-- Interrupted            130   stopped by Ctrl-C; 143 by SIGTERM, 129 by SIGHUP

A message is one line that says what is wrong and what to do. The first argument is that
line; ``hint`` is the thing to do, where it is worth a separate sentence.
"""

from __future__ import annotations

import shlex
import sys


class OcrError(Exception):
    """Root of the tree. ``exit_code`` is the process's exit code if nothing catches it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class UsageError(OcrError):
    exit_code = 2


class MissingExtraError(UsageError):
    """An optional library is absent; the message says how to install it."""

    def __init__(self, library: str) -> None:
        python = shlex.quote(sys.executable)
        super().__init__(
            f"{library} is not installed", f"install it: {python} -m pip install {library}"
        )


class PartialFailure(OcrError):
    exit_code = 3


class InputError(OcrError):
    exit_code = 4


class ImageError(InputError):
    pass


class LabelError(InputError):
    pass


class PageFileError(InputError):
    pass


class ModelError(OcrError):
    exit_code = 5


class ForeignModelError(ModelError):
    pass


class DamagedModelError(ModelError):
    pass


class NewerModelError(ModelError):
    pass


class OutputError(OcrError):
    exit_code = 6


class Interrupted(OcrError):
    """Stopped from outside. ``signal_number`` 2 (Ctrl-C) or 15 (SIGTERM)."""

    def __init__(self, message: str, signal_number: int = 2) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number
