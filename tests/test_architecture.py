"""The arrows between the rooms, read off the import statements of every file in ocr/.

    cli -> batch, calibration, evaluation, explanation, report, training, tuning, recognition
        -> network -> decoding, preprocessing, formats -> alphabet, confidence, geometry, metrics
        -> types, options, fields, errors, files, builder, cores, processes

``violations`` judges one file's source, ``cycles`` all of them together. Both are tried on
planted faults first, so that a checker which sees nothing cannot pass.
"""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
LEVELS = (
    {"types", "options", "fields", "errors", "files", "builder", "cores", "processes"},
    {"alphabet", "confidence", "geometry", "metrics"},
    {"decoding", "preprocessing", "formats"},
    {"network"},
    {
        "batch",
        "calibration",
        "charts",
        "evaluation",
        "explanation",
        "report",
        "training",
        "tuning",
        "recognition",
    },
    {"cli"},
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
ONLY_IN = {
    "torch": {"network", "training"},
    "click": {"cli"},
    "rich": {"cli"},
}
IMPORT_NAMES = {"pillow": "PIL", "opencv-python-headless": "cv2", "fonttools": "fontTools"}
LATE = {"matplotlib"}  # a core dependency, but too slow to load for those who draw nothing
DRAWERS = {"utils", "util", "core", "common", "helpers", "misc"}


@dataclass(frozen=True)
class Import:
    """One imported name. ``module`` is dotted; ``typing`` and ``late`` say where it stands:
    under ``if TYPE_CHECKING`` and inside a function."""

    module: str
    row: int
    typing: bool = False
    late: bool = False


def imports(source: str, package: str, modules: set[str]) -> Iterator[Import]:
    """Every import of a file in ``package``; ``modules`` tells submodules from other names."""

    def named(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *base.split(".")] if base else parents)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in modules else base
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
            ("import_module", "__import__")
        ):
            yield from (str(a.value) for a in node.args[:1] if isinstance(a, ast.Constant))

    def visit(node: ast.AST, typing: bool, late: bool) -> Iterator[Import]:
        for module in named(node):
            yield Import(module, getattr(node, "lineno", 0), typing, late)
        late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        guarded: list[ast.stmt] = []
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            guarded = node.body
        for child in ast.iter_child_nodes(node):
            yield from visit(child, typing or child in guarded, late)

    return visit(ast.parse(source), False, False)


def room_of(module: str) -> str:
    """ocr.network.engines -> network; ocr itself -> ''."""
    return module.partition(".")[2].partition(".")[0]


def core_libraries() -> set[str]:
    """Import names of the libraries that every installation has."""
    lines = project()["project"]["dependencies"]
    names = {line.split(">")[0].split("=")[0].strip() for line in lines}
    return {IMPORT_NAMES.get(name, name) for name in names}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def misplaced(found: Import, module: str) -> str:
    """What is wrong with one import of a library, or ''."""
    library, room = found.module.split(".")[0], room_of(module)
    if found.typing or library in sys.stdlib_module_names:
        return ""
    if library in ONLY_IN and room not in ONLY_IN[library]:
        return f"{library} belongs to {', '.join(sorted(ONLY_IN[library]))}"
    if not found.late and library not in core_libraries() - LATE:
        return f"{library} must be imported inside the function that needs it"
    return ""


def backward(found: Import, module: str) -> str:
    """What is wrong with one import from ocr, or ''. The package's own __init__ is the public
    face and may name anything, but nothing that is not late or of the lowest level."""
    room, target = room_of(module), room_of(found.module)
    if not room:
        heavy = LEVEL.get(target, 0) > 0 and not (found.late or found.typing)
        return f"importing ocr would load {target}" if heavy else ""
    if not target:
        return "" if room == "cli" else "only cli imports from the public face"
    for name in (room, target):
        if name not in LEVEL:
            return f"{name} has no place in the house"
    return f"{room} is below {target}" if LEVEL[target] > LEVEL[room] else ""


