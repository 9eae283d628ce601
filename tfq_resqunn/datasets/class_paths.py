"""Pictures in a folder for each class: found by their names, before any of them is read."""

import contextlib
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfq_resqunn.datasets.picture_paths import entries, is_picture, walk

PARTS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "val",
    "valid": "val",
    "validation": "val",
}
SHOWN = 5  # suffixes or names that a message lists

Classes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class ClassPaths:
    """Which pictures a folder has of each class.

    Attributes:
        folder: The folder.
        parts: For `"train"`, `"test"`, `"val"`, or for `""` where the folder is not divided: the
            pictures of each class, by its name. They are relative to the folder, with slashes, and
            sorted.
        left_out: Files that are not pictures by their suffix, or stand where no class is.
    """

    folder: Path
    parts: Mapping[str, Classes]
    left_out: tuple[str, ...]

    def warn(self, who: str) -> None:
        """Warns once of all files that are left out."""
        warn_left_out(self.folder, self.left_out, who)


def warn_left_out(folder: Path, left_out: Sequence[str], who: str) -> None:
    """Warns once of all files in a folder that are left out, if some are."""
    if left_out:
        suffixes = sorted({os.path.splitext(name)[1] or "none" for name in left_out})
        which = f"{left_out[0]} in {folder} is left out"
        if len(left_out) > 1:
            which = f"{len(left_out)} files in {folder}, the first {left_out[0]}, are left out"
        warnings.warn(
            f"{who}: {which}, being no picture of a class by suffix ({_listed(suffixes)}) or by "
            "place.",
            stacklevel=5,
        )


def find_classes(path: str | os.PathLike, who: str, argument: str = "name") -> ClassPaths:
    """Finds the pictures of a folder with a subfolder for each class.

    The class folders may stand in folders `train` and `test`, and `val` beside these. All pictures
    below a class folder belong to that class. Nothing is opened.

    Args:
        path: The folder.
        who: Whom errors name.
        argument: What errors call the path.

    Raises:
        FileNotFoundError: If there is no such folder.
        PermissionError: If a folder cannot be listed.
        ValueError: If the folder is arranged in another way.
    """
    finder = _Finder(Path(path), who, argument)
    found = finder.find()
    parts = found.parts
    if "" not in parts:
        _check_parts(parts, finder)
    return found


def find_test_classes(path: str | os.PathLike, who: str, argument: str = "path") -> ClassPaths:
    """Finds the pictures of class folders to judge a model by: those in `test` if it is there.

    As `find_classes` does, but there is one part, `""`.
    """
    finder = _Finder(Path(path), who, argument)
    found = finder.find()
    if "" in found.parts:
        return found
    if "test" not in found.parts:
        raise finder.error(
            "a folder of pictures, or of a folder for each class, perhaps within test",
            f"with {_listed(finder.part_folders.values())}, but without test",
            f"Name the folder that is meant, such as {next(iter(finder.part_folders.values()))}.",
        )
    return ClassPaths(found.folder, {"": found.parts["test"]}, found.left_out)


