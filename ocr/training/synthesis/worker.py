"""A process that renders some lines of a folder; pairs.py tells it on standard input which.

It writes the number of every line that it has made, a row each, and ends when nobody reads them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import cv2

from ocr.errors import OcrError
from ocr.training.synthesis.material import Material
from ocr.training.synthesis.pairs import write_lines


def main() -> int:
    """Returns the exit code: 0, or 1 if lines could not be written."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal tells all; the first one decides
    cv2.setNumThreads(1)
    task = json.load(sys.stdin)
    material = Material.from_dict(task["material"])
    try:
        for number in write_lines(material.synthesizer(), Path(task["folder"]), task["numbers"]):
            os.write(sys.stdout.fileno(), b"%d\n" % number)
    except BrokenPipeError:
        pass
    except OcrError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
