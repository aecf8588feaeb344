from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import pytest

from ocr.errors import ImageError, InputError, OcrError, UsageError
from ocr.files.sources import expand
from ocr.training.data import listfile
from ocr.training.data.datareport import problems_tsv, report
from ocr.training.data.dataset import read_samples
from ocr.training.data.problems import frame_problem, image_problem
from ocr.types import Problem, Sample


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(name: str, content: str | bytes = b"") -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def texts(*sources: str) -> dict[str, str]:
    """id -> text of the samples; fails if there is any problem."""
    dataset = read_samples(sources)
    assert dataset.problems == ()
    return {sample.id: sample.text for sample in dataset.samples}


def only_problem(*sources: str) -> Problem:
    (problem,) = read_samples(sources).problems
    return problem


# --- sources -----------------------------------------------------------------------------------


def test_folder_of_pairs_is_walked_in_order(here: Path) -> None:
    for name, text in [
        ("d/b/2.PNG", "zwei"),
        ("d/b/10.jpeg", "zehn"),
        ("d/a.x.webp", "e\u0301  é"),
    ]:
        put(name)
        put(name.rpartition(".")[0] + ".gt.txt", text + "\n")
    put("d/.hidden/x.png")
    put("d/._a.x.webp")
    put("d/model.training/curve.png")
    dataset = read_samples(["d"])
    assert [(s.id, s.image, s.text, s.line) for s in dataset.samples] == [
        ("a.x", Path("d/a.x.webp"), "é é", None),
        ("b/10", Path("d/b/10.jpeg"), "zehn", None),
        ("b/2", Path("d/b/2.PNG"), "zwei", None),
    ]
    assert dataset.problems == ()
    assert dataset.sources == (("d", 3),)


def test_variants_of_an_image_share_its_text(here: Path) -> None:
    for name in (
        "d/1.bin.png",
        "d/2.bin.png",
        "d/2.nrm.png",
        "d/3.bin.png",
        "d/3.nrm.png",
        "d/3.png",
    ):
        put(name)
    for stem in "123":
        put(f"d/{stem}.gt.txt", stem)
    images = [sample.image.name for sample in read_samples(["d"]).samples]
    assert images == ["1.bin.png", "2.nrm.png", "3.png"]
    assert read_samples(["d/3.bin.png"]).samples[0].text == "3"
    assert read_samples(["d/2.gt.txt"]).samples[0].image == Path("d/2.nrm.png")


def test_a_variant_with_a_text_of_its_own_is_another_line(here: Path) -> None:
    for stem in ("1", "1.nrm", "2", "2.bin"):
        put(f"d/{stem}.png")
        put(f"d/{stem}.gt.txt", stem)
    dataset = read_samples(["d"])
    found = {sample.image.name: sample.text for sample in dataset.samples}
    assert found == {f"{stem}.png": stem for stem in ("1", "1.nrm", "2", "2.bin")}
    assert dataset.problems == ()


def test_every_image_suffix_pairs(here: Path) -> None:
    for suffix in ("png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif"):
        put(f"d/{suffix}.{suffix}")
        put(f"d/{suffix}.gt.txt", suffix)
    assert len(texts("d")) == 8


def test_list_is_read_with_mark_blank_lines_and_tabs(here: Path) -> None:
    put("d/images/1.webp")
    put("d/images/2.webp")
    put("elsewhere/3.png")
    absolute = here / "elsewhere" / "3.png"
    put(
        "d/train.tsv",
        b"\xef\xbb\xbfimages/1.webp\tun\r\n\r\n./images/2.webp\t deux\tbis \n"
        + f"{absolute}\ttrois".encode(),
    )
    dataset = read_samples(["d/train.tsv"])
    assert [(s.id, s.text) for s in dataset.samples] == [
        ("images/1", "un"),
        ("images/2", "deux bis"),
        ("3", "trois"),
    ]
    assert dataset.samples[2].image == absolute
    assert dataset.problems == ()


