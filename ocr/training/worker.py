"""A further process of a data-parallel run, with the arguments FOLDER RANK SIZE.

It takes the same steps as the first process, which alone reports, saves and decides to stop.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ocr.errors import OcrError
from ocr.processes import leave_signals_to_the_first
from ocr.training.loop import train
from ocr.training.parallel import Gloo, PartnerGoneError, ready
from ocr.training.run import load_run


def main(folder: str, rank: str, size: str) -> int:
    """Returns the exit code: 0, or 1 if the first process has gone."""
    # It decides at a step's end. When it ends without a word, the exchange fails here.
    leave_signals_to_the_first()
    run = load_run(Path(folder))
    ready(Path(folder), int(rank))
    exchange = Gloo(Path(folder), int(rank), int(size))
    try:
        for _ in train(run, exchange):
            pass
    except PartnerGoneError:
        return 1
    except OcrError as error:  # of this process's share: the first one does not know it
        sys.stderr.write(f"process {int(rank) + 1} of the training: {error}\n")
        return 1
    exchange.close()
    return 0


if __name__ == "__main__":
    code = main(*sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # all is done; gloo's threads can abort a process that takes its time to end
