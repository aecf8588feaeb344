"""The group: help, versions, errors and exit codes."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import Result

from ocr import __version__, errors
from ocr.cli.main import COMMANDS, program
from ocr.cli.trainingdisplay import TrainingDisplay
from ocr.training.loop import Progress

Run = Callable[..., Result]
ROOT = Path(__file__).resolve().parents[2]


def parse(line: str) -> None:
    """As the program would; raises click's errors. What comes after two spaces is a remark."""
    _, name, *words = shlex.split(re.split("  +| [<>] ", line)[0])
    command = program.get_command(click.Context(program), name)
    assert command is not None, line
    command.make_context(name, words)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("switch", ["-h", "--help"])
def test_every_help_has_examples_that_parse(ocr: Run, name: str, switch: str) -> None:
    result = ocr(name, switch)
    assert result.exit_code == 0
    examples = result.stdout.partition("Examples:\n")[2]
    assert f"ocr {name}" in examples
    command = import_module(f"ocr.cli.{name}").command
    assert command.name == name
    for line in command.epilog.splitlines():
        assert f"  {line}\n" in examples  # not wrapped
        if line.startswith(f"ocr {name} "):
            parse(line)


def test_every_command_in_the_readme_parses() -> None:
    blocks = re.findall("^```sh\n(.+?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    lines = "".join(blocks).replace("\\\n", "").splitlines()
    commands = [line.rpartition("| ")[2] for line in lines if re.match(r"(.*\| )?ocr ", line)]
    assert len(commands) > 20
    for line in commands:
        parse(re.sub("  +-", " -", line))  # the rest of a long one is indented


def test_the_help_lists_every_command_and_option_once(ocr: Run) -> None:
    listing = ocr("--help").stdout
    for name, text in COMMANDS.items():
        assert listing.count(f"\n  {name} ") == 1
        assert text in listing
    for name in COMMANDS:
        command = program.get_command(click.Context(program), name)
        assert command is not None
        switches = [s for p in command.params if isinstance(p, click.Option) for s in p.opts]
        assert len(switches) == len(set(switches))
        shown = " ".join(ocr(name, "--help").stdout.split())
        assert all(switch in shown for switch in switches)


def test_every_command_is_a_file_and_the_other_way_round() -> None:
    files = {path.stem for path in (ROOT / "ocr" / "cli").glob("*.py")}
    with_command = {
        stem for stem in files if "@make_command" in (ROOT / f"ocr/cli/{stem}.py").read_text()
    }
    assert with_command == set(COMMANDS)


PROBE = """
import sys
from ocr.cli.main import COMMANDS, program
for arguments in [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]:
    try:
        program.main(arguments, "ocr")
    except SystemExit as stop:
        assert stop.code == 0
slow = {"torch", "cv2", "numpy", "PIL", "rich", "matplotlib"} & set(sys.modules)
assert not slow, slow
"""


def test_help_loads_no_library_but_click() -> None:
    ended = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_version(ocr: Run) -> None:
    assert ocr("--version").stdout == f"ocr, version {__version__}\n"


def test_without_a_command_the_help_is_shown(ocr: Run) -> None:
    result = ocr()
    assert "Commands:" in result.output
    assert "error:" not in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], "frobnicate"),
        (["train", "--frobnicate"], "--frobnicate"),
        (["recognize"], "IMAGE..."),
        (["train", "x"], "'-o'"),
        (["train", "x", "-o", "y", "--processes", "many"], "many"),
        (["completion", "tcsh"], "tcsh"),
        (["train", "x", "-o", "y", "--features", "wavelets"], "wavelets"),
        (["check", "x", "--features", "conv"], "--features"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    ocr: Run, arguments: list[str], message: str
) -> None:
    result = ocr(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert result.stderr.endswith("--help\n")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (errors.UsageError("a is b", "give c"), 2, "error: a is b; give c\n"),
        (errors.MissingExtraError("pikepdf"), 2, None),
        (errors.PartialFailure("two failed"), 3, "error: two failed\n"),
        (errors.ImageError("x.png is empty"), 4, None),
        (errors.DamagedModelError("x is damaged"), 5, None),
        (errors.OutputError("no room"), 6, None),
        (errors.Interrupted("stopped", 15), 143, "stopped\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (PermissionError(13, "Permission denied", "out"), 6, "error: out may not be looked into or "
         "changed; change its permissions, or choose another place\n"),
        (ZeroDivisionError("1 / 0\nis hard"), 1, "error: ZeroDivisionError: 1 / 0 is hard; run "
         "it again with --debug for the traceback\n"),
    ],
)  # fmt: skip
def test_every_error_is_one_line_and_has_its_exit_code(
    ocr: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, line: str | None
) -> None:
    _fail_with(monkeypatch, error)
    result = ocr("fail")
    assert result.exit_code == code
    assert result.stderr.count("\n") == 1
    if line is not None:
        assert result.stderr == line


