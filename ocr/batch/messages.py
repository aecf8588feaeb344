"""What the processes of a batch say to each other: a line of JSON, and the files' contents.

to a worker     {"model": {"path": ...}, "kinds": ["txt"], "input": "auto"}
its answer      {} when it is ready, or {"error": "...", "hint": "...", "code": 5}
to a worker     [{"name": "a/x", "source": "a/x.png", "index": 0, "image": null}, ...]
its answers     {"sizes": {"txt": 8}, "problems": [], "error": "", "seconds": 0.1} and 8 bytes,
                one for each job
"""

from __future__ import annotations

import json
from typing import IO, Any

from ocr.batch.reading import Made
from ocr.types import Problem


def send(stream: IO[bytes], message: Any, *contents: bytes) -> None:
    """Write a message. Raises OSError if nobody listens any more."""
    stream.write(json.dumps(message).encode("ascii") + b"\n")
    stream.writelines(contents)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """The next message. Raises EOFError if the other side is gone."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return json.loads(line)


def send_made(stream: IO[bytes], made: Made) -> None:
    """Write what was made of a job."""
    message = {
        "sizes": {kind: len(content) for kind, content in made.contents.items()},
        "problems": [[problem.id, problem.reason, problem.fix] for problem in made.problems],
        "error": made.error,
        "seconds": made.seconds,
    }
    send(stream, message, *made.contents.values())


def receive_made(stream: IO[bytes]) -> Made:
    """What ``send_made`` wrote. Raises EOFError if the other side is gone."""
    message = receive(stream)
    contents = {kind: _exactly(stream, size) for kind, size in message["sizes"].items()}
    problems = tuple(Problem(*entry) for entry in message["problems"])
    return Made(contents, problems, message["error"], message["seconds"])


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data
