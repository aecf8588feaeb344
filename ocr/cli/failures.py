"""Errors -> one line on stderr and an exit code."""

from __future__ import annotations

import errno
import os
import sys
import traceback

import click

from ocr.errors import Interrupted, OcrError, OutputError, UsageError
from ocr.files.names import printable

INTERNAL_ERROR = 1
SHOWN = 60  # characters of a name that is too long
STOPPED = 130
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # a full disk, a quota, the largest file


class Terminated(KeyboardInterrupt):
    """SIGTERM: unwinds like Ctrl-C, so that temporary files and processes are cleaned up."""


def exit_code(error: Exception, debug: bool) -> int:
    """Report ``error`` on stderr, with its traceback where ``debug``, and return its code."""
    if debug:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    if isinstance(error, OSError) and error.errno in NO_ROOM:  # standard output, as a rule
        silence_stdout()
        reason = f"the output cannot be written ({error.strerror})"
        error = OutputError(reason, "choose another place or make room")
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
        shown = f"{printable(str(error.filename))[:SHOWN]}..."
        error = UsageError(f"{shown} is too long a name for this disk", "choose a shorter one")
    if isinstance(error, PermissionError) and error.filename is not None:
        reason = f"{printable(str(error.filename))} may not be looked into or changed"
        error = OutputError(reason, "change its permissions, or choose another place")
    if isinstance(error, Interrupted):
        say(str(error), "yellow")
        return error.exit_code
    if isinstance(error, OcrError):
        complain(str(error))
        return error.exit_code
    if isinstance(error, click.Abort):
        say("stopped", "yellow")
        return STOPPED
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "ocr"
        message = " ".join(error.format_message().split()).rstrip(".")  # choices stand in rows
        complain(f"{message}; see: {path} --help")
        return error.exit_code
    reason = " ".join(str(error).split()) or "no reason given"
    complain(f"{type(error).__name__}: {reason}; run it again with --debug for the traceback")
    return INTERNAL_ERROR


def complain(message: str) -> None:
    """One error line on stderr, red on a terminal."""
    say(f"error: {message}", "red")


def say(message: str, colour: str) -> None:
    """One line on stderr, coloured on a terminal unless NO_COLOR is set."""
    plain = bool(os.environ.get("NO_COLOR"))
    click.secho(message, err=True, fg=colour, color=False if plain else None)


def silence_stdout() -> None:
    """Let what is still buffered go nowhere: else Python complains when it exits."""
    if sys.stdout is None:  # closed from the start
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
