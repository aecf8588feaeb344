"""kill -9 at every point of a run, and another run: the very bytes of an undisturbed one.

A forked process kills itself when it is about to sync or to rename for the n-th time, which is
between any two steps that last: the record written or not, a file begun, whole, or in its place.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from namereader import NameReader
from scanfolders import grow, page_of, put, tiff, tree

from ocr.batch.run import transcribe
from ocr.options import BatchOptions
from ocr.types import Outcome

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")

FORMATS = ("txt", "json", "alto")
OPTIONS = BatchOptions(batch_size=2)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """Lines, a TIFF of two pages, a page with its lines, and one that fails."""
    scans = grow(tmp_path / "scans", "a/1.png", "a/2.png", "a/3.png", "bad.png", "p.png")
    put(scans / "p.xml", page_of(scans / "p.png", "line"))
    tiff(scans / "t.tif", 2)
    return scans


def run(scans: Path, out: Path, model: str = "m1") -> list[Outcome]:
    return transcribe(NameReader(model), [scans], out, FORMATS, OPTIONS)


def visible(out: Path) -> dict[str, str]:
    """What stands in a folder, without what a killed process was writing."""
    return {name: text for name, text in tree(out).items() if not Path(name).name.startswith(".")}


def killed(action: Callable[[], object], step: int) -> bool:
    """Do it in a process that dies before its n-th sync or renaming; whether it died."""
    child = os.fork()
    if not child:
        try:
            _die_at(step)
            action()
            os._exit(0)
        finally:  # or it would go on with the tests that follow
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _die_at(step: int) -> None:
    left = [step]

    def dying(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object) -> object:
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return real(*arguments)

        return call

    os.fsync = dying(os.fsync)  # type: ignore[assignment]
    Path.replace = dying(Path.replace)  # type: ignore[assignment, method-assign]


def test_a_run_killed_anywhere_ends_like_an_undisturbed_one(pages: Path, tmp_path: Path) -> None:
    run(pages, tmp_path / "whole")
    expected = tree(tmp_path / "whole")
    assert len(expected) == 6 * len(FORMATS) + 1  # and the list of failures
    step = 0
    while killed(partial(run, pages, tmp_path / str(step)), step):
        out = tmp_path / str(step)
        assert visible(out).items() <= expected.items()  # whole or not there
        assert not any(outcome.kept for outcome in run(pages, out))  # all is known as ours
        assert tree(out) == expected  # and nothing half-written lies about
        assert {outcome.status for outcome in run(pages, out)} == {"skipped", "failed"}
        step += 1
    assert step > 2 * 6 * len(FORMATS)  # every output was synced and renamed once


def test_a_run_killed_again_and_again_comes_to_an_end(pages: Path, tmp_path: Path) -> None:
    run(pages, tmp_path / "whole")
    runs = 0
    while killed(partial(run, pages, tmp_path / "out"), 9):
        runs += 1
    assert runs > 3
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_run_killed_while_it_does_all_again_ends_with_the_new_files(
    pages: Path, tmp_path: Path
) -> None:
    run(pages, tmp_path / "whole", "m2")
    new = tree(tmp_path / "whole")
    out = tmp_path / "out"
    run(pages, out)
    old = tree(out)
    assert killed(partial(run, pages, out, "m2"), 12)
    assert visible(out).keys() == old.keys()
    assert visible(out).items() <= old.items() | new.items()
    assert old != visible(out) != new
    assert not any(outcome.kept for outcome in run(pages, out, "m2"))
    assert tree(out) == new
