"""Reads NumPy's files, whoever wrote them: what is too large is known before it is unpacked."""

import contextlib
import dataclasses
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from tfq_resqunn.datasets.limits import SizeError, check_ratio, check_size
from tfq_resqunn.datasets.names import find_npz
from tfq_resqunn.datasets.stored import SharedFile, Spool, StoredRows

MAX_AXES = 64
BYTES_AT_ONCE = 2**24


class StoredArray:
    """An array in a file, whose rows are read in their order, a few at a time.

    Attributes:
        shape: Its shape.
        dtype: Its type.
        n_bytes: The memory that it takes as a whole.
    """

    def __init__(self, path: Path, member: str | None, header: "_Header", who: str) -> None:
        self._path, self._member, self._header, self._who = path, member, header, who
        self.shape, self.dtype, self.n_bytes = header.shape, header.dtype, header.n_bytes

    def rows(self, at_once: int) -> Iterator[np.ndarray]:
        """Yields its rows, `[at_once, ...]`; fewer at the end.

        Raises a ValueError if the file is damaged, which may show only at the end.
        """
        if self._header.is_fortran:  # its rows lie scattered over the file
            remedy = "Or save it row by row, as np.ascontiguousarray(x), which may be larger."
            check_size(self.n_bytes, self._path, self._who, remedy)
            whole = self.read()
            yield from (whole[i : i + at_once] for i in range(0, len(whole), at_once))
            return
        n, shape = self.shape[0], self.shape[1:]
        with _explaining(self._path, self._who), self._open() as file:
            self._check_same(file)
            for start in range(0, n, at_once):
                n_rows = min(at_once, n - start)
                data = file.read(n_rows * math.prod(shape) * self.dtype.itemsize)
                yield np.frombuffer(data, self.dtype).reshape(n_rows, *shape)

    def stored(self) -> StoredRows:
        """Gives it as rows that are read in any order.

        They stay where they are in an `.npy` file. Those of an archive, which may be packed, and
        those that lie scattered go into a temporary file.
        """
        if self._member is None and not self._header.is_fortran:
            with _explaining(self._path, self._who):
                file = self._path.open("rb", buffering=0)
                shared = SharedFile(file)  # which closes it
                self._check_same(file)
                return StoredRows(shared, self.shape, self.dtype, file.tell())
        spool = Spool(f"{self._who}: the arrays of {self._path}", 0)
        spool.check_room(self.shape, self.dtype)
        for part in self.rows(max(1, BYTES_AT_ONCE * self.shape[0] // max(1, self.n_bytes))):
            spool.add(part)
        return spool.stored(self.shape, self.dtype)

    def check_size(self) -> None:
        """Raises a ValueError if it is too large to be in memory as a whole."""
        check_size(self.n_bytes, self._path, self._who)

    def read(self) -> np.ndarray:
        """Reads all of it, if it is not too large for that."""
        self.check_size()
        with _explaining(self._path, self._who):
            loaded = np.load(self._path, allow_pickle=False)
            if self._member is None:
                return loaded
            with loaded as arrays:
                return arrays[self._member]

    def _check_same(self, file: IO[bytes]) -> None:
        """Raises a ValueError if the file begins otherwise than before; goes to its values."""
        if _read_header(file, self._path.name) != self._header:
            raise ValueError("it has changed while it was read.")

    @contextlib.contextmanager
    def _open(self) -> Iterator[IO[bytes]]:
        if self._member is None:
            with self._path.open("rb") as file:
                yield file
        else:
            with zipfile.ZipFile(self._path) as archive, archive.open(self._member) as file:
                yield file


def open_npz(path: Path, who: str) -> dict[str, StoredArray]:
    """Finds the arrays of a file, and reads none of them yet.

    It raises a ValueError if the file is no `.npz` archive, damaged, packed too tightly to be of
    use, or holds anything but arrays of numbers.
    """
    find_npz(path, who)
    with _explaining(path, who), zipfile.ZipFile(path) as archive:
        headers = _read_headers(archive, path, who)
    return {
        member.removesuffix(".npy"): StoredArray(path, member, header, who)
        for member, header in headers.items()
    }


def open_npy(path: Path, who: str) -> StoredArray:
    """Finds the array of an `.npy` file, as `open_npz` finds those of its archive."""
    with _explaining(path, who), path.open("rb") as file:
        header = _read_header(file, path.name)
        if header.n_bytes != path.stat().st_size - file.tell():
            raise ValueError("it is not as large as it says.")
    return StoredArray(path, None, header, who)


@dataclasses.dataclass(frozen=True)
class _Header:
    """What stands before an array's values."""

    shape: tuple[int, ...]
    is_fortran: bool
    dtype: np.dtype

    @property
    def n_bytes(self) -> int:
        """The bytes that its values take."""
        return math.prod(self.shape) * self.dtype.itemsize


@contextlib.contextmanager
def _explaining(path: Path, who: str) -> Iterator[None]:
    try:
        yield
    except _PicklesError as error:
        raise ValueError(
            f"{who}: the file must hold arrays of numbers, no Python objects.\n"
            f"Received {path}, of which NumPy says: {error}\n"
            f"Convert the arrays before saving them, such as x.astype('float32')."
        ) from error
    except SizeError:
        raise
    except Exception as error:  # of every kind, as the file may be damaged anywhere
        kind, write = ".npz archive of arrays", "np.savez"
        if path.suffix == ".npy":
            kind, write = ".npy file", "np.save"
        raise ValueError(
            f"{who}: the file must be a whole {kind}.\nReceived {path}, which cannot be read: "
            f"{str(error)[:300]}\nCopy it again, or write it with {write}."
        ) from error


class _PicklesError(ValueError):
    """Arrays of Python objects."""


def _read_headers(archive: zipfile.ZipFile, path: Path, who: str) -> dict[str, _Header]:
    total, headers = 0, {}
    for member in archive.infolist():
        with archive.open(member) as file:
            headers[member.filename] = header = _read_header(file, member.filename)
            if header.n_bytes != member.file_size - file.tell():
                raise ValueError(f"{member.filename} is not as large as it says.")
        total += header.n_bytes
        check_ratio(total, path, who)
    return headers


def _read_header(file: IO[bytes], name: str) -> _Header:
    """Reads what an array says of itself; nothing else is unpacked."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        header = _Header(*np.lib.format.read_array_header_1_0(file))
    elif version == (2, 0):
        header = _Header(*np.lib.format.read_array_header_2_0(file))
    else:
        raise ValueError(f"{name} is in version {version} of NumPy's format.")
    if len(header.shape) > MAX_AXES:
        raise ValueError(f"{name} has more axes than NumPy's arrays, {len(header.shape)}.")
    if any(type(length) is not int or length < 0 for length in header.shape):
        raise ValueError(f"{name} has no shape of an array, {header.shape}.")
    if header.dtype.hasobject:
        raise _PicklesError("Object arrays cannot be loaded when allow_pickle=False")
    return header
