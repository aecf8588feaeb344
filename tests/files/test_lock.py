"""A lock is one's own, waits if told to, and goes with its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ocr.errors import OutputError
from ocr.files.lock import locked

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from ocr.files.lock import locked
with locked(Path(sys.argv[1])) as held:
    print(held, flush=True)
    time.sleep(1000)
"""


def test_one_holds_it_until_it_is_released(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path) as first:
        with locked(path) as second:
            assert (first, second) == (True, False)
        with locked(path) as third:  # who did not have it did not release it
            assert not third
    with locked(path) as again, locked(tmp_path / "other") as other:
        assert again
        assert other


def test_it_is_released_when_something_goes_wrong(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mine"), locked(tmp_path / "lock"):
        raise OSError("mine")
    with locked(tmp_path / "lock") as held:
        assert held


def test_it_goes_with_a_process_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with locked(path) as held:
            assert not held
        holder.kill()
        holder.wait()
        with locked(path) as held:
            assert held


def test_a_place_without_files_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "gone" / "lock"):
        with (
            pytest.raises(OutputError, match=r"cannot be locked \(.+\); choose another place"),
            locked(place),
        ):
            pass
