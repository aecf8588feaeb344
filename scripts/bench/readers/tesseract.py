"""Tesseract as a reader for accuracy.py: tesseract.py [LANGUAGE or LIST]

LANGUAGE is one of Tesseract's, such as eng; of the name of a list, print/deu_artcat, the
language is taken. The command line program starts anew for every line, as it does for whoever
uses it so; page segmentation mode 7 is one line.
"""

from __future__ import annotations

import os
import subprocess
import sys

os.environ.setdefault("OMP_THREAD_LIMIT", "1")
language = (sys.argv[1] if len(sys.argv) > 1 else "eng").rpartition("/")[2].partition("_")[0]
if len(language) != 3:  # hand/copiste
    language = "eng" if language == "hooker" else "fra"
for path in sys.stdin:
    command = ["tesseract", path.rstrip("\n"), "-", "--psm", "7", "-l", language]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    print(" ".join(done.stdout.split()), flush=True)
