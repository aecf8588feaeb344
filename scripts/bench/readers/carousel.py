"""This project as a reader for accuracy.py: carousel.py [MODEL]"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

from ocr.recognition import load_model

model = load_model(*sys.argv[1:2])
for path in sys.stdin:
    print(model.recognize(path.rstrip("\n")).text, flush=True)
