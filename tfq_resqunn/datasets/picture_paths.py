"""Which files of a folder are pictures; found by their names, without NumPy and Pillow."""

import os
from collections.abc import Collection, Iterator
from pathlib import Path

# What Pillow reads everywhere. Formats that run programs, or hold no pixels, are not among them.
FORMATS = {
    "AVIF": (".avif",),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "JPEG": (".jfif", ".jpe", ".jpeg", ".jpg"),
    "PNG": (".png",),
    "PPM": (".pbm", ".pgm", ".pnm", ".ppm"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
}
ENDINGS = tuple(suffix for suffixes in FORMATS.values() for suffix in suffixes)
# What systems and programs put into folders, beside all whose names begin with a dot.
HIDDEN = {"__macosx", "@eadir", "$recycle.bin", "desktop.ini", "ehthumbs.db", "thumbs.db"}


def is_picture(path: str | os.PathLike) -> bool:
    """Whether a file's suffix is that of a picture."""
    return os.fspath(path).lower().endswith(ENDINGS)


def entries(folder: Path) -> tuple[list[str], list[str]]:
    """Names the folders and the files in a folder, each sorted, without hidden ones."""
    folders, files = [], []
    with os.scandir(folder) as scanned:
        for entry in scanned:
            if not (entry.name.startswith(".") or entry.name.lower() in HIDDEN):
                (folders if entry.is_dir() else files).append(entry.name)
    return sorted(folders), sorted(files)


def walk(folder: Path, above: Collection[Path] = ()) -> Iterator[str]:
    """Yields the files in a folder and in all folders below, relative to it, with slashes.

    Links to folders are followed, each folder is visited once, and none of those `above`.
    """
    visited = {os.path.realpath(path) for path in above}
    waiting = [""]
    while waiting:
        below = waiting.pop()
        here = os.path.realpath(folder / below)
        if here in visited:
            continue
        visited.add(here)
        folders, files = entries(folder / below)
        yield from (below + name for name in files)
        waiting += [f"{below}{name}/" for name in reversed(folders)]
