"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ocr.errors import OutputError


def write_atomically(path: Path, content: bytes | str) -> None:
    """Put ``content`` at ``path``: written beside it, synced to disk, then renamed over it.

    Whoever looks sees the old file or the new one, also after a power cut. Missing folders are
    made. Raises OutputError if the place cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name[:60]}.{secrets.token_hex(6)}")
        try:
            with temporary.open("xb") as file:  # a new file: its permissions follow the umask
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error})",
            "choose another place or make room",
        ) from error