@pytest.mark.parametrize("name", ["list.tsv", "list.txt", "list.LST"])
def test_list_suffixes(here: Path, name: str) -> None:
    put("1.png")
    put(name, "1.png\teins\n")
    assert texts(name) == {"1": "eins"}


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("d/*.png", {"1", "2"}),
        ("d/*", {"1", "2", "sub/3"}),
        ("d/[1]*", {"1"}),
        ("d/?.gt.txt", {"1", "2"}),
        ("d/**/*.png", {"1", "2", "sub/3"}),
        ("d/**", {"1", "2", "sub/3"}),
        ("*/sub", {"d/sub/3"}),
    ],
)
def test_patterns_are_expanded(here: Path, pattern: str, ids: set[str]) -> None:
    for name in ("d/1", "d/2", "d/sub/3"):
        put(name + ".png")
        put(name + ".gt.txt", name)
    assert set(texts(pattern)) == ids
    put("z/[x]/1.png")
    put("z/[x]/1.gt.txt", "brackets")
    assert texts("z/[x]") == {"1": "brackets"}
    assert texts("z/[x]/*.png") == {"1": "brackets"}


def test_a_pattern_passes_over_the_folders_of_trainings(here: Path) -> None:
    for name in ("d/a.png", "d/b/c.png", "d/model.training/curve.png"):
        put(name)
    assert expand("d/**/*.png")[1] == [Path("d/a.png"), Path("d/b/c.png")]
    assert expand("d/model.training/*.png")[1] == [Path("d/model.training/curve.png")]


def test_a_pattern_takes_a_folder_with_all_below_it(here: Path) -> None:
    put("d/1.png")
    put("d/1.gt.txt", "one")
    put("d/notes/nothing.xml")
    assert texts("d/**") == {"1": "one"}


def test_what_a_pattern_matches_beside_the_data_is_a_problem(here: Path) -> None:
    put("d/1.png")
    put("d/1.gt.txt", "one")
    put("d/notes.md", "notes")
    put("d/empty/nothing.xml")
    dataset = read_samples(["d/*"])
    assert [s.text for s in dataset.samples] == ["one"]
    assert [p.id for p in dataset.problems] == [str(Path("d/empty")), str(Path("d/notes.md"))]


@pytest.mark.parametrize(
    ("source", "kind", "words"),
    [
        ("absent", UsageError, "absent does not exist"),
        ("", UsageError, "does not exist"),
        ("d/*.png", UsageError, "matches no file"),
        ("d/x**y", UsageError, r"x\*\*y"),
        ("d/notes.md", UsageError, "no training data"),
        ("empty", InputError, r"images \(0\) and no transcription"),
        ("images", InputError, r"images \(1\) and no transcription"),
        ("plain", InputError, "rename x.txt to x.gt.txt"),
        ("lists", UsageError, "name the one to use: .*train.tsv"),
        ("empty.tsv", InputError, "empty.tsv is empty"),
    ],
)
def test_useless_sources_are_refused(
    here: Path, source: str, kind: type[OcrError], words: str
) -> None:
    put("d/notes.md", "notes")
    Path("empty").mkdir()
    put("images/1.png")
    put("plain/1.png")
    put("plain/1.txt", "one")
    put("lists/images/1.png")
    put("lists/train.tsv", "images/1.png\tone\n")
    put("lists/README.txt", "no list\n")
    put("empty.tsv", "\ufeff\n \n")
    with pytest.raises(kind, match=words) as caught:
        read_samples([source])
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    assert "README" not in str(caught.value)


def test_no_source_is_refused() -> None:
    with pytest.raises(UsageError, match="no training data"):
        read_samples([])


# --- several sources ---------------------------------------------------------------------------


def test_sources_mix_and_an_image_counts_once(here: Path) -> None:
    put("d/1.png")
    put("d/1.gt.txt", "one")
    put("d/2.png")
    put("d/list.tsv", "1.png\tone\n2.png\ttwo\n1.png\tone\n")
    put("d/2.gt.txt", "TWO")
    Path("link").symlink_to("d")
    dataset = read_samples(["d/1.png", "d/list.tsv", "link", here / "d" / "1.gt.txt"])
    assert [(s.id, s.text) for s in dataset.samples] == [("1", "one"), ("2", "two")]
    assert dataset.sources == (
        ("d/1.png", 1),
        ("d/list.tsv", 1),
        ("link", 0),
        (str(here / "d" / "1.gt.txt"), 0),
    )
    (problem,) = dataset.problems
    assert problem.id == str(Path("link/2.gt.txt"))
    assert "another text" in problem.reason
    assert f"{Path('d/list.tsv')}:2" in problem.reason


