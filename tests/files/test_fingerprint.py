"""Whether a file is the one it was."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ocr.files import fingerprint
from ocr.files.fingerprint import CHUNK, Fingerprints, digest


@pytest.mark.parametrize("size", [0, 1, CHUNK, CHUNK + 1])
def test_the_digest_is_sha256(tmp_path: Path, size: int) -> None:
    data = b"\xab" * size
    (tmp_path / "x").write_bytes(data)
    assert digest(tmp_path / "x") == hashlib.sha256(data).hexdigest()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_file_has_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("gone", ".", "pipe"):
        assert digest(tmp_path / name) is None
        assert name == "." or Fingerprints().of(tmp_path / name) is None


def test_a_file_is_hashed_once_while_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, hashed = tmp_path / "x", []

    def counting(path: Path) -> str | None:
        hashed.append(path)
        return digest(path)

    monkeypatch.setattr(fingerprint, "digest", counting)
    path.write_bytes(b"first")
    prints = Fingerprints()
    first = prints.of(path)
    assert first is not None
    assert prints.of(path) == first
    assert prints.match(path, first)
    assert len(hashed) == 1
    path.write_bytes(b"again")
    os.utime(path, ns=(1, 1))
    assert not prints.match(path, first)
    path.write_bytes(b"first")
    os.utime(path, ns=(2, 2))
    assert prints.match(path, first)  # another time, the same content
    assert len(hashed) == 3
    path.write_bytes(b"longer")
    assert not prints.match(path, first)
    assert len(hashed) == 3  # its size says enough
    path.unlink()
    assert not prints.match(path, first)
