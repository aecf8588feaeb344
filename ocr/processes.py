"""Further processes of this program: the same Python with the same modules."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

# What lies in the folder that somebody works in is no module: python -m would take one that is
# named as a library for it, and run it.
RUN = (
    "import sys; sys.path[:] = filter(None, sys.path); "
    "import runpy; runpy.run_module(sys.argv.pop(1), run_name='__main__')"
)


def command(module: str, *arguments: str) -> tuple[str, ...]:
    """What starts the module as a program, with these arguments."""
    return (sys.executable, "-c", RUN, module, *arguments)


def environment() -> dict[str, str]:
    """This process's, for one of a single thread that finds the modules that this one found."""
    paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    return dict(os.environ, OMP_NUM_THREADS="1", PYTHONPATH=paths)


def leave_signals_to_the_first() -> None:
    """A terminal or a service manager tells the whole group to stop; the process that started this
    one decides, so that no file is left half written."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # the last not on Windows
            signal.signal(getattr(signal, name), signal.SIG_IGN)
