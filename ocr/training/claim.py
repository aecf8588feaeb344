"""Whose the folder of a run is: nobody's work is lost in it, and one training at a time has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from ocr.errors import OutputError, UsageError
from ocr.files.atomic import remove_leftovers
from ocr.files.lock import locked
from ocr.training.run import (
    CHECKPOINT,
    CURVE,
    INDEX,
    LOG,
    MEETING,
    PIXELS,
    PROBLEMS,
    RUN,
    START,
    run_folder,
)

LOCK = ".lock"
# Made again at every start, or used if they fit.
PREPARED = (PIXELS, INDEX, PROBLEMS, START)
TRAINED = (RUN, CHECKPOINT, LOG, CURVE, MEETING)


def check_free(output: Path, overwrite: bool = False, advice: str = "") -> None:
    """Raise UsageError if a new run that writes ``output`` would lose anything, unless told to
    ``overwrite``, or if its folder holds files of another kind. Changes nothing. ``advice``: what
    to do then, in the words of another command than ocr train."""
    folder = run_folder(output)
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    foreign = sorted(n for n in names - {*PREPARED, *TRAINED} if not n.startswith("."))
    if foreign or (folder.exists() and not folder.is_dir()):
        raise UsageError(
            f"{folder} is not the folder of a training", "choose another -o, or move it away"
        )
    if output.is_dir():
        raise UsageError(f"{output} is a folder", "give the name of a model file with -o")
    if not overwrite and (names & set(TRAINED) or output.exists()):
        resume = f"go on with: ocr train -o {quote(str(output))} --resume, "
        going_on = resume if RUN in names else ""
        raise UsageError(
            f"{output if output.exists() else folder} exists already",
            advice or f"{going_on}begin anew with --overwrite, or choose another -o",
        )


def clear(output: Path, overwrite: bool = False) -> None:
    """Remove the state of an earlier run that wrote ``output``. Raises as ``check_free``."""
    check_free(output, overwrite)
    for name in TRAINED:
        (run_folder(output) / name).unlink(missing_ok=True)


@contextmanager
def claimed(output: Path, overwrite: bool = False, advice: str = "") -> Iterator[None]:
    """Hold the folder of a new run that writes ``output``, an earlier run's state removed.

    The model of that run stays until the new one has something to put in its place. Raises as
    ``check_free`` and ``held`` do.
    """
    check_free(output, overwrite, advice)
    folder = run_folder(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror})") from error
    with held(output):
        clear(output, overwrite)  # another may have come first
        yield


@contextmanager
def held(output: Path) -> Iterator[None]:
    """Keep all other trainings out of the folder of the run that writes ``output``. Raises
    UsageError while another has it, OutputError if it cannot be written."""
    folder = run_folder(output)
    with locked(folder / LOCK) as mine:
        if not mine:
            raise UsageError(
                f"another training is running in {folder}", "let it end, or choose another -o"
            )
        remove_leftovers([output, *(folder / name for name in (*PREPARED, *TRAINED))])
        yield
