"""Many pictures as one array: all in one type, with the same channels, perhaps resized."""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from tfq_resqunn.datasets.limits import MAX_BYTES
from tfq_resqunn.datasets.pictures import Form, Reader, Remarks, as_errors
from tfq_resqunn.datasets.selection import resize

THREADS = 4  # Pillow lets others work while it decodes
AT_ONCE = 256  # pictures that are read between two looks at what has failed
BYTES_AT_ONCE = 2**26  # and the memory that they may take, unless one alone takes more

Result = TypeVar("Result")


class PictureSet:
    """Pictures of one folder; of each, only size and type are read at first.

    Args:
        folder: The folder.
        names: Their paths in it.
        size: `(rows, cols)` to which all are brought. Default: the one that all have.
        channels: 3 makes three channels of gray pictures too, and 1 takes gray ones only. Default:
            3 if one is in colour.
        who: Whom errors name.
        argument: What errors call the folder.
        remedy: How to have pictures resized, which is what errors about sizes say.

    Attributes:
        shape: `(n, rows, cols, channels)`.
        dtype: uint8; uint16 if one has 16 bits; float32 in [0, 1] if some are resized.
        n_bytes: The memory that all of them take.
        at_once: How many to read at a time, where nothing else is asked.
        sizes: The smallest `(rows, cols)` and the largest, by their pixels.

    Raises:
        ValueError: If one cannot be read, is in colour against `channels`, or has another size
            where `size` is `None`.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        size: tuple[int, int] | None = None,
        channels: int | None = None,
        *,
        who: str,
        argument: str,
        remedy: str,
    ) -> None:
        self.folder, self.names = folder, tuple(names)
        self._who, self._argument, self._remedy = who, argument, remedy
        self._reader = Reader(folder, who, argument)
        self._forms = [form for part in self._each(self._reader.form, self.names) for form in part]
        self._check_channels(channels)
        found = {(form.rows, form.cols) for form in self._forms}
        self.sizes = min(found, key=_by_pixels), max(found, key=_by_pixels)
        if size is None and len(found) > 1:
            self._refuse_sizes()
        self._is_resized = size is not None and found != {size}
        if self._is_resized:
            self.dtype = np.dtype(np.float32)
        else:
            self.dtype = np.result_type(*{form.dtype for form in self._forms})
        if channels is None:
            channels = max(form.channels for form in self._forms)
        self.shape = (len(self.names), *(size or self.sizes[0]), channels)
        self.n_bytes = math.prod(self.shape) * self.dtype.itemsize
        self.at_once = max(1, min(AT_ONCE, len(names) * BYTES_AT_ONCE // self.n_bytes))

    def parts(self, at_once: int, remarks: Remarks) -> Iterator[np.ndarray]:
        """Yields the pictures, `[at_once, rows, cols, channels]`; fewer at the end."""

        def read(item: tuple[str, Form]) -> np.ndarray:
            return self._converted(self._reader.read(*item, remarks))

        items = list(zip(self.names, self._forms, strict=True))
        return map(np.stack, self._each(read, items, at_once))

    def read(self, remarks: Remarks) -> np.ndarray:
        """Gives all pictures, if they are not too large for that."""
        self.check_size(self.n_bytes)
        pixels, start = np.empty(self.shape, self.dtype), 0
        for part in self.parts(self.at_once, remarks):
            pixels[start : start + len(part)] = part
            start += len(part)
        return pixels

    def check_size(self, n_bytes: int) -> None:
        """Raises a ValueError if so many bytes are too many to be in memory at once."""
        if n_bytes > MAX_BYTES:
            n, rows, cols, channels = self.shape
            raise ValueError(
                f"{self._who}: the pictures of `{self._argument}` may take {MAX_BYTES:,} bytes of "
                f"memory.\nReceived {self.folder} with {n:,} pictures of {rows} x {cols} x "
                f"{channels}, which take {n_bytes:,}.\nUse fewer or smaller ones. {self._remedy}"
            )

    def _converted(self, pixels: np.ndarray) -> np.ndarray:
        """Brings a picture to the channels, type and size of all."""
        if pixels.shape[-1] < self.shape[-1]:
            pixels = np.repeat(pixels, self.shape[-1], axis=-1)
        if self._is_resized:
            return resize(in_unit_range(pixels)[np.newaxis], self.shape[1:3])[0]
        if self.dtype == np.uint16 and pixels.dtype == np.uint8:
            return pixels * np.uint16(257)  # white is 65535 = 257 * 255
        return pixels

    def _each(
        self, act: Callable[..., Result], items: Sequence, at_once: int = AT_ONCE
    ) -> Iterator[list[Result]]:
        """Does something with each item in threads; says how many have failed, if some have."""

        def attempt(item: object) -> Result | ValueError:
            try:
                return act(item)
            except ValueError as error:
                return error

        for start in range(0, len(items), at_once):
            with as_errors(), ThreadPoolExecutor(THREADS) as pool:
                found = list(pool.map(attempt, items[start : start + at_once]))
            done = [result for result in found if not isinstance(result, ValueError)]
            errors = [result for result in found if isinstance(result, ValueError)]
            if errors:
                others = [str(error).splitlines()[1].removeprefix("Received ") for error in errors]
                more = "".join(f"\nLikewise: {said}" for said in others[1:4])
                more += f"\nAnd {len(errors) - 4} more." if len(errors) > 4 else ""
                raise ValueError(f"{errors[0]}{more}") from errors[0]
            yield done

    def _check_channels(self, channels: int | None) -> None:
        if channels == 1:
            for name, form in zip(self.names, self._forms, strict=True):
                if form.channels != 1:
                    raise ValueError(
                        f"{self._who}: the pictures of `{self._argument}` must be gray, as those "
                        f"that the model was trained on.\nReceived {self.folder / name}, which is "
                        "in colour.\nSave it in gray, or train a model on pictures in colour."
                    )

    def _refuse_sizes(self) -> None:
        examples = []
        for size in self.sizes:
            index = next(i for i, f in enumerate(self._forms) if (f.rows, f.cols) == size)
            examples.append(f"{size[0]} x {size[1]} ({self.names[index]})")
        raise ValueError(
            f"{self._who}: the pictures of `{self._argument}` must have one size, unless they are "
            f"resized.\nReceived {self.folder} with pictures from {' to '.join(examples)} rows x "
            f"columns.\n{self._remedy}"
        )


def in_unit_range(pixels: np.ndarray) -> np.ndarray:
    """Gives pixels as float32 in [0, 1]; integers are divided by what white is."""
    if pixels.dtype.kind == "f":
        return pixels
    return np.divide(pixels, np.iinfo(pixels.dtype).max, dtype=np.float32)


def _by_pixels(size: tuple[int, int]) -> tuple[int, int, int]:
    return size[0] * size[1], *size
