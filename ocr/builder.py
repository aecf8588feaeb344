"""C sources, built on first use by the machine's own compiler and kept in the user's cache.

Nothing is lost without a compiler but speed: whoever asks for the code gets None then, and does
the same in Python. The environment's CC names the compiler; with CC empty none is used.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from ocr.errors import OutputError
from ocr.files.atomic import write_atomically

FLAGS = ("-O2", "-march=native", "-fno-math-errno", "-shared", "-fPIC")
COMPILE_SECONDS = 120  # a compiler that takes longer is stuck


def library(source: Path, *options: str) -> ctypes.CDLL | None:
    """The code of a source, or None where it cannot be had.

    options  for the compiler beside ``FLAGS``: defines, libraries. Each choice is built by itself
    """
    compiler = compiler_command()
    if compiler is None:
        return None
    try:
        return ctypes.CDLL(str(_built(compiler, source, (*FLAGS, *options))))
    except (OSError, OutputError, RuntimeError, subprocess.SubprocessError):
        return None  # no folder, no room, other processor


def compiler_command() -> tuple[str, ...] | None:
    """The compiler's path and its own options, as CC may have some."""
    named = os.environ.get("CC", "cc")
    if path := shutil.which(named):  # spaces and all
        return (path,)
    try:
        words = shlex.split(named)
    except ValueError:  # a quotation mark without its other
        return None
    path = shutil.which(words[0]) if words else None
    return None if path is None else (path, *words[1:])


def _built(compiler: tuple[str, ...], source: Path, flags: tuple[str, ...]) -> Path:
    """The shared library, from the cache or made now. Raises OSError, OutputError,
    RuntimeError (no home folder), SubprocessError."""
    parts = [source.read_text(), *compiler, *flags, _processor()]
    key = hashlib.sha256("\n".join(parts).encode())
    file = cache_folder() / f"{source.stem}-{key.hexdigest()[:16]}.so"
    if not _is_whole(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            made = Path(folder) / file.name
            subprocess.run(
                [*compiler, str(source), *flags, "-o", str(made)],
                check=True,
                capture_output=True,
                timeout=COMPILE_SECONDS,
            )
            write_atomically(file, made.read_bytes())  # processes may race
        write_atomically(_sum_file(file), _sum(file))
    return file


def _is_whole(file: Path) -> bool:
    """Whether the code is as it was built: to load what a disk has lost a part of ends the
    process."""
    try:
        return _sum_file(file).read_text() == _sum(file)
    except (OSError, ValueError):
        return False


def _sum_file(file: Path) -> Path:
    return file.with_suffix(".sha256")


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def cache_folder() -> Path:
    """Where the built code is kept. A relative XDG_CACHE_HOME does not count, as its
    specification says: code from below whatever folder one stands in would be run."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "carousel"


def _processor() -> str:
    """What -march=native depends on: a home folder may be shared by different machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")
