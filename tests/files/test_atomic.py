"""A file is written whole or not at all, whatever stops the writing."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ocr.errors import OutputError
from ocr.files.atomic import sync_folders, write_atomically


@pytest.mark.parametrize(
    ("content", "expected"), [("Zeile é\n", "Zeile é\n".encode()), (b"\x00\xff\r\n", None)]
)
def test_content_arrives_and_folders_are_made(
    tmp_path: Path, content: bytes | str, expected: bytes | None
) -> None:
    path = tmp_path / "new" / "deep" / "out.txt"
    write_atomically(path, content)
    assert path.read_bytes() == (expected or content)
    write_atomically(path, "second")
    assert path.read_bytes() == b"second"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be opened there")
def test_the_names_in_a_folder_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[int, int]] = []

    def note(number: int) -> None:
        synced.append((os.fstat(number).st_ino, os.fstat(number).st_dev))

    monkeypatch.setattr(os, "fsync", note)
    sync_folders([tmp_path, tmp_path / "gone"])
    assert synced == [(tmp_path.stat().st_ino, tmp_path.stat().st_dev)]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("stop", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_stopped_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, stop: BaseException
) -> None:
    path = tmp_path / "out.txt"
    path.write_bytes(b"old")

    def fail(*arguments: object) -> None:
        raise stop

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    expected = OutputError if isinstance(stop, OSError) else type(stop)
    with pytest.raises(expected) as caught:
        write_atomically(path, b"new")
    if isinstance(caught.value, OutputError):
        assert str(caught.value).startswith(f"{path} cannot be written (No space left on device);")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_content_is_synced_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.txt"
    seen: list[tuple[int, bool]] = []
    monkeypatch.setattr(os, "fsync", lambda fd: seen.append((os.fstat(fd).st_size, path.exists())))
    write_atomically(path, b"12345")
    assert seen == [(5, False)]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    path = tmp_path / "out.txt"
    before = os.umask(umask)
    try:
        write_atomically(path, b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_name_as_long_as_the_file_system_takes(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 125 + ".txt")  # 254 bytes of UTF-8
    write_atomically(path, b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.skipif(os.name == "nt", reason="needs named pipes")
def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, b"x")
    assert os.read(reader, 9) == b"x"
    os.close(reader)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc")
def test_a_link_to_the_redirected_output_stays(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from ocr.files.atomic import write_atomically; "
        "write_atomically(Path('stdout'), b'content'); print('after', flush=True)"
    )
    (tmp_path / "stdout").symlink_to("/proc/self/fd/1")
    with (tmp_path / "file").open("wb") as file:
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, stdout=file, check=True)
    assert (tmp_path / "stdout").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"contentafter\n"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    file, folder = tmp_path / "file", tmp_path / "folder"
    file.write_bytes(b"kept")
    (folder / "inner").mkdir(parents=True)
    for place in (file / "below.txt", folder):
        with pytest.raises(OutputError, match=r"cannot be written \(.+\); choose another place"):
            write_atomically(place, b"x")
    assert file.read_bytes() == b"kept"
    assert sorted(tmp_path.rglob("*")) == [file, folder, folder / "inner"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Permission denied"):
        write_atomically(tmp_path / "out.txt", b"x")
