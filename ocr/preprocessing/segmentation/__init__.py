"""The steps from a page's ink to its lines; ``ocr.preprocessing.segment`` calls them in turn.

The height of the text is estimated first, and a working copy of the page is made on which it is
``BODY`` pixels. Every other length is a multiple of it.
"""

from __future__ import annotations

BODY = 12.0  # px, the x-height on the working copy: its strokes are then 1 to 3 px wide
