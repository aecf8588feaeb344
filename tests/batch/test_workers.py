"""Several processes: what they read, and what happens when one of them dies.

They run ``namereader.py``, which is the real worker with a reader that needs no model.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import namereader
import pytest
from namereader import NameReader
from scanfolders import grow, page_of, put

from ocr.batch import workers
from ocr.batch.job import Job
from ocr.batch.model import ModelFile, settings_of
from ocr.batch.reading import Made, Task, make
from ocr.batch.workers import Workers
from ocr.errors import InputError, ModelError, OcrError
from ocr.files.lock import locked
from ocr.options import DecodingOptions

ROOT = Path(__file__).resolve().parents[2]
TASK = Task(("txt", "json"), "auto")
GREEDY = DecodingOptions()


def model_of(name: str, loaded: str) -> ModelFile:
    """A model file, and the id of what is loaded from it."""
    return ModelFile(Path(name), GREEDY, settings_of(loaded, GREEDY))


MODEL = model_of("m1", "m1")
DEADLINE = 60.0  # s; never reached unless something is wrong

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the processes here need signals")


@pytest.fixture(autouse=True)
def _name_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, namereader.__file__))


def jobs_of(folder: Path, *names: str) -> list[Job]:
    grow(folder, *names)
    return [Job(Path(name).stem, folder / name) for name in names]


def made_by(pool: Workers, *batches: list[Job]) -> dict[str, Made]:
    return {
        job.name: made
        for jobs, results in pool.make_all(batches)
        for job, made in zip(jobs, results, strict=True)
    }


def untimed(made: Made) -> tuple[object, ...]:
    return made.contents, made.problems, made.error


def test_processes_make_what_one_process_makes(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, "1.png", "2.png", "bad.png", "trap.png", "noisy.png", "p.png")
    page = put(tmp_path / "p.xml", page_of(tmp_path / "p.png", "good", "flat"))
    head, points, rest = page.read_text("utf-8").rpartition("9,9 1,9")
    page.write_text(head + points.replace("9,9 1,9", "5,1") + rest, encoding="utf-8")
    batches = [jobs[:3], jobs[3:5], [Job("p", page, 0, tmp_path / "p.png")]]
    with Workers(MODEL, TASK, 2) as pool:
        found = made_by(pool, *batches)
    assert len(found) == 6
    for batch in batches:
        for job, expected in zip(batch, make(NameReader("m1"), batch, TASK), strict=True):
            assert untimed(found[job.name]) == untimed(expected)
    assert found["bad"].error
    assert found["p"].problems


def test_who_kills_its_process_fails_and_nobody_else(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, "1.png", "killer.png", "2.png", "3.png")
    with Workers(MODEL, TASK, 1) as pool:
        found = made_by(pool, jobs[:3], jobs[3:])
    assert {name for name, made in found.items() if made.error} == {"killer"}
    assert found["killer"].error.startswith(f"{tmp_path}/killer.png: the process that read it was")
    assert {made.contents["txt"] for made in found.values() if not made.error} == {
        b"1\n", b"2\n", b"3\n"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model", "error", "reason"),
    [
        (model_of("refused", "x"), ModelError, "it is no model; train one"),
        (model_of("wordless", "x"), InputError, "its lexicon is empty; write one"),
        (model_of("m2", "m1"), ModelError, "m2 or what it is used with has changed since"),
    ],
)
def test_a_model_that_cannot_be_used_ends_the_batch(
    tmp_path: Path, model: ModelFile, error: type[OcrError], reason: str
) -> None:
    with Workers(model, TASK, 2) as pool, pytest.raises(error, match=reason):
        made_by(pool, jobs_of(tmp_path, "1.png"))


def test_a_process_that_is_killed_while_it_loads_is_replaced(tmp_path: Path) -> None:
    model = ModelFile(tmp_path / "heavy", GREEDY, settings_of("heavy", GREEDY))
    with Workers(model, TASK, 1) as pool:
        found = made_by(pool, jobs_of(tmp_path, "1.png"))
    assert found["1"].contents["txt"] == b"1\n"


def test_a_process_that_does_not_start_ends_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    with Workers(MODEL, TASK, 2) as pool, pytest.raises(OcrError, match="could not be started"):
        made_by(pool, jobs_of(tmp_path, "1.png"))


def test_where_no_process_may_start_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: object, **options: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(workers.subprocess, "Popen", refused)
    with Workers(MODEL, TASK, 1) as pool, pytest.raises(OcrError, match="could not be started"):
        made_by(pool, jobs_of(tmp_path, "1.png"))


def test_batches_are_taken_as_they_are_needed(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, "1.png")
    taken = count()
    batches = ([jobs[0]] for _ in taken)  # without end
    with Workers(MODEL, TASK, 1) as pool, closing(pool.make_all(batches)) as coming:
        for _ in range(5):
            next(coming)
    assert next(taken) < 10


def wait_for(lock: Path, held: bool) -> None:
    """Until someone holds the lock, or nobody."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with locked(lock) as free:
            if free is not held:
                return
        time.sleep(0.02)
    pytest.fail(f"{lock} is still {'free' if held else 'held'}")


def test_leaving_ends_the_processes_in_the_middle_of_a_page(tmp_path: Path) -> None:
    jobs = jobs_of(tmp_path, "1.png", "stuck.png")
    with Workers(MODEL, TASK, 2) as pool, closing(pool.make_all([[job] for job in jobs])) as coming:
        assert next(coming)[0] == [jobs[0]]
        wait_for(tmp_path / "stuck.lock", held=True)
    wait_for(tmp_path / "stuck.lock", held=False)


PARENT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored around here
from pathlib import Path
from ocr.batch import workers
from ocr.batch.job import Job
from ocr.batch.model import ModelFile, settings_of
from ocr.batch.reading import Task
from ocr.options import DecodingOptions as Options
workers.COMMAND = (sys.executable, sys.argv[1])
jobs = [[Job("x", Path(name))] for name in sys.argv[2:]]
model = ModelFile(Path("m1"), Options(), settings_of("m1", Options()))
with workers.Workers(model, Task(("txt",), "auto"), 2) as pool:
    list(pool.make_all(jobs))
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose two workers are in the middle of a page each."""
    pages = [str(grow(tmp_path / name, "stuck.png") / "stuck.png") for name in ("a", "b")]
    command = [sys.executable, "-c", PARENT, namereader.__file__, *pages]
    with subprocess.Popen(command, cwd=ROOT) as process:
        for name in ("a", "b"):
            wait_for(tmp_path / name / "stuck.lock", held=True)
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_processes_die_with_the_one_that_started_them(
    parent: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    parent.send_signal(number)
    parent.wait(DEADLINE)
    for name in ("a", "b"):
        wait_for(tmp_path / name / "stuck.lock", held=False)
