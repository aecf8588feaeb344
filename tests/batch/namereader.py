"""A reader that needs no model: the text of an image is its name.

As a program it is a worker process that reads so: python namereader.py.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

from ocr.errors import ImageError, InputError, ModelError
from ocr.files.lock import locked
from ocr.options import DecodingOptions, ReadingOptions
from ocr.preprocessing.pages import PageImage, page_size
from ocr.types import Line, Page, PageTranscript, Transcript


class NameReader:
    """Reads ``x.png`` as "x", a page of several as its size, and a line of a page as its id.

    ``bad*`` cannot be read, ``trap*`` breaks the whole batch, ``noisy*`` prints, ``killer*`` ends
    the process, and ``stuck*`` never ends, holding the lock of ``stuck.lock`` beside it.
    """

    def __init__(
        self, model_id: str = "0123456789ab", decoding: DecodingOptions = DecodingOptions()
    ) -> None:
        self.model_id, self.decoding = model_id, decoding
        self.batches: list[list[str]] = []

    @property
    def names(self) -> list[str]:
        """Everything that was read, in order."""
        return [name for batch in self.batches for name in batch]

    def read_many(
        self, sources: Sequence[PageImage], options: ReadingOptions
    ) -> list[Transcript | PageTranscript | ImageError]:
        self.batches.append([_name(source) for source in sources])
        if any(_name(source).startswith("trap") for source in sources):
            raise RuntimeError("it\nsnapped")
        if options.input == "page":
            return [self.recognize_page(_page(source)) for source in sources]
        return [self._read(source) for source in sources]

    def recognize_page(self, page: Page) -> PageTranscript:
        self.batches.append([page.image.name])
        if page_size(page.image, page.index) != (page.width, page.height):
            raise ImageError(f"{page.image} has another size")
        readings = tuple(Transcript(line.id, 0.5) for line in page.lines)
        return PageTranscript(page, readings, self.model_id)

    def _read(self, line: PageImage) -> Transcript | ImageError:
        name = _name(line)
        if name.startswith("bad"):
            return ImageError(f"{line.path} is no image", "scan it again")
        if name.startswith("noisy"):
            print("libtiff: Warning, what a tag", flush=True)
        if name.startswith("killer"):
            os.kill(os.getpid(), signal.SIGKILL)
        if name.startswith("stuck"):
            with locked(line.path.with_name("stuck.lock")):
                signal.pause()
        return Transcript(Path(name).stem, 0.5)


def _name(source: PageImage) -> str:
    if not source.index:
        return source.path.name
    height, width = source.load().shape
    return f"{width}x{height}"


def _page(source: PageImage) -> Page:
    """A page on which two lines were found."""
    width, height = page_size(source.path, source.index)
    box = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))
    lines = tuple(Line(name, box, ()) for name in ("found1", "found2"))
    return Page(source.name, source.path, width, height, lines, source.index)


def load_model(path: Path, decoding: DecodingOptions) -> NameReader:
    """Stands for the real one; the model's id is the name of its file. Who loads ``heavy`` first
    is killed."""
    if path.name == "refused":
        raise ModelError("it is no model", "train one")
    if path.name == "wordless":
        raise InputError("its lexicon is empty", "write one")
    if path.name == "heavy" and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return NameReader(path.name, decoding)


if __name__ == "__main__":
    from ocr.batch import worker

    sys.modules["ocr.recognition"] = SimpleNamespace(load_model=load_model, Recognizer=NameReader)  # type: ignore[assignment]
    worker.main()
