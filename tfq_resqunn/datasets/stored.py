"""Arrays that lie in files, of which the rows that are asked for are read."""

import contextlib
import math
import os
import shutil
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator
from typing import IO

import numpy as np

BYTES_AT_ONCE = 2**20


class SharedFile:
    """A file that several arrays, threads and processes read; it is closed when the last is gone.

    Args:
        file: The file, unbuffered.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._lock = file, threading.Lock()
        weakref.finalize(self, file.close)

    def read(self, start: int, into: memoryview) -> None:
        """Fills memory with the bytes from `start` on; an OSError if there are not enough."""
        while into:
            part = self._read_at(start, min(len(into), BYTES_AT_ONCE))
            if not part:
                raise OSError(
                    "StoredImages: the file of images must stay as it is while they are read.\n"
                    f"Received {self._file.name}, which has become shorter.\n"
                    "Write it again, and call `load` again."
                )
            into[: len(part)] = part
            start, into = start + len(part), into[len(part) :]

    def append(self, content: memoryview) -> None:
        """Writes behind the end."""
        with self._lock:
            self._file.seek(0, os.SEEK_END)
            while content:
                content = content[self._file.write(content) :]

    def _read_at(self, start: int, n_bytes: int) -> bytes:
        # Processes that are made by a fork share the file's position, but not the lock.
        if sys.platform != "win32":
            return os.pread(self._file.fileno(), n_bytes, start)
        with self._lock:
            self._file.seek(start)
            return self._file.read(n_bytes)


class StoredRows:
    """An array in a file whose rows are read in any order; several threads may read at once.

    Args:
        file: The file.
        shape: `[n, ...]`, of the array.
        dtype: Its type.
        start: Where it begins in the file, in bytes.
    """

    def __init__(
        self, file: SharedFile, shape: tuple[int, ...], dtype: np.dtype, start: int = 0
    ) -> None:
        self.shape, self.dtype = shape, dtype
        self._file, self._start = file, start
        self._row_bytes = math.prod(shape[1:]) * dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def n_bytes(self) -> int:
        """The bytes that all rows take."""
        return len(self) * self._row_bytes

    def between(self, start: int, stop: int) -> "StoredRows":
        """Gives the rows from `start` up to `stop` as an array of their own; reads nothing."""
        shape = (stop - start, *self.shape[1:])
        return StoredRows(self._file, shape, self.dtype, self._start + start * self._row_bytes)

    def __getitem__(self, key: slice | np.ndarray) -> np.ndarray:
        """Reads some rows, `[n, ...]`; an OSError if the file has become shorter."""
        indices = np.arange(*key.indices(len(self))) if isinstance(key, slice) else key
        taken = np.empty((len(indices), *self.shape[1:]), self.dtype)
        if not taken.size:
            return taken
        content = taken.reshape(-1).view(np.uint8).data
        # Rows that lie one after the other are read at once.
        ends = (np.flatnonzero(np.diff(indices) != 1) + 1).tolist()
        for first, last in zip([0, *ends], [*ends, len(indices)], strict=True):
            part = content[first * self._row_bytes : last * self._row_bytes]
            self._file.read(self._start + int(indices[first]) * self._row_bytes, part)
        return taken


class Spool:
    """Takes the bytes of an array, one part after the other, of which nobody knows how many come.

    Args:
        what: What the array is, for errors.
        limit: The values that are kept in memory. With more they are in a temporary file, without a
            name where the system allows it, which goes with the last that reads it. `None`: all.
    """

    def __init__(self, what: str, limit: int | None) -> None:
        self._what, self._limit = what, limit
        self._memory, self._n_values = bytearray(), 0
        self._file: SharedFile | None = None

    def check_room(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        """Raises an OSError if an array of this shape will not fit on the disk."""
        n_values = math.prod(shape)
        if self._limit is None or n_values <= self._limit:
            return
        with self._explaining():
            folder = tempfile.gettempdir()
            free = shutil.disk_usage(folder).free
        if (n_bytes := n_values * dtype.itemsize) > free:
            raise self._no_room(f"{n_bytes:,} bytes, and {folder} has {free:,} free")

    def add(self, *parts: np.ndarray) -> None:
        """Takes the next values; an OSError if the disk is full."""
        self._n_values += sum(part.size for part in parts)
        content = [np.ascontiguousarray(part).reshape(-1).view(np.uint8) for part in parts]
        together = np.concatenate(content).data
        if self._limit is None or self._n_values <= self._limit:
            self._memory += together
        else:
            file = self._on_disk()
            with self._explaining():
                file.append(together)

    def read(self, start: int, n_bytes: int) -> np.ndarray:
        """Gives some of the bytes, uint8 `[n_bytes]`."""
        if self._file is None:
            return np.frombuffer(self._memory, np.uint8, n_bytes, start)
        content = np.empty(n_bytes, np.uint8)
        self._file.read(start, content.data)
        return content

    def array(self, shape: tuple[int, ...], dtype: np.dtype) -> "np.ndarray | StoredRows":
        """Gives the bytes as an array, which is in memory if they are."""
        if self._file is None:
            return np.frombuffer(self._memory, dtype).reshape(shape)
        return self.stored(shape, dtype)

    def stored(self, shape: tuple[int, ...], dtype: np.dtype) -> StoredRows:
        """Gives the bytes as an array in a file."""
        return StoredRows(self._on_disk(), shape, dtype)

    def _on_disk(self) -> SharedFile:
        """Gives the file, with what was in memory before."""
        if self._file is None:
            with self._explaining():
                file = tempfile.TemporaryFile(prefix="resqunn-", buffering=0)  # noqa: SIM115
                self._file = SharedFile(file)  # which closes it
                self._file.append(memoryview(self._memory))
            self._memory = bytearray()
        return self._file

    @contextlib.contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._no_room(f"an error: {error.strerror}") from error

    def _no_room(self, received: str) -> OSError:
        return OSError(
            f"{self._what} must fit into the folder for temporary files.\nReceived {received}.\n"
            "Name a folder with more room by the environment variable TMPDIR, or use fewer or "
            "smaller images."
        )
