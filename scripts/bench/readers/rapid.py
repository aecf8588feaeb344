"""RapidOCR as a reader for accuracy.py: recognition alone, its default model."""

from __future__ import annotations

import logging
import sys

from rapidocr import RapidOCR

logging.disable(logging.WARNING)
engine = RapidOCR()
for path in sys.stdin:
    result = engine(path.rstrip("\n"), use_det=False, use_cls=False, use_rec=True)
    print(" ".join(" ".join(result.txts or ()).split()), flush=True)
