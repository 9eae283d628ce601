"""`StoredImages`: images that stay on disk, and are read as they are asked for."""

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from tfq_resqunn.datasets.stored import Spool, StoredRows

BYTES_AT_ONCE = 2**24  # of float32, where all images are gone through

Convert = Callable[[np.ndarray], np.ndarray]


class StoredImages:
    """Images in a file, more of them perhaps than memory holds; made by `load(..., on_disk=True)`.

    `images[3]`, `images[:10]` and `images[[5, 1]]` read what is asked for, and are arrays. Whole
    images are chosen, one or several: no pixels, no channels.

    Args:
        stored: The pixels as they lie in the file, `[n, rows, cols]` or with channels behind.
        white: The value that means white, by which pixels are divided.

    Attributes:
        shape: `(n, rows, cols, channels)`.
        dtype: float32, of pixels in [0, 1].
        ndim: 4.

    Example:
        >>> import tempfile
        >>> import tfq_resqunn as rq
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/mine.npz", x=np.full((10, 8, 8), 255, np.uint8), y=[0, 1] * 5)
        ...     images = rq.datasets.load(f"{folder}/mine.npz", on_disk=True).x_train
        >>> images
        StoredImages(shape=(8, 8, 8, 1))
        >>> images[:2].shape, float(images[0].max())
        ((2, 8, 8, 1), 1.0)
    """

    dtype = np.dtype(np.float32)
    ndim = 4

    def __init__(self, stored: StoredRows, white: float) -> None:
        self._stored, self._white = stored, white
        self._indices = np.arange(len(stored))
        self._convert: Convert = _as_it_is
        self.shape: tuple[int, ...] = (*stored.shape, 1)[:4]

    def __len__(self) -> int:
        return len(self._indices)

    def __repr__(self) -> str:
        return f"StoredImages(shape={self.shape})"

    def __getitem__(self, key: Any) -> np.ndarray:
        rows = self._indices[key]
        if (isinstance(key, tuple) and len(key) > 1) or np.ndim(rows) > 1:
            raise IndexError(
                "StoredImages: an index must choose images: a number, a slice, or numbers or "
                f"booleans in one row.\nReceived {key!r}.\nRead images before you choose pixels "
                "or channels of them, such as images[:10][..., 0]."
            )
        return self._read(rows) if np.ndim(rows) else self._read(rows[np.newaxis])[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "StoredImages: images on disk cannot be pickled, copied in depth or sent to other "
            "processes, since their file may have no name.\nReceived images of shape "
            f"{self.shape}.\nCall `load` again where they are needed, or send np.asarray(images)."
        )

    def select(self, rows: np.ndarray) -> "StoredImages":
        """Gives the images with these numbers; reads nothing."""
        return self._with(self._indices[rows], self._convert, self.shape[1:])

    def converted(self, convert: Convert, channels: int) -> "StoredImages":
        """Gives the images as a function makes them of those that are read, float32 `[n, ...]`."""
        before = self._convert
        shape = (*self.shape[1:3], channels)
        return self._with(self._indices, lambda part: convert(before(part)), shape)

    def rewritten(self, convert: Convert, size: tuple[int, int]) -> "StoredImages":
        """Gives the images in `size`, as a function makes them, in a temporary file."""
        shape = (len(self), *size, self.shape[-1])
        spool = Spool("load: the resized images of `name`", 0)
        spool.check_room(shape, self.dtype)
        for part in self._parts(max(math.prod(self.shape[1:]), math.prod(shape[1:]))):
            spool.add(convert(part))
        return StoredImages(spool.stored(shape, self.dtype), 1)

    def parts(self) -> Iterator[np.ndarray]:
        """Yields the images in their order, a few at a time."""
        return self._parts(math.prod(self.shape[1:]))

    def digest(self) -> bytes:
        """Gives 32 bytes that other images would hardly have."""
        found = hashlib.sha256(f"{self.shape} {self._white}".encode())
        at_once = max(1, BYTES_AT_ONCE // (self._stored.n_bytes // len(self._stored)))
        for start in range(0, len(self), at_once):
            found.update(self._stored[self._indices[start : start + at_once]].data)
        return found.digest()

    def _parts(self, n_values: int) -> Iterator[np.ndarray]:
        """Yields the images in their order, so many at a time as have room with `n_values` each."""
        at_once = max(1, BYTES_AT_ONCE // (4 * n_values))
        for start in range(0, len(self), at_once):
            yield self[start : start + at_once]

    def _with(self, indices: np.ndarray, convert: Convert, shape: tuple) -> "StoredImages":
        images = StoredImages(self._stored, self._white)
        images._indices, images._convert = indices, convert
        images.shape = (len(indices), *shape)
        return images

    def _read(self, rows: np.ndarray) -> np.ndarray:
        pixels = np.divide(self._stored[rows], self._white, dtype=np.float32)
        return self._convert(pixels[..., np.newaxis] if pixels.ndim == 3 else pixels)


def _as_it_is(images: np.ndarray) -> np.ndarray:
    return images
