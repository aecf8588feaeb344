"""``ocr completion``: the shell's completion script."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ocr.cli.command import command as make_command

REGISTERED = "complete -o nosort"  # how click's script has bash ask it for words
WITH_FILES = REGISTERED + " -o default -o bashdefault"  # and where it has none, for file names
EXAMPLES = """\
eval "$(ocr completion bash)"                                   bash: put it into ~/.bashrc
eval "$(ocr completion zsh)"                                    zsh: put it into ~/.zshrc
ocr completion fish > ~/.config/fish/completions/ocr.fish       fish: once"""


@make_command("completion", EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes commands and options in SHELL, in bash file names too."""
    context = click.get_current_context()
    maker = get_completion_class(shell)
    assert maker is not None  # the three are click's own
    script = maker(context.find_root().command, {}, "ocr", "_OCR_COMPLETE").source()
    click.echo(script.replace(REGISTERED, WITH_FILES) if shell == "bash" else script)
