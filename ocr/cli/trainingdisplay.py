"""A training as it runs: one line per validation, and on a terminal a live bar below them."""

from __future__ import annotations

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ocr.cli.display import duration
from ocr.training.loop import Progress

REFRESHES = 4  # per second
BAR_WIDTH = 40  # columns


class PipedConsole(Console):
    """Whose reader may leave: that is an error like any other, and not the end of the program."""

    def on_broken_pipe(self) -> None:
        raise


class TrainingDisplay:
    """Shows Progress on standard output until left."""

    def __init__(self) -> None:
        self._console = PipedConsole(highlight=False, markup=False, soft_wrap=True)
        self._live = Live(console=self._console, refresh_per_second=REFRESHES, transient=True)
        self._last_cer: float | None = None
        self._best = float("inf")

    def __enter__(self) -> TrainingDisplay:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, progress: Progress) -> None:
        """Take note of one step."""
        if progress.cer is not None:
            self._last_cer = progress.cer
            best = progress.best_cer == progress.cer < self._best
            self._console.print(validation_line(progress, best))
            self._best = progress.best_cer
        if self._console.is_terminal and progress.step:
            self._live.update(self._panel(progress))

    def _panel(self, progress: Progress) -> Group:
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=1.0, completed=progress.fraction, width=BAR_WIDTH),
            f"{100 * progress.fraction:.0f} %",
            f"{duration(progress.seconds_left)} left",
            f"{progress.lines_per_second:.1f} lines/s",
        )
        figures = f"step {progress.step:,}  epoch {progress.epoch:.2f}  loss {progress.loss:.3f}"
        if self._last_cer is not None:
            figures += f"  CER {percent(self._last_cer)}  best {percent(progress.best_cer)}"
        return Group(bar, Text(figures))


def validation_line(progress: Progress, best: bool) -> str:
    """One validation in words; ``*`` marks the ``best`` so far."""
    cer = progress.cer if progress.cer is not None else float("nan")
    if progress.step == 0:
        return f"the model begun with: CER {percent(cer)}"
    return (
        f"epoch {progress.epoch:6.2f}  step {progress.step:6d}  {duration(progress.seconds):>6}  "
        f"{progress.lines_per_second:6.1f} lines/s  loss {progress.loss:.3f}  "
        f"CER {percent(cer)}{' *' if best else ''}"
    )


def percent(rate: float) -> str:
    """A rate in percent; ``-`` while there is none."""
    return f"{100 * rate:.2f} %" if rate < float("inf") else "-"
