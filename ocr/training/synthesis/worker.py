"""A process that renders every so many-th line of a folder, with the arguments RANK SIZE, of the
task that its standard input holds (see pairs.py).

It writes the number of every line that it has made, a row each, and ends when nobody reads them;
where it cannot go on, a row with its exit code and why.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from ocr.errors import OcrError
from ocr.processes import leave_signals_to_the_first

LONGEST = 500  # bytes of a row: a pipe that several write to keeps such together (PIPE_BUF)


def main(rank: str, size: str) -> int:
    """Returns the exit code."""
    leave_signals_to_the_first()  # before the slow imports
    import cv2

    from ocr.training.synthesis.material import Material
    from ocr.training.synthesis.pairs import REFUSED, missing, write_lines

    cv2.setNumThreads(1)
    told = json.load(sys.stdin)
    folder, synthesizer = Path(told["folder"]), Material.from_dict(told["material"]).synthesizer()
    numbers = missing(folder, range(int(rank), told["lines"], int(size)))
    try:
        for number in write_lines(synthesizer, folder, numbers):
            os.write(sys.stdout.fileno(), b"%d\n" % number)
    except BrokenPipeError:
        pass
    except OcrError as error:
        why = f"{REFUSED}{error.exit_code} {error}".encode("utf-8", "replace")[:LONGEST]
        with suppress(BrokenPipeError):
            os.write(sys.stdout.fileno(), why + b"\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
