"""Further processes: they find our modules, and none of the folder that somebody works in."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ocr.processes import command, environment


def test_a_module_runs_as_a_program_with_its_arguments() -> None:
    ran = subprocess.run(
        command("ocr.cli.main", "--version"), env=environment(), capture_output=True, check=True
    )
    assert ran.stdout.startswith(b"ocr, version ")


def test_what_lies_in_the_current_folder_is_no_module(tmp_path: Path) -> None:
    for name in ("queue", "click", "runpy", "ocr"):
        (tmp_path / f"{name}.py").write_text(f"print('{name} of the folder')", encoding="utf-8")
    ran = subprocess.run(
        command("ocr.cli.main", "--version"),
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert ran.stdout.startswith(b"ocr, version ")
