"""Several processes that read pages, each with the model and one thread.

A thread of this process stands before each of them, hands it a batch and waits for the answers.
Where a process dies, killed for want of memory or brought down by a library, its pages are read
once more, each alone; one that brings the next process down too has failed.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict
from itertools import islice

from ocr.batch.job import Job
from ocr.batch.messages import receive, receive_made, send
from ocr.batch.model import ModelFile
from ocr.batch.reading import Finished, Made, Task
from ocr.errors import InputError, ModelError, OcrError, UsageError
from ocr.processes import command, environment

COMMAND = command("ocr.batch.worker")
AHEAD = 2  # batches per process that are handed out before they are needed
PATIENCE = 1.0  # s; on Windows Ctrl-C is not noticed while waiting
REFUSALS = {kind.exit_code: kind for kind in (UsageError, InputError, ModelError)}


class _DiedError(Exception):
    """A process ended before it answered."""


class _Worker:
    """One process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            COMMAND,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def load(self, model: ModelFile, task: Task) -> None:
        """Have it load the model. Raises _DiedError, and OcrError if it refuses."""
        try:
            send(self._requests, {"model": model.to_dict(), **asdict(task)})
            ready = receive(self._answers)
        except (OSError, EOFError) as error:
            self.end()
            raise _DiedError from error
        if ready:
            raise REFUSALS.get(ready["code"], OcrError)(ready["error"], ready["hint"])

    def make(self, jobs: Sequence[Job]) -> list[Made]:
        """What becomes of each job. Raises _DiedError."""
        try:
            send(self._requests, [job.to_dict() for job in jobs])
            return [receive_made(self._answers) for _ in jobs]
        except (OSError, EOFError) as error:
            self.end()
            raise _DiedError from error

    def end(self) -> None:
        """Stop the process, whatever it does."""
        self._process.kill()
        self._process.wait()


class Workers:
    """``size`` processes, started when there is work for them and ended with the context."""

    def __init__(self, model: ModelFile, task: Task, size: int) -> None:
        self._model, self._task, self._size = model, task, size
        self._threads = ThreadPoolExecutor(size)
        self._mine = threading.local()
        self._all: set[_Worker] = set()
        self._stopping = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping = True
        for worker in tuple(self._all):
            worker.end()
        self._threads.shutdown(cancel_futures=True)

    def make_all(self, batches: Iterable[Sequence[Job]]) -> Iterator[Finished]:
        """Every batch with what became of its jobs, in the order in which they end. Raises
        OcrError if a process cannot be started."""
        rest = iter(batches)
        waiting: dict[Future[list[Made]], Sequence[Job]] = {}
        while True:
            for batch in islice(rest, AHEAD * self._size - len(waiting)):
                waiting[self._threads.submit(self._make, batch)] = batch
            if not waiting:
                return
            done, _ = wait(waiting, timeout=PATIENCE, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()

    def _make(self, jobs: Sequence[Job]) -> list[Made]:
        try:
            return self._ask(jobs)
        except _DiedError:
            return [self._make_alone(job) for job in jobs]

    def _make_alone(self, job: Job) -> Made:
        try:
            return self._ask([job])[0]
        except _DiedError:
            reason = "the process that read it was killed, twice; is there memory enough?"
            return Made({}, error=f"{job.place}: {reason}")

    def _ask(self, jobs: Sequence[Job]) -> list[Made]:
        """Have this thread's process do the jobs. Raises _DiedError."""
        if self._stopping:
            raise _DiedError
        worker: _Worker | None = getattr(self._mine, "worker", None)
        if worker is None:
            worker = self._start()
        try:
            return worker.make(jobs)
        except _DiedError:
            self._mine.worker = None
            self._all.discard(worker)
            raise

    def _start(self) -> _Worker:
        """A process that has the model; one that is killed before is replaced once."""
        for _ in range(2):
            try:
                worker = _Worker()
            except OSError:  # the system allows no more processes
                break
            self._all.add(worker)
            if self._stopping:  # by now __exit__ may have ended all that it knew
                worker.end()
            with suppress(_DiedError):
                worker.load(self._model, self._task)
                self._mine.worker = worker
                return worker
            self._all.discard(worker)
        raise OcrError("a process for reading could not be started", "try fewer --jobs")
