from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFont

from ocr.errors import InputError, UsageError
from ocr.training.synthesis.faces import FIXED, HAND, SANS, SERIF, read_face
from ocr.training.synthesis.fonts import Library, read_fonts

Draw = Callable[..., Path]
LATIN = {"x": 500, "n": 500, "b": 700, "h": 700, "B": 700}


def test_faces_have_their_kind(library: Library) -> None:
    kinds = {face.name: (face.kind, face.regular) for face in library.faces}
    assert kinds == {
        "DejaVuSerif": (SERIF, True),
        "DejaVuSerif-Bold": (SERIF, False),
        "DejaVuSansMono": (FIXED, True),
        "DejaVuSans-Oblique": (HAND, False),
    }


def test_coverage_is_what_freetype_draws(library: Library) -> None:
    """The second implementation renders: a character is there if its picture is not that of a
    character that no font has, and not blank."""
    face = next(face for face in library.faces if face.name == "DejaVuSerif")
    font = ImageFont.truetype(str(face.path), 40)
    unknown = bytes(font.getmask("\U0010fffd"))
    for code in [*range(33, 0x250), 0x2014, 0x20AC, 0x4E00, 0x0E01]:
        character = chr(code)
        if not character.isprintable() or character.isspace():
            continue
        mask = font.getmask(character)
        drawn = mask.getbbox() is not None and bytes(mask) != unknown
        assert (character in face.characters) == drawn, hex(code)


def test_a_blank_glyph_is_a_missing_character(tmp_path: Path, draw_font: Draw) -> None:
    face = read_face(draw_font(tmp_path / "boxes.ttf", {**LATIN, "a": 0}))
    assert face.characters == frozenset("xnbhB")
    assert face.x_height == pytest.approx(0.5, abs=0.01)


def test_what_is_drawn_as_another_is_left_out(tmp_path: Path, draw_font: Draw) -> None:
    """The picture of a sharp s that looks like a B says B. Other scripts share letters by right."""
    letters = {**LATIN, "B": 650, "\N{LATIN SMALL LETTER SHARP S}": 650, "l": 710, "|": 710}
    letters |= {"-": 90, "\N{EN DASH}": 90, "\N{GREEK CAPITAL LETTER BETA}": 650, "!": 720}
    face = read_face(draw_font(tmp_path / "f.ttf", letters))
    assert face.characters == frozenset("xnbhBl-!\N{GREEK CAPITAL LETTER BETA}")


def test_letters_from_right_to_left_are_left_out(tmp_path: Path, draw_font: Draw) -> None:
    letters = {**LATIN, "\u05d0": 500, "\u0628": 500}
    assert read_face(draw_font(tmp_path / "f.ttf", letters)).characters == frozenset("xnbhB")


def test_small_capitals_are_no_small_letters(tmp_path: Path, draw_font: Draw) -> None:
    face = read_face(draw_font(tmp_path / "caps.ttf", dict.fromkeys("xnbhB", 700)))
    assert face.characters == frozenset("B")


def test_a_face_is_chosen_only_for_what_it_can_write(library: Library) -> None:
    rng = np.random.default_rng(0)
    assert library.choose(rng, SERIF, "plain text", 0.5).kind == SERIF
    assert library.choose(rng, SERIF, "一", 0.5) is None


def test_families_are_drawn_alike(tmp_path: Path, draw_font: Draw) -> None:
    library = read_fonts([draw_font(tmp_path / f"{name}.ttf", LATIN) for name in ("one", "two")])
    rng = np.random.default_rng(1)
    names = [library.choose(rng, SANS, "xn", 0.5).name for _ in range(400)]
    assert 150 < names.count("one") < 250


@pytest.mark.parametrize("regular", [0.0, 0.8, 1.0])
def test_regular_faces_have_their_share(library: Library, regular: float) -> None:
    rng = np.random.default_rng(1)
    names = [library.choose(rng, SERIF, "word", regular).name for _ in range(400)]
    assert set(names) <= {"DejaVuSerif", "DejaVuSerif-Bold"}
    assert names.count("DejaVuSerif") == pytest.approx(400 * regular, abs=40 * (0 < regular < 1))


def test_the_sibling_is_of_the_same_family(library: Library) -> None:
    rng = np.random.default_rng(2)
    by_name = {face.name: face for face in library.faces}
    serif, mono = by_name["DejaVuSerif"], by_name["DejaVuSansMono"]
    assert library.sibling(rng, serif, "word").name == "DejaVuSerif-Bold"
    assert library.sibling(rng, mono, "word") is mono


def test_flourished_capitals_only_begin_words(tmp_path: Path, draw_font: Draw) -> None:
    letters = {"x": 300, "n": 300, "b": 700, "h": 700, "B": 700}
    script = read_face(draw_font(tmp_path / "script.ttf", letters), hand=True)
    assert script.suits("Bxn hb")
    assert not script.suits("BBB x")
    assert read_face(draw_font(tmp_path / "print.ttf", letters)).suits("BBB x")


def test_what_lies_anywhere_below_a_folder_of_hands_is_handwriting(
    tmp_path: Path, draw_font: Draw
) -> None:
    """But not what lies in one by chance, above the folder that was named."""
    top = tmp_path / "script"
    for name in ("hand/one/static/a.ttf", "hand/b.ttf", "text/c.ttf"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        draw_font(top / name, LATIN)
    kinds = {face.name: face.kind for face in read_fonts([top / "hand", top / "text"]).faces}
    assert kinds == {"a": HAND, "b": HAND, "c": SANS}
    (face,) = read_fonts([top / "hand" / "b.ttf"]).faces
    assert face.kind == HAND
    (face,) = read_fonts([top / "text" / "c.ttf"]).faces
    assert face.kind == SANS


def test_what_is_no_font_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no font in"):
        read_fonts([tmp_path / "empty"])
    with pytest.raises(UsageError, match="does not exist"):
        read_fonts([tmp_path / "absent"])
    (tmp_path / "bad.ttf").write_bytes(b"not a font")
    with pytest.raises(InputError, match=r"bad\.ttf is no readable font"):
        read_fonts([tmp_path])


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_font_cut_short_is_refused(tmp_path: Path, font_folder: Path, kept: float) -> None:
    whole = (font_folder / "text" / "DejaVuSansMono.ttf").read_bytes()
    (tmp_path / "cut.ttf").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(InputError, match=r"cut\.ttf is no readable font"):
        read_face(tmp_path / "cut.ttf")
