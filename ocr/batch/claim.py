"""Who may write into an output folder: one run, or one for each shard of the same number.

A run holds the lock of its shard. Runs whose shards do not divide the work (2/4 beside 2/3, or
beside a whole run) exclude each other: who starts looks for locks of another number. A further
lock, held only for that moment, makes looking and taking one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ocr.batch.ledger import FOLDER, SUFFIX, Ledger
from ocr.errors import OutputError
from ocr.files.lock import locked
from ocr.files.names import printable

LOCK, GATE = ".lock", "gate"


@contextmanager
def claimed(out: Path, index: int, count: int) -> Iterator[Ledger]:
    """Hold shard ``index`` of ``count`` of the folder ``out``, which is made, and its ledger.

    Raises OutputError if another run holds it, or a part of it.
    """
    folder = out / FOLDER
    mine = folder / f"{index}-of-{count}"
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / GATE, wait=True):
                _check_free(folder, count, out)
                if not stack.enter_context(locked(mine.with_name(mine.name + LOCK))):
                    raise _refusal(out)
            path = mine.with_name(mine.name + SUFFIX)
            path.touch()
            ledger = Ledger(stack.enter_context(path.open("r+b", buffering=0)))
        except OSError as error:
            raise OutputError(
                f"{printable(folder)} cannot be written ({error.strerror or error})",
                "choose another -o",
            ) from error
        yield ledger


def _check_free(folder: Path, count: int, out: Path) -> None:
    """No run with shards of another number is at work."""
    for path in folder.glob(f"*-of-*{LOCK}"):
        if not path.name.endswith(f"-of-{count}{LOCK}"):
            with locked(path) as free:
                if not free:
                    raise _refusal(out)


def _refusal(out: Path) -> OutputError:
    return OutputError(
        f"another run is writing into {printable(out)}",
        "wait for its end, or divide the work: --shard 1/2 here and 2/2 there",
    )