class _Finder:
    """Goes through the folders of a data set."""

    def __init__(self, folder: Path, who: str, argument: str) -> None:
        self.folder, self._who, self._argument = folder, who, argument
        self.part_folders: dict[str, str] = {}  # the names as they stand there
        self._left_out: list[str] = []

    def find(self) -> ClassPaths:
        """Finds all parts."""
        check_is_folder(self.folder, self._who, self._argument)
        with explaining(self._who, self._argument):
            folders, files = entries(self.folder)
            self._left_out += files
            is_divided = self._is_divided(folders)
            if not folders:
                raise self._without_classes("", files)
            if is_divided:
                parts = {part: self._classes(name) for part, name in self.part_folders.items()}
            else:
                parts = {"": self._classes("")}
        return ClassPaths(self.folder, parts, tuple(self._left_out))

    def error(self, rule: str, received: str, remedy: str) -> ValueError:
        """Makes an error about the folder."""
        return ValueError(
            f"{self._who}: `{self._argument}` must be {rule}.\nReceived {self.folder}, "
            f"{received}.\n{remedy}"
        )

    def _is_divided(self, folders: Iterable[str]) -> bool:
        """Says whether folders are parts, and not classes, and enters these."""
        named = [name for name in folders if name.lower() in PARTS]
        # A class may be called "train", a railway's; it has its pictures in itself.
        if not any(entries(self.folder / name)[0] for name in named):
            if named and set(named) == set(folders):
                raise self._without_classes(f"{named[0]}/", entries(self.folder / named[0])[1])
            return False
        for name in named:
            part = PARTS[name.lower()]
            if part in self.part_folders:
                raise self.error(
                    "a folder with one folder for training and one for testing",
                    f"with both {self.part_folders[part]} and {name}",
                    "Put the pictures of both into one of them.",
                )
            self.part_folders[part] = name
        for name in set(folders) - set(named):
            files = [f"{name}/{file}" for file in walk(self.folder / name, [self.folder])]
            if any(map(is_picture, files)):
                raise self.error(
                    "a folder of class folders, or of train and test with class folders in each",
                    f"with pictures in {name} as well as in {named[0]}",
                    f"Move {name} away, or into {named[0]} if it is a class.",
                )
            self._left_out += files
        return True

    def _classes(self, part: str) -> dict[str, tuple[str, ...]]:
        """Finds the pictures of each class within the folder of a part."""
        home, prefix = self.folder / part, f"{part}/" if part else ""
        folders, files = entries(home)
        if part:
            self._left_out += [prefix + name for name in files]
        if not folders:
            raise self._without_classes(prefix, files)
        found = {}
        for name in folders:
            pictures, others = [], []
            for file in walk(home / name, [self.folder, home]):
                (pictures if is_picture(file) else others).append(f"{prefix}{name}/{file}")
            found[name] = tuple(pictures)
            if not pictures:
                there = f"but files such as {others[0]}" if others else "and no other files"
                raise self.error(
                    "a folder with pictures of each class",
                    f"whose folder {prefix}{name} has none, {there}",
                    f"Put pictures into {prefix}{name}, or remove it if it is no class.",
                )
            self._left_out += others
        return found

    def _without_classes(self, prefix: str, files: list[str]) -> ValueError:
        """Makes an error about pictures that lie in no class folder, or about none at all."""
        where, pictures = f" in {prefix}" if prefix else "", list(filter(is_picture, files))
        if pictures:
            n = "1 picture" if len(pictures) == 1 else f"{len(pictures)} pictures"
            there = f"with {n}{where}, such as {pictures[0]}, but no folders{where}"
        else:
            there = f"without any{where}"
        return self.error(
            "a folder with a folder of pictures for each class",
            there,
            f"Sort the pictures into folders that are called as the classes, such as "
            f"{prefix}cat/1.png and {prefix}dog/2.png.",
        )


def _check_parts(parts: Mapping[str, Classes], finder: _Finder) -> None:
    """Checks that a divided folder can be trained on: what `train` and `test` hold."""
    folders, rule = finder.part_folders, "a folder with train, or with train and test"
    if "train" not in parts:
        raise finder.error(
            rule,
            f"with {_listed(folders.values())}, but without train",
            "Put pictures for training into train, or move the class folders up to have a "
            "fifth of each class drawn for testing.",
        )
    if "test" not in parts and "val" in parts:
        raise finder.error(
            rule,
            f"with {_listed(folders.values())}, but without test",
            f"Rename {folders['val']} to test, or move it away to have a fifth of the training "
            "pictures drawn for testing.",
        )
    for part in parts.keys() - {"train"}:
        if unknown := sorted(parts[part].keys() - parts["train"].keys()):
            raise finder.error(
                f"a folder whose classes in {folders[part]} are all in {folders['train']} as well",
                f"where {folders['train']} lacks {_listed(unknown)}",
                f"Add pictures to {folders['train']}/{unknown[0]}, or remove "
                f"{folders[part]}/{unknown[0]}.",
            )


def check_is_folder(path: Path, who: str, argument: str) -> None:
    """Raises a FileNotFoundError or a ValueError if there is no folder of this name."""
    if path.is_dir():
        return
    if path.exists():
        raise ValueError(
            f"{who}: `{argument}` must be a folder of pictures.\nReceived {path}, which is a file."
            "\nName the folder that it is in."
        )
    raise FileNotFoundError(
        f"{who}: `{argument}` must be a folder that exists.\nReceived {path}, which does not.\n"
        "Check the path; it is relative to the folder the program runs in."
    )


@contextlib.contextmanager
def explaining(who: str, argument: str) -> Iterator[None]:
    """Says of folders that cannot be listed what to do about it."""
    try:
        yield
    except OSError as error:
        raise type(error)(
            f"{who}: `{argument}` must be a folder that can be read.\nReceived "
            f"{error.filename}: {error.strerror}.\nSee that you may read it, and all in it."
        ) from error


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
