"""How often a line is taken for a page, or a page for a line.

    python scripts/bench/kind.py SHARED

SHARED holds ``data/{hand,print}/<collection>/{train,val,test}.tsv`` with images of lines and
``pages/{hand,print}/<collection>/`` with pages and their PAGE or ALTO files, whose given lines
are cut out at the size of the scan as well. Every image that is misjudged is named.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ocr.files.names import image_stem
from ocr.formats.pagefile import read_page
from ocr.preprocessing.crop import crop_line
from ocr.preprocessing.image import image_size, load_image
from ocr.preprocessing.kind import SMALLEST_PAGE, is_page
from ocr.training.data.dataset import read_samples


def line_lists(shared: Path) -> Iterator[tuple[str, bool]]:
    """(name, taken for a page) of every line image; most are too small to need decoding."""
    for listing in sorted(shared.glob("data/*/*/*.tsv")):
        for sample in read_samples([listing]).samples:
            small = min(image_size(sample.image)) < SMALLEST_PAGE
            page = not small and is_page(load_image(sample.image))
            yield str(sample.image.relative_to(shared)), page


def cut_lines(shared: Path) -> Iterator[tuple[str, bool]]:
    for file in sorted(shared.glob("pages/*/*/*.xml")):
        page = read_page(file).transcript.page
        ink = load_image(page.image)
        for line in page.lines:
            yield f"{file.relative_to(shared)} {line.id}", is_page(crop_line(ink, line))


def pages(shared: Path) -> Iterator[tuple[str, bool]]:
    for image in sorted(shared.glob("pages/*/*/*")):
        if image_stem(image.name) is not None:
            yield str(image.relative_to(shared)), is_page(load_image(image))


def report(title: str, judged: Iterator[tuple[str, bool]], expected: bool) -> None:
    count, wrong = 0, []
    for name, page in judged:
        count += 1
        wrong += [name] if page != expected else []
    print(f"{title}: {len(wrong)} of {count:,} misjudged")
    print("".join(f"    {name}\n" for name in wrong), end="", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("shared", type=Path)
    shared = parser.parse_args().shared
    report("pages", pages(shared), True)
    report("lines cut out of them", cut_lines(shared), False)
    report("images of lines", line_lists(shared), False)


if __name__ == "__main__":
    main()
