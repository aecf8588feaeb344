"""What the user names: files, folders, patterns, and names that no file can have."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ocr.errors import InputError, UsageError
from ocr.files.sources import expand, is_there

LONG = "a" * 300


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which nothing can be looked at, also by a superuser."""
    folder, stat = tmp_path / "locked", Path.stat
    folder.mkdir()
    (folder / "x.png").write_bytes(b"?")

    def refuse(self: Path, **options: Any) -> os.stat_result:
        if folder in self.parents:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return stat(self, **options)

    monkeypatch.setattr(Path, "stat", refuse)
    return folder


def test_a_path_stands_for_itself_and_a_pattern_for_what_it_matches(tmp_path: Path) -> None:
    for name in ("a*.png", "ab.png", ".ac.png"):
        (tmp_path / name).touch()
    assert expand(str(tmp_path)) == (tmp_path, [tmp_path])
    assert expand(str(tmp_path / "a*.png")) == (tmp_path, [tmp_path / "a*.png"])
    assert expand(str(tmp_path / "*b.png")) == (tmp_path, [tmp_path / "ab.png"])


@pytest.mark.parametrize("name", [LONG, f"{LONG}/x.png", "x\0y", "file/x.png", "loop"])
def test_a_name_that_no_file_can_have_does_not_exist(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    assert not is_there(tmp_path / name)
    with pytest.raises(UsageError, match="does not exist; check the path"):
        expand(str(tmp_path / name))


@pytest.mark.parametrize("pattern", [f"{LONG}*", f"*/{LONG}", f"{LONG}/*.png"])
def test_a_pattern_that_is_too_long_matches_nothing(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="matches no file"):
        expand(str(tmp_path / pattern))


@pytest.mark.parametrize("name", ["x.png", "absent.png", "inner/*.png"])
def test_a_folder_that_is_locked_is_not_called_absent(locked: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be read: Permission denied; change its perm"):
        expand(str(locked / name))
