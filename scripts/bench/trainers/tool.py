"""What trainers that run a command line tool share; see from_nothing.py for their contract.

The tools run in folders of their own, and what they print goes to the standard error.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

GRACE = 60.0  # s that a tool has to end in once it was interrupted, as it writes its last state


def run(command: Sequence[str | Path], deadline: float | None = None) -> None:
    """Run a tool to its end, or interrupt it as Ctrl-C would at ``deadline`` of time.monotonic().

    Its other processes end with it. Raises CalledProcessError if it fails by itself.
    """
    process = subprocess.Popen(
        command, stdout=sys.stderr, start_new_session=True, preexec_fn=_hear_interrupts
    )
    try:
        if process.wait(None if deadline is None else max(0.0, deadline - time.monotonic())):
            raise subprocess.CalledProcessError(process.returncode, process.args)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _hear_interrupts() -> None:
    """Also where the bench runs in the background, which is not to hear them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def program(name: str) -> Path:
    """A program that was installed beside this Python."""
    return Path(sys.executable).with_name(name)


def tell(images: Sequence[Path], texts: Sequence[Path]) -> None:
    """Print image<TAB>text for every image, from the files of their texts."""
    for image, text in zip(images, texts, strict=True):
        print(image.name, " ".join(text.read_text(encoding="utf-8").split()), sep="\t")
