"""Folders that one process at a time may use."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout


@contextlib.contextmanager
def locked(path: Path, refusal: str) -> Iterator[None]:
    """Holds a lock for as long as this process lives; the file may stay, and means nothing.

    Raises a FileExistsError with the given message where another process holds it.
    """
    try:
        held = FileLock(path).acquire(timeout=0)
    except Timeout:
        raise FileExistsError(refusal) from None
    with held:
        yield
