"""The code of a C source: built once, kept, and done without where there is no way to it."""

from __future__ import annotations

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ocr import builder

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A function of no arguments, and a cache folder of its own."""
    monkeypatch.setenv("CC", "cc")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "number.c"
    path.write_text("#ifndef NUMBER\n#define NUMBER 1\n#endif\nint number(void) {return NUMBER;}")
    return path


def kept(source: Path) -> list[Path]:
    """What lies in the cache folder, the folders too."""
    return sorted((source.parent / "cache").rglob("*"))


@needs_compiler
def test_every_choice_of_options_is_built_by_itself(source: Path) -> None:
    one, two = builder.library(source), builder.library(source, "-DNUMBER=2")
    assert one is not None
    assert two is not None
    assert (one.number(), two.number()) == (1, 2)


@needs_compiler
def test_what_is_built_is_kept_until_the_source_changes(source: Path) -> None:
    assert builder.library(source) is not None
    folder, checksum, built = kept(source)
    assert built.parent == checksum.parent == folder == builder.cache_folder()
    when = built.stat().st_mtime_ns
    assert builder.library(source) is not None
    assert built.stat().st_mtime_ns == when
    source.write_text("int number(void) {return 3;}")
    changed = builder.library(source)
    assert changed is not None
    assert changed.number() == 3
    assert len(kept(source)) == 5


@needs_compiler
def test_another_processor_or_compiler_builds_its_own(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert builder.library(source) is not None
    monkeypatch.setattr(builder, "_processor", lambda: "another")
    assert builder.library(source) is not None
    link = source.parent / "another-cc"
    link.symlink_to(shutil.which("cc") or "")
    monkeypatch.setenv("CC", str(link))
    assert builder.library(source) is not None
    assert len(kept(source)) == 7


@needs_compiler
def test_those_who_build_at_the_same_time_all_get_it(source: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        codes = list(threads.map(builder.library, [source] * 4))
    assert [code and code.number() for code in codes] == [1] * 4
    assert len(kept(source)) == 3


@needs_compiler
@pytest.mark.parametrize("left", [0, 4000])
def test_damaged_code_is_built_anew(source: Path, left: int) -> None:
    """To load it would end the process."""
    compiler = builder.compiler_command()
    assert compiler is not None
    file = builder._built(compiler, source, builder.FLAGS)
    whole = file.read_bytes()
    file.write_bytes(whole[:left])
    code = builder.library(source)
    assert code is not None
    assert code.number() == 1
    assert len(file.read_bytes()) == len(whole)


@needs_compiler
def test_a_compiler_with_options(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "cc -DNUMBER=4")
    code = builder.library(source)
    assert code is not None
    assert code.number() == 4


@needs_compiler
def test_a_compiler_whose_name_has_a_space(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = source.parent / "my tools"
    place.mkdir()
    (place / "cc").symlink_to(shutil.which("cc") or "")
    monkeypatch.setenv("CC", str(place / "cc"))
    assert builder.library(source) is not None


def test_a_relative_cache_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("cache", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert builder.cache_folder() == tmp_path / ".cache" / "carousel"


@pytest.mark.parametrize("named", ["", "no-such-compiler", "cc '"])
def test_no_compiler(source: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("CC", named)
    assert builder.library(source) is None
    assert kept(source) == []


def pretended(source: Path, does: str) -> str:
    """A compiler that does nothing but this."""
    path = source.parent / "fake-cc"
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("does", ["exit 1", "exit 0", "exec sleep 60"])
def test_a_compiler_that_builds_nothing_is_none(
    source: Path, monkeypatch: pytest.MonkeyPatch, does: str
) -> None:
    monkeypatch.setenv("CC", pretended(source, does))
    real = subprocess.run

    def hurried(command: list[str], *, timeout: float, **rest: bool) -> object:
        assert timeout == builder.COMPILE_SECONDS
        return real(command, timeout=0.2 if "sleep" in does else 60, **rest)

    monkeypatch.setattr(subprocess, "run", hurried)
    assert builder.library(source) is None
    assert kept(source) == [builder.cache_folder()]


@needs_compiler
def test_no_place_to_keep_it(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(source))  # a file
    assert builder.library(source) is None

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert builder.library(source) is None


def test_what_does_not_load_is_no_code(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = 'for last; do :; done; echo "not machine code" >"$last"'
    monkeypatch.setenv("CC", pretended(source, writes))
    assert builder.library(source) is None
    assert len(kept(source)) == 3
