"""``ocr check``: the data report without training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from ocr.cli.command import format_option, make_command
from ocr.cli.options import options_from
from ocr.errors import InputError, PartialFailure
from ocr.options import PreprocessingOptions

if TYPE_CHECKING:
    from ocr.training.data.datareport import DataReport
    from ocr.training.data.dataset import Dataset

EXAMPLES = """\
ocr check lines/                               pairs x.png + x.gt.txt in a folder
ocr check train.tsv 'more/*/train.tsv'         lists image<TAB>text, patterns too
ocr check 'pages/*.xml'                        pages in PAGE XML or ALTO
ocr check lines/ --no-images                   the texts only, fast
ocr check lines/ --format tsv > problems.tsv   every unusable line, reason and fix"""


@make_command("check", EXAMPLES)
@click.argument("data", metavar="DATA...", nargs=-1, required=True)
@click.option(
    "--images/--no-images",
    default=True,
    show_default=True,
    help="Open every image and see whether its text fits into it.",
)
@format_option("text", "tsv", "json")
@options_from(
    PreprocessingOptions, "options", "Images, as they will be trained on", but=("features",)
)
def command(data: tuple[str, ...], images: bool, kind: str, options: PreprocessingOptions) -> None:
    """Report on DATA before training: lines, characters, and every line that cannot be used
    with the reason and the nearest fix.

    DATA is a folder of pairs x.png + x.gt.txt, a list of image<TAB>text lines (.tsv, .txt), an
    image with its text beside it, a page in PAGE XML or ALTO with its image beside it, or a
    pattern of these.

    Exit code: 0 every line is usable, 3 some are not, 4 none is.
    """
    from ocr.training.data.datareport import problems_tsv, report
    from ocr.training.data.dataset import read_samples

    dataset = read_samples(data)
    facts = report(_opened(dataset, options) if images else dataset)
    if kind == "json":
        from ocr.cli.datareport import report_values

        click.echo(json.dumps(report_values(facts), ensure_ascii=False))
    elif kind == "tsv":
        click.echo(problems_tsv(facts.problems), nl=False)
    else:
        from ocr.cli.datareport import report_text

        click.echo(report_text(facts, "all of them: --format tsv"))
    _judge(facts)


def _opened(dataset: Dataset, options: PreprocessingOptions) -> Dataset:
    """The dataset without the samples whose images cannot be used, which become problems."""
    from ocr.cli.display import progress_bar
    from ocr.training.store import normalise_all
    from ocr.types import Problem

    usable, problems, total = [], list(dataset.problems), len(dataset.samples)
    with progress_bar("opening images") as move:
        results = normalise_all(dataset.samples, options)
        for number, (sample, result) in enumerate(results, start=1):
            if isinstance(result, Problem):
                problems.append(result)
            else:
                usable.append(sample)
            move(number, total)
    return dataset.keeping(usable, problems)


def _judge(facts: DataReport) -> None:
    count = len(facts.problems)
    if not facts.lines:
        raise InputError(f"none of the {count} lines can be used")
    if count:
        raise PartialFailure(f"{count} of {facts.lines + count} lines cannot be used")
