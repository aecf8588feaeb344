"""Progress bars on stderr; where stderr is no terminal there are none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from ocr.types import OnProgress


class Rate(ProgressColumn):
    """Lines, or what else is counted, per second."""

    def __init__(self, noun: str) -> None:
        super().__init__()
        self.noun = noun

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.1f} {self.noun}/s")


@contextmanager
def progress_bar(title: str, noun: str = "lines") -> Iterator[OnProgress]:
    """A bar that vanishes at the end, moved by calling what is yielded."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(noun),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=None)

        def move(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield move


@contextmanager
def working(title: str) -> Iterator[None]:
    """A sign of life beside what takes a while and cannot say how long."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(title):
        yield


def duration(seconds: float) -> str:
    """A time as a person says it: ``40 s``, ``12 min``, ``3.5 h``; unknown as ``?``."""
    if not 0 <= seconds < float("inf"):
        return "?"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 line``, ``2,000 lines``; ``plural`` where it is not the noun and an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