def violations(source: str, module: str, package: str, modules: set[str]) -> list[str]:
    """Every fault of one file, as 'row: reason'. ``module`` is its dotted name and ``package``
    the package that its relative imports start from."""
    room, faults = room_of(module), []
    if room and room not in LEVEL:
        faults.append(f"1: {room} has no place in the house")
    faults += [f"1: {part} is a drawer" for part in module.split(".") if part in DRAWERS]
    for found in imports(source, package, modules):
        inside = found.module.split(".")[0] == "ocr"
        reason = backward(found, module) if inside else misplaced(found, module)
        faults += [f"{found.row}: {reason}"] if reason else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id == "print" and room != "cli":
            faults.append(f"{node.lineno}: print belongs to cli")
        if isinstance(node, ast.Global):
            faults.append(f"{node.lineno}: module-level state changes")
    return faults


def graph(sources: Mapping[str, tuple[str, str]]) -> dict[str, set[str]]:
    """Who imports whom when the program runs; sources: module -> (package, text)."""
    return {
        module: {
            found.module
            for found in imports(text, package, set(sources))
            if found.module in sources and not found.typing
        }
        for module, (package, text) in sources.items()
    }


def cycle(arrows: Mapping[str, set[str]]) -> list[str]:
    """One circle of imports, first and last the same; empty if there is none."""
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@functools.cache
def house() -> dict[str, tuple[str, str]]:
    """Every file of ocr/: dotted module -> (package, text)."""
    files = {}
    for path in sorted((ROOT / "ocr").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        package = ".".join(parts[:-1])
        module = package if parts[-1] == "__init__" else ".".join(parts)
        files[module] = (package, path.read_text(encoding="utf-8"))
    return files


PLANTED = [
    ("ocr.alphabet", "from ocr.decoding.greedy import greedy", "alphabet is below decoding"),
    ("ocr.alphabet", "def f():\n    import ocr.network", "alphabet is below network"),
    ("ocr.types", "from ocr.alphabet import Alphabet", "types is below alphabet"),
    ("ocr.network.engines", "from ..recognition import Recognizer", "network is below recognition"),
    ("ocr.batch", "from ocr import cli", "batch is below cli"),
    ("ocr.batch", "from ocr import load_model", "only cli imports from the public face"),
    ("ocr.batch", "from ocr.tools import f", "tools has no place in the house"),
    ("ocr.tools", "", "tools has no place in the house"),
    ("ocr", "from ocr.recognition import load_model", "importing ocr would load recognition"),
    ("ocr.cli.train", "import torch.nn", "torch belongs to network, training"),
    ("ocr.evaluation", "def f():\n    import torch", "torch belongs to network, training"),
    ("ocr.evaluation", "import_module('torch')", "torch belongs to network, training"),
    ("ocr.types", "if TYPE_CHECKING:\n    x = 1\nelse:\n    import torch", "torch belongs to"),
    ("ocr.batch", "from rich.progress import Progress", "rich belongs to cli"),
    ("ocr.batch", "import click", "click belongs to cli"),
    ("ocr.batch", "print('x')", "print belongs to cli"),
    ("ocr.batch", "f(log=print)", "print belongs to cli"),
    ("ocr.formats.pdf", "try:\n    import pikepdf\nexcept ImportError: ...", "inside the function"),
    ("ocr.training.curve", "import matplotlib.pyplot as plt", "inside the function"),
    ("ocr.batch", "def f():\n    global x\n    x = 1", "module-level state changes"),
    ("ocr.network.utils", "", "utils is a drawer"),
]
ALLOWED = [
    ("ocr.cli.train", "import click, rich\nfrom ocr.training.loop import train\nprint('x')"),
    ("ocr.cli.recognize", "import ocr\nocr.load_model('x')"),
    ("ocr.types", "if TYPE_CHECKING:\n    import torch\n    import pandas"),
    ("ocr.training.loop", "import torch\nimport numpy as np\nimport cv2\nfrom PIL import Image"),
    ("ocr.training.curve", "def f():\n    import matplotlib.pyplot"),
    ("ocr.formats.pdf", "def f():\n    import pikepdf"),
    ("ocr.evaluation", "from ocr.recognition import Recognizer\nimport json"),
    ("ocr", "def __getattr__(name):\n    from ocr.recognition import load_model"),
    ("ocr", "from ocr.types import Page\nif TYPE_CHECKING:\n    from ocr.batch import run"),
]


def judge(module: str, source: str) -> list[str]:
    package = module if module.count(".") == 0 else module.rpartition(".")[0]
    return violations(source, module, package, {"ocr.cli", "ocr.recognition"})


@pytest.mark.parametrize(("module", "source", "reason"), PLANTED)
def test_a_planted_fault_is_found(module: str, source: str, reason: str) -> None:
    assert any(reason in fault for fault in judge(module, source))


@pytest.mark.parametrize(("module", "source"), ALLOWED)
def test_what_is_allowed_is_not_called_a_fault(module: str, source: str) -> None:
    assert judge(module, source) == []


def test_planted_cycles_are_found() -> None:
    two = {"ocr.a": ("ocr", "from . import b"), "ocr.b": ("ocr", "def f():\n  import ocr.a")}
    assert set(cycle(graph(two))) == {"ocr.a", "ocr.b"}
    package = {"ocr.n": ("ocr.n", "from ocr.n.x import y"), "ocr.n.x": ("ocr.n", "import ocr.n")}
    assert set(cycle(graph(package))) == {"ocr.n", "ocr.n.x"}
    typed = {**two, "ocr.b": ("ocr", "if TYPE_CHECKING:\n  import ocr.a")}
    assert cycle(graph(typed)) == []


def test_the_checker_reads_the_whole_house() -> None:
    arrows = graph(house())
    assert {"ocr.options", "ocr.errors"} & arrows["ocr.types"]
    rooms = {path.parent.name for path in (ROOT / "ocr").glob("*/*.py")}
    assert rooms <= {room_of(module) for module in arrows}
    package, text = house()["ocr.network.recognizer"]
    assert "torch" in {found.module for found in imports(text, package, set())}


@pytest.mark.parametrize("module", sorted(house()))
def test_no_arrow_points_back(module: str) -> None:
    files = house()
    package, text = files[module]
    assert violations(text, module, package, set(files)) == []


def test_no_imports_run_in_a_circle() -> None:
    assert cycle(graph(house())) == []


def test_the_wheel_carries_every_room() -> None:
    listed = set(project()["tool"]["setuptools"]["packages"])
    folders = {package for package, _ in house().values()}
    assert listed == folders | {"ocr.shipped_models"}


def test_the_wheel_carries_the_sources_in_c() -> None:
    listed = project()["tool"]["setuptools"]["package-data"]
    folders = {path.parent for path in (ROOT / "ocr").rglob("*.c")}
    assert {".".join(folder.relative_to(ROOT).parts) for folder in folders} == {
        package for package, patterns in listed.items() if "*.c" in patterns
    }


PAGE = """
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"><Page
 imageFilename="line.png" imageWidth="300" imageHeight="40"/></PcGts>
"""
LIGHT = {
    "import ocr": "import ocr; assert not {'cv2', 'numpy'} & set(sys.modules)",
    "the data reader": "import ocr.training.data.dataset",
    "ocr --help": "run('--help')",
    "ocr train --help": "run('train', '--help')",
    "ocr check": "run('check', sys.argv[1])",
    "ocr models": "run('models')",
    "ocr convert": "run('convert', sys.argv[1] + '/p.xml', '-o', sys.argv[1] + '/p.alto.xml')",
    "rendered lines": "import ocr.training.synthesis.synthesize",
}
PROBE = """
import sys
def run(*arguments):
    from ocr.cli.main import main
    sys.argv[:] = ['ocr', *arguments]
    try:
        main()
    except SystemExit as stop:
        assert not stop.code, stop.code
{action}
slow = {{'torch', 'matplotlib'}} & set(sys.modules)
assert not slow, f'loaded {{slow}}'
"""


def probe(action: str, argument: str = "") -> str:
    """What a fresh Python complains of when it does ``action`` and looks what was loaded."""
    command = [sys.executable, "-c", PROBE.format(action=action), argument]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return ended.stderr if ended.returncode else ""


@pytest.mark.parametrize("action", LIGHT.values(), ids=LIGHT.keys())
def test_what_needs_no_network_loads_no_torch(action: str, tmp_path: Path) -> None:
    image = Image.new("L", (300, 40), 255)
    ImageDraw.Draw(image).text((10, 10), "minimum", fill=0)
    image.save(tmp_path / "line.png")
    (tmp_path / "line.gt.txt").write_text("minimum", encoding="utf-8")
    (tmp_path / "p.xml").write_text(PAGE, encoding="utf-8")
    assert probe(action, str(tmp_path)) == ""


def test_the_probe_notices_torch() -> None:
    assert "loaded {'torch'}" in probe("sys.modules['torch'] = sys")
