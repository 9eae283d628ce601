"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a name beside `path` to write to; it takes `path`'s place once that is complete.

    The name ends as `path` does, since some writers choose a format by it.
    """
    path = Path(path)
    if not path.name or path.is_dir() or not path.parent.is_dir():
        raise FileNotFoundError(
            f"A file must have a name, in a folder that exists. Received {str(path)!r}. Make the "
            "folder first, or choose another name."
        )
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