def test_ids_are_unique_over_sources(here: Path) -> None:
    for folder in ("a/lines", "b/lines", "c/lines"):
        put(f"{folder}/1.png")
        put(f"{folder}/1.gt.txt", folder)
    put("a/lines/1.tif")
    put("a/lines/list.tsv", "1.tif\ttif\n")
    ids = texts("a/lines/1.png", "b/lines", "c/lines", "a/lines/list.tsv")
    assert ids == {
        "1": "a/lines",
        "lines/1": "b/lines",
        "lines/1.png": "c/lines",
        "lines/1.tif": "tif",
    }
    put("d/lines/1.png")
    put("d/lines/1.gt.txt", "d/lines")
    assert len(texts("b/lines", "c/lines", "d/lines", "a/lines/1.png")) == 4


def test_a_link_back_into_the_tree_ends(here: Path) -> None:
    put("d/1.png")
    put("d/1.gt.txt", "one")
    Path("d/again").symlink_to("..", target_is_directory=True)
    assert texts("d") == {"1": "one"}


# --- problems ----------------------------------------------------------------------------------


def test_missing_partners_name_the_nearest_file(here: Path) -> None:
    for stem in ("page1_01", "page1_02"):
        put(f"d/{stem}.png")
        put(f"d/{stem}.gt.txt", stem)
    put("d/page1_3.png")
    put("d/page1_03.gt.txt", "three")
    put("d/alone.png")
    put("d/single.gt.txt", "text")
    dataset = read_samples(["d"])
    assert len(dataset.samples) == 2
    found = {Path(problem.id).name: problem for problem in dataset.problems}
    assert set(found) == {"page1_3.png", "page1_03.gt.txt", "alone.png", "single.gt.txt"}
    assert "did you mean page1_03.gt.txt?" in found["page1_3.png"].fix
    assert "did you mean page1_3.png?" in found["page1_03.gt.txt"].fix
    assert "alone.gt.txt" in found["alone.png"].fix
    assert "single.png" in found["single.gt.txt"].reason
    assert all(problem.id.startswith("d") for problem in dataset.problems)
    assert only_problem("d/page1_3.png") == found["page1_3.png"]
    assert only_problem("d/single.gt.txt") == found["single.gt.txt"]


def test_two_images_of_one_line(here: Path) -> None:
    for suffix in ("jpg", "png"):
        put(f"d/1.{suffix}")
    put("d/1.gt.txt", "one")
    dataset = read_samples(["d"])
    assert [s.image.name for s in dataset.samples] == ["1.png"]
    assert [Path(p.id).name for p in dataset.problems] == ["1.jpg"]


@pytest.mark.parametrize(
    ("content", "reason", "fix"),
    [
        (b"", "empty", "1.png"),
        (b" \xc2\xa0\r\n\n", "empty", "1.png"),
        (b"\xef\xbb\xbf", "empty", "1.png"),
        (b"one\ntwo\n", "2 lines", "only the text"),
        (b"one\rtwo", "2 lines", "only the text"),
        (b"caf\xe9", "byte 0xe9 at offset 3", "iconv -f WINDOWS-1252 -t UTF-8 1.gt.txt"),
        (b"a\x81", "byte 0x81 at offset 1", "iconv -f ISO-8859-1"),
        ("\ufeffone".encode("utf-16-le"), "byte 0xff at offset 0", "iconv -f UTF-16"),
    ],
)
def test_unusable_transcriptions(here: Path, content: bytes, reason: str, fix: str) -> None:
    put("d/1.png")
    put("d/1.gt.txt", content)
    problem = only_problem("d")
    assert problem.id == str(Path("d/1.gt.txt"))
    assert reason in problem.reason
    assert fix in problem.fix


@pytest.mark.parametrize("content", [b"one\n", b"\xef\xbb\xbfone\r\n\r\n", b"\n\n one\x0c"])
def test_white_space_around_a_transcription_is_no_problem(here: Path, content: bytes) -> None:
    put("d/1.png")
    put("d/1.gt.txt", content)
    assert texts("d") == {"1": "one"}


