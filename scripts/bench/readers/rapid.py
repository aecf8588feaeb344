"""RapidOCR as a reader for accuracy.py: recognition alone, its default model, one thread as the
other readers: left alone it takes one for every core, which on one core stand in each other's way.
"""

from __future__ import annotations

import logging
import sys

from rapidocr import RapidOCR

logging.disable(logging.WARNING)
THREADS = ("intra_op_num_threads", "inter_op_num_threads")
engine = RapidOCR(params={f"EngineConfig.onnxruntime.{name}": 1 for name in THREADS})
for path in sys.stdin:
    result = engine(path.rstrip("\n"), use_det=False, use_cls=False, use_rec=True)
    print(" ".join(" ".join(result.txts or ()).split()), flush=True)
