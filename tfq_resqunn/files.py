"""Files that are whole or not there, and whether they can be written, found out beforehand."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives a name beside `path` to write to; it takes `path`'s place once that is complete.

    A file of that name is made at once, so that a place that cannot be written to is found before
    the work and not after it. The name ends as `path` does, since some writers choose a format by
    it.
    """
    path = Path(path)
    with _explaining(path):
        target = check_file(path)
        temporary = target.with_name(f".{os.getpid()}-{target.name[-40:]}")
        temporary.touch()
    try:
        yield temporary
        with _explaining(path):
            os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def check_file(path: str | os.PathLike, what: str = "A file") -> Path:
    """Finds out whether a file can have this name, and gives the path that is written to.

    Args:
        path: The file. A link to a file stays one; what it leads to is written.
        what: What is to have the name, for messages.

    Raises:
        OSError: If not; it says why.
    """
    path, target = Path(path), Path(os.path.realpath(path))
    if path.name and path.is_dir():
        raise IsADirectoryError(
            f"{what} must have a name of its own. Received {str(path)!r}, which is a folder. Add "
            "the file's name to it."
        )
    if not path.name or not target.parent.is_dir():
        raise FileNotFoundError(
            f"{what} must have a name, in a folder that exists. Received {str(path)!r}. Make "
            "the folder first, or choose another name."
        )
    if target.is_symlink() or (target.exists() and not target.is_file()):
        raise FileExistsError(
            f"{what} takes no other's place than a file's. Received {str(path)!r}, which is a "
            "device, a pipe or a link to itself. Choose another name."
        )
    return target


@contextmanager
def new_folder(path: str | os.PathLike, what: str = "A folder") -> Iterator[Path]:
    """Gives a folder beside `path` to fill; it takes the name `path` once it is complete.

    Args:
        path: The folder. It must not be there yet, and the folder that it lies in must.
        what: What is to have the name, for messages.

    Raises:
        OSError: If it is there, or cannot be made; it says why.
    """
    path = Path(path)
    with _explaining(path):
        if os.path.lexists(path):
            raise FileExistsError(
                f"{what} is made anew. Received {str(path)!r}, which exists. Choose another "
                "name, or remove it."
            )
        if not path.parent.is_dir():
            raise FileNotFoundError(
                f"{what} must lie in a folder that exists. Received {str(path)!r}. Make that "
                "folder first, or choose another name."
            )
        temporary = path.with_name(f".{os.getpid()}-{path.name[-40:]}")
        temporary.mkdir()
    try:
        yield temporary
        with _explaining(path):
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_folder(folder: str | os.PathLike, files: Iterable[str] = ()) -> None:
    """Finds out whether a folder can be made, or is there, and takes files. Nothing is left behind.

    Args:
        folder: The folder.
        files: Names of files that will be written there.

    Raises:
        OSError: If not; it says why.
    """
    folder = Path(folder)
    made: list[Path] = []
    with _explaining(folder):
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(
                f"{folder} must be a folder, and is a file.\nChoose another place."
            )
        for path in map(folder.joinpath, files):
            if path.is_dir():
                raise IsADirectoryError(f"{path} must be a file, and is a folder.\nRemove it.")
        try:
            for path in reversed((folder, *folder.parents)):
                if not path.is_dir():
                    path.mkdir()
                    made.append(path)
            with tempfile.TemporaryFile(dir=folder):
                pass
        finally:
            for path in reversed(made):
                path.rmdir()


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    """Says of which path the system's errors are, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # it does so already
            raise
        raise type(error)(
            f"{path} cannot be written to: {error.strerror}.\nChoose another place."
        ) from error