def _fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def fail() -> None:
        raise error

    monkeypatch.setattr(type(program), "get_command", lambda *_: fail)


@pytest.mark.parametrize("arguments", [["--debug", "fail"], ["fail", "--debug"]])
def test_debug_shows_the_traceback(
    ocr: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    _fail_with(monkeypatch, ZeroDivisionError("oh"))
    assert "Traceback" not in ocr("fail").stderr
    assert "Traceback" in ocr(*arguments).stderr
    assert "Traceback" in ocr("fail", env={"OCR_DEBUG": "1"}).stderr


def test_colour_is_for_terminals_that_want_it(ocr: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _fail_with(monkeypatch, errors.UsageError("a"))
    assert "\x1b[31m" in ocr("fail", color=True, env={"NO_COLOR": ""}).stderr
    assert "\x1b" not in ocr("fail", color=True, env={"NO_COLOR": "1"}).stderr
    assert "\x1b" not in ocr("fail", env={"NO_COLOR": ""}).stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    script = "from ocr.cli.main import main; main()"
    command = [sys.executable, "-c", script, "completion", "zsh"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == ""
    process.stderr.close()


def test_a_training_whose_reader_leaves_is_an_error_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    progress = Progress(1, 1.0, 0.5, 1.0, 1.0, 1.0, 1.0, 0.5, cer=0.5)
    with TrainingDisplay() as display, pytest.raises(BrokenPipeError):
        display.show(progress)


@pytest.mark.parametrize("arguments", [("completion", "zsh"), ("--help",)])
def test_a_full_disk_is_an_output_that_cannot_be_written(arguments: tuple[str, ...]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    command = [sys.executable, "-c", "from ocr.cli.main import main; main()", *arguments]
    with full.open("w") as stdout:
        ended = subprocess.run(command, cwd=ROOT, stdout=stdout, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 6
    reason = "the output cannot be written (No space left on device)"
    assert ended.stderr == f"error: {reason}; choose another place or make room\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "lines.tsv", "-o", "x" * 300),
        ("synthesize", "text", "-o", "o", "--fonts", "x" * 300),
    ],
)
def test_a_name_too_long_for_the_disk_is_wrong_usage(
    ocr: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    (tmp_path / "text").write_text("one line", "utf-8")
    result = ocr(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {'x' * 60}... is too long a name")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_the_program(ocr: Run, shell: str) -> None:
    result = ocr("completion", shell)
    assert result.exit_code == 0
    assert "_OCR_COMPLETE" in result.stdout


def asked(ocr: Run, shell: str, *words: str) -> list[str]:
    """What the program offers the shell for the last of the words."""
    line = " ".join(("ocr", *words))
    cword = words[-1] if shell == "fish" else str(len(words))
    environment = {"_OCR_COMPLETE": f"{shell}_complete", "COMP_WORDS": line, "COMP_CWORD": cword}
    return ocr(env=environment, prog_name="ocr").stdout.split()


@pytest.mark.parametrize(
    ("shell", "offered"), [("bash", "file,li"), ("zsh", "file li _"), ("fish", "file,li")]
)
@pytest.mark.parametrize("words", [("recognize",), ("train", "-o"), ("evaluate",)])
def test_every_shell_completes_file_names_where_nothing_else_is_offered(
    ocr: Run, shell: str, offered: str, words: tuple[str, ...]
) -> None:
    assert asked(ocr, shell, *words, "li") == offered.split()


def test_models_are_completed_by_name_and_by_file(ocr: Run) -> None:
    assert asked(ocr, "bash", "recognize", "-m", "pri") == ["plain,print"]
    assert asked(ocr, "bash", "recognize", "-m", "li") == ["file,li"]
    Path("models").mkdir()
    for name in ("print-mine.safetensors", "models/new.safetensors"):
        Path(name).touch()
    offered = asked(ocr, "bash", "info", "pri")
    assert offered == ["plain,print", "plain,print-mine.safetensors"]
    assert asked(ocr, "bash", "info", "models/") == ["plain,models/new.safetensors"]


def test_completion_knows_commands_and_options(ocr: Run) -> None:
    environment = {"_OCR_COMPLETE": "bash_complete", "COMP_WORDS": "ocr tra", "COMP_CWORD": "1"}
    result = ocr(env=environment, prog_name="ocr")
    assert result.stdout.split() == ["plain,train", "plain,transcribe"]
