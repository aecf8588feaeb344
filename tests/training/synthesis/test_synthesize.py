from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ocr.errors import InputError, UsageError
from ocr.options import PreprocessingOptions, SynthesisOptions
from ocr.preprocessing.columns import frame_count
from ocr.preprocessing.normalize import normalize_line
from ocr.training.data.problems import frame_problem
from ocr.training.synthesis.corpus import Corpus
from ocr.training.synthesis.fonts import Library, read_fonts
from ocr.training.synthesis.handwritten import HAND_STYLES
from ocr.training.synthesis.printed import PRINT_STYLES
from ocr.training.synthesis.synthesize import Rendered, Synthesizer

NAMES_OF_HANDS = {style.name for style in HAND_STYLES}


@pytest.fixture(scope="module")
def synthesizer(library: Library, corpus: Corpus) -> Synthesizer:
    return Synthesizer(library, corpus, SynthesisOptions(), seed=4)


@pytest.fixture(scope="module")
def lines(synthesizer: Synthesizer) -> list[Rendered]:
    return [synthesizer.line(index) for index in range(150)]


def test_a_line_depends_on_seed_and_number_alone(
    library: Library, corpus: Corpus, lines: list[Rendered]
) -> None:
    again = Synthesizer(library, corpus, SynthesisOptions(), seed=4)
    for index in (17, 3, 120, 3):  # in any order, and twice
        line = again.line(index)
        assert (line.text, line.font, line.kind) == (
            lines[index].text, lines[index].font, lines[index].kind
        )  # fmt: skip
        np.testing.assert_array_equal(line.image, lines[index].image)
    assert Synthesizer(library, corpus, SynthesisOptions(), seed=5).line(3).text != lines[3].text
    assert len({line.text for line in lines}) > 100


def test_lines_can_be_seen(lines: list[Rendered]) -> None:
    for line in lines:
        assert line.image.dtype == np.uint8
        assert 8 <= line.image.shape[0] <= 250
        low, high = np.percentile(line.image, (1, 99))
        assert high - low >= 12, (line.kind, line.text)


def test_lines_are_wide_enough_for_their_text(lines: list[Rendered]) -> None:
    """What training asks of every line: a frame per character after normalisation."""
    for line in lines:
        ink = 1 - line.image.astype(np.float32) / 255
        width = normalize_line(ink, PreprocessingOptions()).values.shape[1]
        assert frame_problem("line", line.text, frame_count(width)) is None, line.text


def test_every_style_is_drawn(lines: list[Rendered]) -> None:
    kinds = {line.kind.split(",")[0] for line in lines}
    assert len(kinds) >= 10
    assert kinds <= {style.name for style in (*PRINT_STYLES, *HAND_STYLES)}
    for line in lines:
        style = line.kind.split(",")[0]
        assert (line.font == "DejaVuSans-Oblique") == (style in NAMES_OF_HANDS)
        if style in ("typewriter", "receipt", "dot matrix"):
            assert line.font == "DejaVuSansMono"
        if style in ("book", "newspaper"):
            assert line.font.startswith("DejaVuSerif")


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_share_of_handwriting_is_kept(library: Library, corpus: Corpus, share: float) -> None:
    drawn = Synthesizer(library, corpus, SynthesisOptions(handwriting=share), seed=1)
    hands = [style.name in NAMES_OF_HANDS for _, style in drawn._styles]
    shares = [part for part, _ in drawn._styles]
    assert sum(shares) == pytest.approx(1)
    assert sum(p for p, hand in zip(shares, hands, strict=True) if hand) == pytest.approx(share)


def test_without_fonts_for_a_style_the_others_stand_in(font_folder: Path, corpus: Corpus) -> None:
    serif = read_fonts([font_folder / "text" / "DejaVuSerif.ttf"])
    drawn = Synthesizer(serif, corpus, SynthesisOptions(handwriting=0.5), seed=1)
    kinds = {drawn.line(index).kind.split(",")[0] for index in range(40)}
    assert kinds.isdisjoint({"typewriter", "receipt", "dot matrix", "ballpoint", "quill"})


def test_no_character_is_rendered_that_the_font_lacks(
    tmp_path: Path, corpus: Corpus, draw_font: Callable[..., Path]
) -> None:
    few = dict.fromkeys("xnaeu", 500) | dict.fromkeys("bdhlt14B", 700) | {".": 90}
    more = few | dict.fromkeys("iorsw", 500)
    poor = [draw_font(tmp_path / f"few{number}.ttf", few) for number in range(12)]
    library = read_fonts([*poor, draw_font(tmp_path / "more.ttf", more)])
    drawn = Synthesizer(library, corpus, SynthesisOptions(), seed=2)
    assert drawn.characters <= set(more)
    fonts = set()
    for index in range(30):
        line = drawn.line(index)
        fonts.add(line.font)
        assert set(line.text) - {" "} <= set(more if line.font == "more" else few)
    assert "more" in fonts
    assert len(fonts) > 5


def test_only_allowed_characters_are_written(library: Library, corpus: Corpus) -> None:
    allowed = frozenset("abcdefghijklmnopqrstuvwxyz ")
    drawn = Synthesizer(library, corpus, SynthesisOptions(), 3, allowed)
    assert all(set(drawn.line(index).text) <= allowed for index in range(20))


def test_the_longest_text_is_respected(library: Library, corpus: Corpus) -> None:
    drawn = Synthesizer(library, corpus, SynthesisOptions(longest=12), seed=3)
    lengths = [len(drawn.line(index).text) for index in range(40)]
    assert max(lengths) <= 12
    assert min(lengths) < 6


def test_fonts_of_another_script_are_refused(
    tmp_path: Path, corpus: Corpus, draw_font: Callable[..., Path]
) -> None:
    library = read_fonts([draw_font(tmp_path / "han.ttf", {"一": 700, "二": 700})])
    with pytest.raises(InputError, match="fonts of their script"):
        Synthesizer(library, corpus, SynthesisOptions(), seed=1).line(0)


def test_options_are_checked() -> None:
    with pytest.raises(UsageError, match="handwriting"):
        SynthesisOptions(handwriting=1.5)
    with pytest.raises(UsageError, match="longest"):
        SynthesisOptions(longest=0)


@pytest.mark.parametrize(("share", "kept"), [(0.0, "hand"), (1.0, "text")])
def test_what_alone_is_wanted_must_be_there(
    font_folder: Path, corpus: Corpus, share: float, kept: str
) -> None:
    fonts = read_fonts([font_folder / kept])
    with pytest.raises(UsageError, match="handwriting"):
        Synthesizer(fonts, corpus, SynthesisOptions(handwriting=share), seed=1)
