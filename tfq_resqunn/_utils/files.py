"""Writing files: they appear once they are complete, and are the same on every system."""

import contextlib
import errno
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

# Windows moves and removes nothing that is open, and virus scanners open what is new.
PATIENCE = 2.0 if sys.platform == "win32" else 0.0  # seconds
SECONDS_TO_RETRY = 0.05
# What Windows does not allow in a name, and as one.
FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE
)
TEMPORARY = re.compile(r"\.[0-9]+-.+")  # names that a process gives what it is writing
PROBE = ".probe-"  # what a file is called that only shows whether files can be made
TIMES_TO_PROBE = 100
MAX_NAME = 100  # characters, of the 260 that a path may have on Windows


def check_different(paths: Mapping[str, str | None], who: str) -> None:
    """Checks that arguments that name files to write, by their names, name different ones."""
    seen: dict[str, str] = {}
    for name, path in paths.items():
        if path is None:
            continue
        if (other := seen.setdefault(os.path.abspath(path), name)) != name:
            raise ValueError(
                f"{who}: `{name}` must be another file than `{other}`. Received {path} for both. "
                "Name two files."
            )


@contextlib.contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Gives another name in the same folder to write to; the file is then renamed to `path`.

    An empty file is made at once, so that a place that cannot be written to is found before the
    work and not after it. Its name ends as `path` does: some writers choose their format by that.
    Where writing fails, the system's error names `path`.
    """
    path = Path(path)
    with _explaining(path):
        target = check_file(path)
        temporary = target.with_name(f".{os.getpid()}-{target.name[-40:]}")
        temporary.touch()
    try:
        yield temporary
        with _explaining(path):
            _patiently(os.replace, temporary, target)
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def check_file(path: str | os.PathLike, what: str = "A file") -> Path:
    """Gives the path to write to, at the end of all links, or raises an OSError that says why not.

    Messages call the file `what`.
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
            f"{what} can replace nothing but a file. Received {str(path)!r}, which is a "
            "device, a pipe or a link to itself. Choose another name."
        )
    return target


@contextlib.contextmanager
def new_folder(path: str | os.PathLike, what: str = "A folder") -> Iterator[Path]:
    """Gives another folder to fill, beside `path`; once it is complete it is renamed to `path`.

    Raises an OSError if `path` exists or cannot be made; messages call it `what`.
    """
    path = Path(path)
    with _explaining(path):
        if os.path.lexists(path):
            raise FileExistsError(
                f"{what} must not exist yet. Received {str(path)!r}, which does. Choose another "
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
            rename_patiently(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_folder(folder: str | os.PathLike, files: Iterable[str] = ()) -> None:
    """Raises an OSError if a folder cannot be made, or cannot take files of these names.

    What is made to find that out is removed again.
    """
    folder = Path(folder)
    with _explaining(folder):
        if _is_no_folder(folder):
            raise NotADirectoryError(
                f"{folder} must be a folder, and is a file.\nChoose another place."
            )
        for path in map(folder.joinpath, files):
            if path.is_dir():
                raise IsADirectoryError(f"{path} must be a file, and is a folder.\nRemove it.")
        for _ in range(TIMES_TO_PROBE - 1):
            # Another process may try the same at this moment, and remove what it has made.
            with contextlib.suppress(FileNotFoundError):
                _probe(folder)
                return
        _probe(folder)


def _is_no_folder(path: Path) -> bool:
    try:
        return not stat.S_ISDIR(path.stat().st_mode)
    except OSError:
        return False


def _probe(folder: Path) -> None:
    made: list[Path] = []
    try:
        for path in reversed((folder, *folder.parents)):
            if not path.is_dir():
                with contextlib.suppress(FileExistsError):  # if it is no folder, that comes out
                    path.mkdir()
                    made.append(path)
        with tempfile.TemporaryFile(dir=folder, prefix=PROBE):
            pass
    finally:
        for path in reversed(made):
            _remove_if_empty(path)


def _remove_if_empty(folder: Path) -> None:
    try:
        _patiently(folder.rmdir)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise


def remove_temporaries(folder: Path) -> None:
    """Removes what a process that was killed has left of files it was writing in a folder."""
    for path in folder.iterdir():
        if TEMPORARY.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def rename_patiently(folder: Path, name: Path) -> None:
    """Gives a folder another name; while another program has it open, tries for a moment."""
    _patiently(folder.rename, name)


def _patiently(act: Callable[..., object], *arguments: Path) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            act(*arguments)
            return
        except PermissionError:
            if time.monotonic() >= end:
                raise
        time.sleep(SECONDS_TO_RETRY)


def write_text(path: Path, text: str) -> None:
    r"""Writes the same bytes on every system: UTF-8, with lines that end in `\n`."""
    path.write_text(text, encoding="utf-8", newline="\n")


def distinct_names(texts: Iterable[str]) -> list[str]:
    """Makes each text the name of a file or a folder, one that every system allows.

    No two names differ in nothing but capitals. A text that is such a name already stays as it is.

    Example:
        >>> distinct_names(["quanv_1", "block/quanv", "Block.Quanv", "what?", "con", ""])
        ['quanv_1', 'block.quanv', 'Block.Quanv-2', 'what', '_con', '_']
    """
    names: list[str] = []
    taken: set[str] = set()
    for text in texts:
        wanted = FORBIDDEN.sub(".", text[:MAX_NAME]).rstrip(". ") or "_"
        if RESERVED.fullmatch(wanted):
            wanted = f"_{wanted}"
        name, number = wanted, 1
        while name.casefold() in taken:
            number += 1
            name = f"{wanted}-{number}"
        taken.add(name.casefold())
        names.append(name)
    return names


@contextlib.contextmanager
def _explaining(path: Path) -> Iterator[None]:
    """Adds the path to errors of the system, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno is None:  # one of this package's own, which says both already
            raise
        raise type(error)(
            f"{path} cannot be written to: {error.strerror}.\nChoose another place."
        ) from error
