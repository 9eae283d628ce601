"""Zip files that strangers may have written, or a disk has damaged."""

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Opens a zip file to read from; a `ValueError` says what is wrong with what is in it.

    That may be the archive, wherever it is damaged, or what is made of its members meanwhile.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield archive
        except ValueError:
            raise
        except Exception as error:  # of every kind, as the file may be damaged anywhere
            raise ValueError(str(error) or type(error).__name__) from error


def read_member(archive: zipfile.ZipFile, name: str, max_size: int) -> bytes:
    """Reads a member of an archive; a `ValueError` if it is larger than so many bytes."""
    if archive.getinfo(name).file_size > max_size:
        raise ValueError(f"{name} is larger than {max_size} bytes")
    return archive.read(name)
