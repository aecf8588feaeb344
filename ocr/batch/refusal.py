"""Pages that cannot be done, as is known before any work: each costs only itself."""

from __future__ import annotations

import errno
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ocr.batch.job import Job


@dataclass(frozen=True, slots=True)
class Refusal:
    """A page and why it cannot be done, one line."""

    job: Job
    reason: str


def refused_for_length(outputs: Mapping[Job, Collection[str]], out: Path) -> Iterator[Refusal]:
    """The jobs one of whose outputs, named below ``out``, has too long a name for the disk:
    ``.page.xml`` is longer than the suffix of any image."""
    # How long a name may be the disk tells only in a folder that is there already.
    there = next((folder for folder in (out, *out.absolute().parents) if folder.is_dir()), out)
    for job, names in outputs.items():
        places = (path for name in names for path in (out / name, there / Path(name).name))
        if any(map(_too_long, places)):
            yield Refusal(job, f"{job.place} has too long a name for its output; shorten it")


def _too_long(path: Path) -> bool:
    try:
        path.lstat()
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False
