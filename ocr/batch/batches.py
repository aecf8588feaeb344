"""Which pages go through the network together.

What a line is read with can change the last digits of its confidences, as the sums of the network
are then taken in another order. So the batches are cut from all pages, whether done or not, and
one of which a page is missing is read as a whole: a run that was interrupted ends with the very
bytes that it would have written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ocr.batch.job import Job

MOST_BYTES = 2**20  # of the images of a batch: pages, which need no company, stay alone


def cut(jobs: Sequence[Job], size: int) -> Iterator[list[Job]]:
    """Cut the jobs into batches of at most ``size``, in order."""
    batch: list[Job] = []
    total = 0
    for job in jobs:
        length = _bytes(job)
        full = len(batch) == size or total + length > MOST_BYTES
        if batch and (full or not (job.in_company and batch[0].in_company)):
            yield batch
            batch, total = [], 0
        batch.append(job)
        total += length
    if batch:
        yield batch


def _bytes(job: Job) -> int:
    try:
        return job.source.stat().st_size
    except OSError:  # it will fail when it is read
        return 0
