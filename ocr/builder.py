"""C sources, built on first use by the machine's own compiler and kept in the user's cache.

Nothing is lost without a compiler but speed: whoever asks for the code gets None then, and does
the same in Python. The environment's CC names the compiler; with CC empty none is used.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

FLAGS = ("-O2", "-march=native", "-fno-math-errno", "-shared", "-fPIC")
COMPILE_SECONDS = 120  # a compiler that takes longer is stuck


def library(source: Path, *options: str) -> ctypes.CDLL | None:
    """The code of a source, or None where it cannot be had.

    options  for the compiler beside ``FLAGS``: defines, libraries. Each choice is built by itself
    """
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        return None
    try:
        return ctypes.CDLL(str(_built(compiler, source, (*FLAGS, *options))))
    except (OSError, RuntimeError, subprocess.SubprocessError):  # no folder, other processor
        return None


def _built(compiler: str, source: Path, flags: tuple[str, ...]) -> Path:
    """The shared library, from the cache or made now. Raises OSError,
    RuntimeError (no home folder), SubprocessError."""
    key = hashlib.sha256("\n".join([source.read_text(), compiler, *flags, _processor()]).encode())
    file = cache_folder() / f"{source.stem}-{key.hexdigest()[:16]}.so"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:  # processes may race
            made = Path(folder) / file.name
            subprocess.run(
                [compiler, str(source), *flags, "-o", str(made)],
                check=True,
                capture_output=True,
                timeout=COMPILE_SECONDS,
            )
            made.replace(file)
    return file


def cache_folder() -> Path:
    """Where the built code is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "carousel"


def _processor() -> str:
    """What -march=native depends on: a home folder may be shared by different machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")
