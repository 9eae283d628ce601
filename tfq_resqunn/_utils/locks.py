"""Folders that one process at a time may use."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout


@contextlib.contextmanager
def locked(path: Path, refusal: str, seconds: float = 0) -> Iterator[FileLock]:
    """Holds a lock until it is left or released; the file may stay, and means nothing.

    Where another process holds it, waits for so many seconds, and then raises a FileExistsError
    with the given message. The system releases a lock when its process ends, however that ends.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise FileExistsError(refusal) from None
    try:
        yield lock
    finally:
        lock.release()
