"""Reads IDX files, the format of MNIST.

Source: Yann LeCun, "The MNIST database of handwritten digits", "File formats".
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from tfq_resqunn.datasets.limits import SizeError, check_ratio, check_size

_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(path: Path, who: str) -> np.ndarray:
    """Reads the array of an IDX file, packed by gzip or not.

    It raises a ValueError if the file is damaged, or its array too large.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            start = file.read(4)
            if len(start) < 4 or start[:2] != bytes(2) or start[2] not in _TYPES:
                raise ValueError("it does not begin as IDX files do")
            code, rank = start[2:]
            shape = tuple(np.frombuffer(file.read(4 * rank), ">u4", rank).tolist())
            dtype = np.dtype(_TYPES[code])
            n_bytes = math.prod(shape) * dtype.itemsize
            check_size(n_bytes, path, who)
            check_ratio(n_bytes, path, who)
            data = file.read(n_bytes + 1)
            if len(data) != n_bytes:
                kind = "fewer" if len(data) < n_bytes else "more"
                raise ValueError(f"it has {kind} values than its shape, {shape}, says")
            return np.frombuffer(data, dtype).reshape(shape)
    except SizeError:
        raise
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise ValueError(
            f"{who}: the file must be a whole IDX file.\nReceived {path}, which cannot be read: "
            f"{error}.\nCopy it again."
        ) from error
