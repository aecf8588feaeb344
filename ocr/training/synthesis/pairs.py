"""Rendered lines -> a folder of pairs x.png + x.gt.txt, which a rerun completes.

synthesis.json              the key of the material; a folder holds the lines of one run
000000.png, 000000.gt.txt   line 0; a line is there when its text is, which is written last
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np

from ocr.errors import InputError, OcrError, OutputError, UsageError
from ocr.files.atomic import remove_leftovers, write_atomically
from ocr.files.lock import locked
from ocr.files.names import TEXT_SUFFIX, passed_over, printable
from ocr.processes import command, environment
from ocr.training.synthesis.camera import Grey
from ocr.training.synthesis.material import Material
from ocr.training.synthesis.synthesize import Synthesizer

MANIFEST = "synthesis.json"
LOCK = ".lock"
REFUSED = "!"  # begins the row of a process that could not go on: its exit code and why
COMPRESSION = 4  # zlib level of the PNGs: noise hardly shrinks further
LEAST = 200  # lines: before it has made so many, a further process has cost more than it brought


def write_pairs(material: Material, folder: Path, lines: int, processes: int = 1) -> Iterator[int]:
    """Make lines 0 to ``lines`` - 1 in ``folder``, but those that are there; yields the number
    of each line as it is made, by several processes in any order.

    Raises UsageError if the folder holds anything but lines of the same material, InputError
    for fonts and texts that cannot be used, OutputError if the folder cannot be written, OcrError
    if another process ends before its lines are made.
    """
    key = material.key()
    _check_key(folder, key)
    if not missing(folder, range(lines)):
        return
    synthesizer = material.synthesizer()
    with _held(folder):
        if not _check_key(folder, key):  # another may have come first
            manifest = json.dumps({"key": key, "seed": material.seed})
            write_atomically(folder / MANIFEST, manifest + "\n")
        numbers = missing(folder, range(lines))
        size = min(processes, len(numbers) // LEAST)
        if size > 1:
            yield from _by_processes(material, folder, lines, size)
        else:
            yield from write_lines(synthesizer, folder, numbers)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep all other runs out of the folder, which is made. Raises UsageError while another has
    it, OutputError if it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{printable(folder)} cannot be made ({error.strerror})") from error
    with locked(folder / LOCK) as mine:
        if not mine:
            raise UsageError(
                f"another run is writing into {printable(folder)}",
                "let it end, or choose another -o",
            )
        remove_leftovers([folder / MANIFEST])
        yield


def missing(folder: Path, numbers: Iterable[int]) -> list[int]:
    """Those of the numbers whose line is not in the folder."""
    return [number for number in numbers if not _text_file(folder, number).is_file()]


def write_lines(synthesizer: Synthesizer, folder: Path, numbers: Sequence[int]) -> Iterator[int]:
    """Make these lines, whatever is there; yields the number of each. Raises OutputError."""
    for number in numbers:
        line = synthesizer.line(number)
        text = _text_file(folder, number)
        write_atomically(text.with_name(f"{number:06}.png"), encoded(line.image))
        write_atomically(text, line.text + "\n")
        yield number


def _by_processes(material: Material, folder: Path, lines: int, size: int) -> Iterator[int]:
    """``write_lines`` by ``size`` processes (worker.py), each of every ``size``-th line, which
    share one pipe for the numbers."""
    task = {"material": material.as_dict(), "folder": str(folder), "lines": lines}
    reading, writing = os.pipe()
    workers = [
        subprocess.Popen(
            command("ocr.training.synthesis.worker", str(rank), str(size)),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=writing,
        )
        for rank in range(size)
    ]
    os.close(writing)
    try:
        for worker in workers:  # no argument: the names of many files would be too long for one
            _tell(worker, json.dumps(task).encode("ascii"))
        with os.fdopen(reading) as made:  # where this is closed early, they end with their line
            for row in made:
                if row.startswith(REFUSED):
                    raise _refusal(row)
                yield int(row)
    finally:
        codes = [worker.wait() for worker in workers]
    if any(codes):
        raise OcrError("a process that renders lines has ended", "the same command goes on")


def _tell(worker: subprocess.Popen[bytes], task: bytes) -> None:
    """Write the task to its standard input; one that has ended already is found out about later."""
    assert worker.stdin is not None
    with suppress(BrokenPipeError), worker.stdin:
        worker.stdin.write(task)


def _refusal(row: str) -> OcrError:
    """What a process says that could not go on."""
    code, message = row.removeprefix(REFUSED).split(" ", 1)
    kinds = {kind.exit_code: kind for kind in (UsageError, InputError, OutputError)}
    return kinds.get(int(code), OcrError)(message.strip())


def encoded(image: Grey) -> bytes:
    """A PNG, with one bit per pixel where black and white are all there is."""
    settings = [cv2.IMWRITE_PNG_COMPRESSION, COMPRESSION]
    if np.isin(image, (0, 255)).all():
        settings += [cv2.IMWRITE_PNG_BILEVEL, 1]
    done, data = cv2.imencode(".png", image, settings)
    if not done:
        raise OutputError(f"an image {image.shape} cannot be written as PNG")
    return data.tobytes()


def _text_file(folder: Path, number: int) -> Path:
    return folder / f"{number:06}{TEXT_SUFFIX}"


def _check_key(folder: Path, key: str) -> bool:
    """Whether there are lines of the material with this key; False where there is nothing. Raises
    UsageError for anything else."""
    known = _known_key(folder)
    if known not in (None, key):
        raise UsageError(
            f"{printable(folder)} holds lines of other fonts, texts, options, of another seed "
            "or another version of this program",
            "choose another -o, or repeat those",
        )
    return known is not None


def _known_key(folder: Path) -> str | None:
    """The key of the run in the folder, None if the folder is new or empty. Raises UsageError
    for a folder of other things."""
    manifest = folder / MANIFEST
    try:
        if not manifest.is_file():
            if folder.exists() and not all(passed_over(path.name) for path in folder.iterdir()):
                raise UsageError(
                    f"{printable(folder)} holds other files", "choose another -o, or an empty one"
                )
            return None
        return str(json.loads(manifest.read_text(encoding="utf-8"))["key"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise UsageError(
            f"{printable(folder)} holds no rendered lines ({error})", "choose another -o"
        ) from error