@pytest.mark.parametrize(
    ("line", "reason", "fix"),
    [
        (b"1.png one", "no TAB", "image<TAB>text"),
        (b"\tone", "no image", "image<TAB>text"),
        (b"a\0b.png\tone", "no image", "image<TAB>text"),
        (b"1.png\t  ", "text of 1.png is empty", "write it"),
        (b"1.png\tcaf\xe9", "byte 0xe9 at offset 21", "iconv -f WINDOWS-1252"),
        (b"line_01.webp\tx", "line_01.webp does not exist", "did you mean line_01.png?"),
        (b"zzz.png\tx", "zzz.png does not exist", "check the path"),
        (b"no/1.png\tx", "folder cannot be read", "folder of the list"),
        (b"../1.png\tx", "outside the list's folder", "absolute path"),
        (b"sub/../../1.png\tx", "outside the list's folder", "absolute path"),
        (b"a" * 300 + b".png\tx", "does not exist", "check the path"),
    ],
)
def test_unusable_list_lines(here: Path, line: bytes, reason: str, fix: str) -> None:
    put("1.png")
    put("d/1.png")
    put("d/2.png")
    put("d/line_01.png")
    put("d/train.tsv", b"2.png\ttwo\r\n\n" + line + b"\n")
    dataset = read_samples(["d/train.tsv"])
    assert [s.text for s in dataset.samples] == ["two"]
    (problem,) = dataset.problems
    assert problem.id == f"{Path('d/train.tsv')}:3"
    assert reason in problem.reason
    assert fix in problem.fix


def test_an_image_that_has_its_own_text_was_not_meant(here: Path) -> None:
    put("line_01.png")
    put("list.tsv", "line_01.png\tone\nline_02.png\ttwo\n")
    assert only_problem("list.tsv").fix.startswith("check the path")


def test_dots_that_stay_inside_are_allowed(here: Path) -> None:
    put("d/1.png")
    put("d/train.tsv", "sub/../1.png\tone\n")
    assert texts("d/train.tsv") == {"1": "one"}


@pytest.mark.parametrize("content", [b"a text\nwithout tabs\n", "1.png\t1\n".encode("utf-16")])
def test_a_file_that_is_no_list_is_one_problem(here: Path, content: bytes) -> None:
    put("list.txt", content)
    dataset = read_samples(["list.txt"])
    assert dataset.samples == ()
    assert [problem.id for problem in dataset.problems] == ["list.txt"]


