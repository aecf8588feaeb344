"""The program ``ocr``: its commands, loaded when they are called, and its exit codes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import Any

import click

from ocr import __version__
from ocr.cli.command import VerbatimEpilog
from ocr.cli.failures import Terminated, exit_code, silence_stdout
from ocr.errors import Interrupted

COMMANDS = {  # name, which is that of the module too -> one line of help; in the order of use
    "check": "Report on transcribed lines before training on them.",
    "train": "Learn to read from transcribed lines.",
    "adapt": "Teach a model one hand from a few corrected lines.",
    "evaluate": "Measure how well a model reads transcribed lines.",
    "calibrate": "Make a model's confidences come true.",
    "lm": "Make a language model from text, or tune one.",
    "recognize": "Print the text of images, lines or pages.",
    "transcribe": "Read folders of images into files.",
    "segment": "Find the lines of pages.",
    "convert": "Convert pages between PAGE, ALTO, hOCR, PDF and others.",
    "explain": "Draw how the network reads a line.",
    "info": "Show a model's card and size.",
    "synthesize": "Render lines of text in fonts, to train on.",
    "models": "List the models that came with the program.",
    "completion": "Print the completion script for a shell.",
}
COMPLETE = "_OCR_COMPLETE"  # set where a shell asks for words
BROKEN_PIPE = 141  # 128 + SIGPIPE, as shells report it

EXAMPLES = """\
ocr recognize line.png                       the text of one line
ocr transcribe scans/ -o texts/              a folder of lines, one text file each
ocr train lines/ -o mine.safetensors         learn a new hand or typeface
ocr evaluate mine.safetensors test.tsv       how well it reads"""


class Program(VerbatimEpilog, click.Group):
    """The group of all commands. None is imported before it is called, and every error leaves
    as one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"ocr.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Terminated as stop:
            raise Interrupted("stopped", signal.SIGTERM) from stop
        except KeyboardInterrupt as stop:
            raise Interrupted("stopped", signal.SIGINT) from stop
        except BrokenPipeError:  # whoever read our output has seen enough
            silence_stdout()
            sys.exit(BROKEN_PIPE)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run, report what went wrong, and leave with the exit code."""
        arguments = list(sys.argv[1:] if args is None else args)
        debug = "--debug" in arguments or os.environ.get("OCR_DEBUG", "0") not in ("", "0")
        arguments = [argument for argument in arguments if argument != "--debug"]
        extra |= {"standalone_mode": False}
        if COMPLETE in os.environ:
            from ocr.cli.completion import offer_file_names

            offer_file_names()
        try:
            code = super().main(arguments, *rest, **extra)
        except Exception as error:
            sys.exit(exit_code(error, debug))
        sys.exit(code if isinstance(code, int) else 0)


@click.command(
    cls=Program,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "--version", prog_name="ocr")
@click.option("--debug", is_flag=True, help="Show the traceback of an error (or set OCR_DEBUG=1).")
def program(debug: bool) -> None:
    """Read lines of handwriting and print, and learn new hands from your transcriptions."""


def main() -> None:
    """Entry point of the console command ``ocr``."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character shows its code
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # Windows: a file is for other programs, which expect no encoding of its own.
            piped = sys.platform == "win32" and not stream.isatty()
            reconfigure(encoding="utf-8" if piped else None, errors="backslashreplace")
    # Threads that wait for each other made a recognition 50 times slower beside other work.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, _terminate)
    program.main(prog_name="ocr")


def _terminate(signal_number: int, frame: FrameType | None) -> None:
    raise Terminated


if __name__ == "__main__":
    main()
