"""A process that reads pages for another.

It loads the model once, then answers on standard output what comes on standard input (see
``ocr.batch.messages``). It writes no file: when the process that started it is killed, nothing
of it is left to disturb the next run.
"""

from __future__ import annotations

import os
import signal
import sys
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any


def main() -> None:
    """Serve until the other side ends."""
    # Ctrl-C goes to all processes, and the first decides. Asked for before the slow imports.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints would be taken for an answer
    try:
        _serve(requests, answers)
    except OSError:  # nobody reads the answer
        os._exit(1)
    os._exit(0)  # the listening thread cannot be ended otherwise


def _listen(stream: IO[bytes], requests: SimpleQueue[Any]) -> None:
    """Pass requests on, and end the process with those who ask, even in the middle of a page."""
    from ocr.batch.messages import receive

    try:
        while True:
            requests.put(receive(stream))
    except EOFError:
        os._exit(0)


def _serve(requests: SimpleQueue[Any], answers: IO[bytes]) -> None:
    import cv2

    from ocr.batch.job import Job
    from ocr.batch.messages import send, send_made
    from ocr.batch.model import ModelFile
    from ocr.batch.reading import Task, make
    from ocr.errors import OcrError

    cv2.setNumThreads(1)
    start = requests.get()
    task = Task(tuple(start["kinds"]), start["input"])
    try:
        recognizer = ModelFile.from_dict(start["model"]).load()
    except OcrError as error:
        send(answers, {"error": error.message, "hint": error.hint, "code": error.exit_code})
        return
    send(answers, {})
    while True:
        jobs = [Job.from_dict(values) for values in requests.get()]
        for made in make(recognizer, jobs, task):
            send_made(answers, made)


if __name__ == "__main__":
    main()