def test_unreadable_files_are_problems(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stem in "12":
        put(f"d/{stem}.png")
        put(f"d/{stem}.gt.txt", stem)
    read = Path.read_bytes

    def guarded(path: Path) -> bytes:
        if path.name == "2.gt.txt":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", guarded)
    dataset = read_samples(["d"])
    assert [s.text for s in dataset.samples] == ["1"]
    assert [(Path(p.id).name, p.reason) for p in dataset.problems] == [
        ("2.gt.txt", "cannot be read: Permission denied")
    ]


def test_file_names_that_are_no_utf8(here: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    try:
        put(f"d/{name}.png")
    except OSError:
        pytest.skip("this file system has UTF-8 names only")
    put("d/1.png")
    put("d/1.gt.txt", "one")
    assert "caf\\udce9.png" in problems_tsv(read_samples(["d"]).problems)
    put(f"d/{name}.gt.txt", "two")
    assert {s.id for s in read_samples(["d"]).samples} == {"1", "caf\\udce9"}


def test_problem_of_a_refused_image() -> None:
    sample = Sample("id", Path("d/1.png"), "one")
    problem = image_problem(sample, ImageError("d/1.png is truncated"))
    assert (problem.id, problem.reason) == (str(Path("d/1.png")), "d/1.png is truncated")
    assert problem.fix
    assert image_problem(sample, ImageError("broken", "scan it again")).fix == "scan it again"


# --- frames ------------------------------------------------------------------------------------


def spellable(text: str, frames: int) -> bool:
    """Whether any path over the text's characters and the blank collapses to ``text``."""
    symbols = [*sorted(set(text)), ""]
    for path in itertools.product(symbols, repeat=frames):
        if "".join(symbol for symbol, _ in itertools.groupby(path)) == text:
            return True
    return False


@pytest.mark.parametrize("text", ["a", "ab", "aa", "aba", "aab", "aaa", "abba"])
@pytest.mark.parametrize("frames", range(6))
def test_frame_problem_against_all_paths(text: str, frames: int) -> None:
    assert (frame_problem("x", text, frames) is None) == spellable(text, frames)


def test_frame_problem_says_how_wide() -> None:
    problem = frame_problem("page/line", "aab" * 10, 20)
    assert problem is not None
    assert problem.id == "page/line"
    assert "30 characters needs 40 frames" in problem.reason
    assert "2.0 times as wide" in problem.fix
    assert "two lines" in problem.fix


# --- report and speed --------------------------------------------------------------------------


def test_report_counts(here: Path) -> None:
    put("d/list.tsv", "".join(f"p{n % 2}.{n:010x}.png\tabba{n}\n" for n in range(6)) + "x.png\t\n")
    for n in range(6):
        put(f"d/p{n % 2}.{n:010x}.png")
    dataset = read_samples(["d/list.tsv"])
    facts = report(dataset)
    assert (facts.lines, facts.characters, facts.pages) == (6, 30, 2)
    assert facts.alphabet == "012345ab"
    assert facts.rare == tuple((digit, 1) for digit in "012345")
    assert facts.sources == (("d/list.tsv", 6),)
    assert facts.problems == dataset.problems
    assert len(facts.problems) == 1


def test_problems_tsv_is_one_row_per_problem() -> None:
    table = problems_tsv([Problem("a\tb\n", "reason", "fix"), Problem("c", "r", "f")])
    assert [row.split("\t") for row in table.splitlines()] == [
        ["id", "reason", "fix"],
        ["a\\tb\\n", "reason", "fix"],
        ["c", "r", "f"],
    ]


def test_a_long_list_looks_at_no_file_but_its_folder(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []
    monkeypatch.setattr(listfile, "_exists", looks.append)
    for n in range(20):
        put(f"d/{n}.png")
    put("d/list.tsv", "".join(f"{n}.png\tline {n}\n" for n in range(21)))
    assert len(read_samples(["d/list.tsv"]).samples) == 20
    assert looks == [Path("d/20.png")]


def test_a_long_list_is_read_quickly(here: Path) -> None:
    for n in range(100):
        put(f"d/images/{n}.png")
    put("d/list.tsv", "".join(f"images/{n % 100}.png\tline {n % 100}\n" for n in range(50_000)))
    start = time.process_time()
    assert len(texts("d/list.tsv")) == 100
    assert time.process_time() - start < 3


def test_names_count_in_their_own_folder(here: Path) -> None:
    """What another folder has is no reason not to suggest it here."""
    put("d/a/line_01.png")
    put("d/b/line_01.png")
    put("d/list.tsv", "a/line_01.png\tone\nb/line_l1.png\ttwo\n")
    (problem,) = read_samples(["d/list.tsv"]).problems
    assert problem.fix == "did you mean line_01.png?"


def test_missing_images_in_many_folders_are_reported_quickly(here: Path) -> None:
    for n in range(300):
        put(f"d/{n}/a.png")
    rows = (f"{n % 300}/line_{n}.png\ttext\n" for n in range(12_000))
    put("d/list.tsv", "".join(rows))
    start = time.process_time()
    assert len(read_samples(["d/list.tsv"]).problems) == 12_000
    assert time.process_time() - start < 5


def test_many_images_of_one_name_are_read_quickly(here: Path) -> None:
    for n in range(2000):
        put(f"e/{n}/1.png")
    put("d/list.tsv", "".join(f"{here}/e/{n}/1.png\t{n}\n" for n in range(2000)))
    start = time.process_time()
    samples = read_samples(["d/list.tsv"]).samples
    assert time.process_time() - start < 2
    assert [sample.id for sample in samples[:4]] == ["1", "d/1", "d/1.png", "d/1.png~2"]
    assert len({sample.id for sample in samples}) == 2000


def test_many_missing_images_are_reported_quickly(here: Path) -> None:
    for n in range(250):
        put(f"d/image_{n:05d}.png")
    put("d/list.tsv", "".join(f"imagine_{n:05d}.png\tline {n}\n" for n in range(10_000)))
    start = time.process_time()
    dataset = read_samples(["d/list.tsv"])
    assert len(dataset.problems) == 10_000
    assert "did you mean image_" in dataset.problems[0].fix
    assert time.process_time() - start < 5
