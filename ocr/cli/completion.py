"""``ocr completion``: the shell's completion script."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
)

from ocr.cli.command import make_command

EXAMPLES = """\
eval "$(ocr completion bash)"                                   bash: put it into ~/.bashrc
eval "$(ocr completion zsh)"                                    zsh: put it into ~/.zshrc
ocr completion fish > ~/.config/fish/completions/ocr.fish       fish: once"""


@make_command("completion", EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes commands, options and file names in SHELL."""
    context = click.get_current_context()
    maker = get_completion_class(shell)
    assert maker is not None  # the three are click's own
    click.echo(maker(context.find_root().command, {}, "ocr", "_OCR_COMPLETE").source())


def offer_file_names() -> None:
    """Have the shells complete file names where the program has no other word to offer: most of
    its arguments are text to click, for they may be patterns, folders or names of models."""
    for shell in (BashComplete, ZshComplete, FishComplete):
        add_completion_class(type(shell.__name__, (_WithFiles, shell), {}))


class _WithFiles:
    """Mixed into a shell's class."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        above: Any = super()  # the shell's class
        offered: list[CompletionItem] = above.get_completions(args, incomplete)
        return offered or [CompletionItem(incomplete, type="file")]
