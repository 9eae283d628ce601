"""Reads `.npz` files, whoever wrote them: what is too large is known before it is unpacked."""

import math
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from tfq_resqunn.datasets.names import find_npz

MAX_BYTES = 2**32  # of all arrays of a file
SMALL = 2**28  # bytes that may be packed as tightly as can be
MAX_RATIO = 100  # how often larger than the file its arrays may be, beyond that


def read_npz(path: Path, who: str) -> dict[str, np.ndarray]:
    """Reads all arrays of a file.

    It raises a ValueError if the file is no `.npz` archive, damaged, too large once unpacked, or
    holds anything but arrays of numbers.
    """
    find_npz(path, who)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, path, who)
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except _PicklesError as error:
        raise ValueError(
            f"{who}: the file must hold arrays of numbers, no Python objects.\n"
            f"Received {path}, of which NumPy says: {error}\n"
            f"Convert the arrays before saving them, such as x.astype('float32')."
        ) from error
    except _SizeError:
        raise
    except _DAMAGED as error:
        raise ValueError(
            f"{who}: the file must be a whole .npz archive of arrays.\nReceived {path}, which "
            f"cannot be read: {str(error)[:300]}\nCopy it again, or write it with np.savez."
        ) from error


class _SizeError(ValueError):
    """Arrays that are too large."""


class _PicklesError(ValueError):
    """Arrays of Python objects."""


_DAMAGED = (
    ValueError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError,
    RuntimeError, MemoryError, SyntaxError, tokenize.TokenError,
)  # fmt: skip


def _check_sizes(archive: zipfile.ZipFile, path: Path, who: str) -> None:
    total, packed = 0, path.stat().st_size
    for member in archive.infolist():
        with archive.open(member) as file:
            total += _size(file, member)
        if total > MAX_BYTES or (total > SMALL and total > MAX_RATIO * packed):
            raise _SizeError(
                f"{who}: the arrays of a file may have {MAX_BYTES:,} bytes, and beyond {SMALL:,} "
                f"not more than {MAX_RATIO} times the file's own.\nReceived {path}, a file of "
                f"{packed:,} bytes whose arrays have {total:,} or more.\nGet it from "
                "a source that you trust, save it with np.savez, or save it in parts."
            )


def _size(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Gives how many bytes an array takes, from its first few; nothing else is unpacked."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"{member.filename} is in version {version} of NumPy's format.")
    if dtype.hasobject:
        raise _PicklesError("Object arrays cannot be loaded when allow_pickle=False")
    size = math.prod(shape) * dtype.itemsize
    if size != member.file_size - file.tell():
        raise ValueError(f"{member.filename} is not as large as it says.")
    return size
