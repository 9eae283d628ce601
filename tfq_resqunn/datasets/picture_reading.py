"""Many pictures as one array, each decoded once: all in one type, with the same channels."""

import dataclasses
import math
import os
import stat
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.datasets.limits import MAX_BYTES, MAX_IN_MEMORY
from tfq_resqunn.datasets.pictures import Form, Reader, Remarks, as_errors
from tfq_resqunn.datasets.plain_pictures import BLOCK, decode, plain_form
from tfq_resqunn.datasets.selection import resize_array
from tfq_resqunn.datasets.stored import Spool, StoredRows

THREADS = 4  # Pillow lets others work while it decodes
LARGE = 2**16  # values of a picture that is worth a thread
DECODERS = 2  # threads in which TensorFlow decodes, while the next pictures are opened
AT_ONCE = BLOCK  # pictures that are read between two looks at what has failed
BYTES_AT_ONCE = 2**26  # and the memory that they may take, unless one alone takes more
# Seconds after which one would like to see how far it is, and from one line to the next in a file.
PATIENCE, BETWEEN_LINES = 2.0, 10.0
# Opens files as bytes on Windows, and does not wait for a pipe elsewhere.
AT_ONCE_OR_NOT = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
MAX_PLAIN = 2**26  # bytes of a file that is read as a whole

BYTE, FLOAT = np.dtype(np.uint8), np.dtype(np.float32)

Argument = TypeVar("Argument")
Result = TypeVar("Result")
Size = tuple[int, int]


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """Which pictures are read, and for whom.

    Attributes:
        folder: The folder.
        names: Their paths in it.
        who: Whom errors name.
        argument: What errors call the folder.
        remedy: How to have pictures resized, which is what errors about sizes say.
    """

    folder: Path
    names: Sequence[str]
    who: str
    argument: str
    remedy: str


@dataclasses.dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures that have been read.

    Attributes:
        pixels: `[n, rows, cols, channels]`: uint8; float32 in [0, 1] if some are resized or have
            16 bits.
        sizes: The smallest `(rows, cols)` and the largest that they had, by their pixels.
    """

    pixels: np.ndarray | StoredRows
    sizes: tuple[Size, Size]


def read_pictures(
    source: Source,
    remarks: Remarks,
    size: Size | None = None,
    channels: int | None = None,
    *,
    on_disk: bool | str = False,
    verbose: int = 0,
) -> Pictures:
    """Reads pictures.

    Args:
        source: Which.
        remarks: Gets what there is to say about them.
        size: `(rows, cols)` to which all are brought. Default: the one that all have.
        channels: 3 makes three channels of gray pictures too, and 1 takes gray ones only. Default:
            3 if one is in colour.
        on_disk: Whether they are kept in a temporary file; `"auto"`: if they are large.
        verbose: 1 shows a progress bar if it takes more than two seconds.

    Raises:
        OSError: If the temporary file cannot be written.
        ValueError: If one cannot be read, is in colour against `channels`, or has another size
            where `size` is `None`; or if all are too large for memory, and not to be on disk.
    """
    reading = _Reading(source, remarks, size, channels, on_disk)
    with as_errors():
        if verbose:
            _show(reading.steps(), len(source.names))
        else:
            deque(reading.steps(), maxlen=0)
        return reading.finish()


def _show(steps: Iterable[int], n: int) -> None:
    """Goes through steps, each the number of pictures read, with a progress bar after a while."""
    began = time.monotonic()
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    times = {} if is_terminal else {"interval": BETWEEN_LINES}  # elsewhere, each is a line
    progress = keras.utils.Progbar(n, verbose=1, unit_name="picture", **times)
    for n_read in steps:
        if time.monotonic() - began >= PATIENCE:
            progress.update(n_read)


def in_unit_range(pixels: np.ndarray) -> np.ndarray:
    """Gives pixels as float32 in [0, 1]; integers are divided by what white is."""
    if pixels.dtype.kind == "f":
        return pixels
    return np.divide(pixels, np.iinfo(pixels.dtype).max, dtype=np.float32)


@dataclasses.dataclass(frozen=True, eq=False)
class _Picture:
    """A picture whose pixels are not read yet; its whole file if it is a plain one."""

    name: str
    form: Form
    content: bytes = b""

    def is_like(self, other: "_Picture") -> bool:
        """Whether another plain picture can be decoded together with this one."""
        return self.content[:2] == other.content[:2] and self.form == other.form


class _Reading:
    """What is known of pictures while they are read."""

    def __init__(
        self,
        source: Source,
        remarks: Remarks,
        size: Size | None,
        channels: int | None,
        on_disk: bool | str,
    ) -> None:
        self._source, self._remarks, self._size, self._channels = source, remarks, size, channels
        self._folder = os.fspath(source.folder)
        self._reader = Reader(source.folder, source.who, source.argument)
        self._limit = {True: 0, False: None, "auto": MAX_IN_MEMORY // 4}[on_disk]  # values
        self._spool = self._new_spool()
        self._forms: list[tuple[Form, int]] = []  # in the spool, and of how many pictures each
        self._sizes: dict[Size, str] = {}  # with the first picture that has it

    def steps(self) -> Iterator[int]:
        """Reads all pictures; yields how many are read."""
        n_read = 0
        waiting: deque[tuple[list[_Picture], Future | None]] = deque()
        with ThreadPoolExecutor(DECODERS) as pool:
            for part in self._parts():
                for picture in {picture.form: picture for picture in reversed(part)}.values():
                    self._check_channels(picture)
                    self._sizes.setdefault((picture.form.rows, picture.form.cols), picture.name)
                if self._has_wrong_sizes():
                    continue  # to find the smallest and the largest, which the error will name
                decoded = None
                if part[0].content and all(picture.is_like(part[0]) for picture in part):
                    contents = [picture.content for picture in part]
                    decoded = pool.submit(decode, contents, part[0].form)
                waiting.append((part, decoded))
                if len(waiting) > DECODERS:
                    n_read += self._finish_part(*waiting.popleft())
                    yield n_read
            if self._has_wrong_sizes():
                self._refuse_sizes()
            while waiting:
                n_read += self._finish_part(*waiting.popleft())
                yield n_read

    def finish(self) -> Pictures:
        """Gives the pictures that are read."""
        forms = {form for form, _ in self._forms}
        first = self._forms[0][0]
        channels = self._channels or max(form.channels for form in forms)
        is_byte = all(form.dtype == BYTE for form in forms)
        all_have = Form(first.rows, first.cols, channels, BYTE if is_byte else FLOAT)
        if forms != {all_have}:
            self._make_equal(all_have)
        shape = (len(self._source.names), *all_have.shape)
        return Pictures(self._spool.array(shape, all_have.dtype), self._extremes())

    def _new_spool(self) -> Spool:
        return Spool(f"{self._source.who}: the pictures of `{self._source.argument}`", self._limit)

    # --- some pictures after the others ------------------------------------------------------

    def _parts(self) -> Iterator[list[_Picture]]:
        """Yields pictures whose pixels are not read yet."""
        part: list[_Picture] = []
        errors: list[ValueError] = []
        n_bytes = 0
        for name in self._source.names:
            try:
                picture = self._opened(name)
            except ValueError as error:
                errors.append(error)
                continue
            n_bytes += self._n_bytes(picture)
            if part and (len(part) == AT_ONCE or n_bytes > BYTES_AT_ONCE):
                _raise_all(errors)
                yield part
                part, n_bytes = [], self._n_bytes(picture)
            part.append(picture)
        _raise_all(errors)
        yield part

    def _n_bytes(self, picture: _Picture) -> int:
        """Gives the memory that a picture takes while it is read."""
        resized = 0 if self._size is None else math.prod(self._size) * picture.form.channels
        return picture.form.n_bytes + resized * FLOAT.itemsize + len(picture.content)

    def _opened(self, name: str) -> _Picture:
        content = _content(f"{self._folder}/{name}")
        form = plain_form(content)
        if form is not None and form.n_bytes <= BYTES_AT_ONCE:
            return _Picture(name, form, content)
        return _Picture(name, self._reader.form(name))

    def _finish_part(self, part: list[_Picture], decoded: Future | None) -> int:
        """Puts pictures into the spool, and counts them.

        If they are alike, they are `decoded` together; each is read by itself if one is damaged.
        """
        pixels = None if decoded is None else decoded.result()
        for some in [x[np.newaxis] for x in self._pixels(part)] if pixels is None else [pixels]:
            self._add(some)
        return len(part)

    def _pixels(self, part: list[_Picture]) -> list[np.ndarray]:
        """Gives the pixels of pictures, `[rows, cols, channels]`, as each has them."""
        found: dict[str, np.ndarray] = {}
        alike: dict[tuple, list[_Picture]] = {}
        for picture in part:
            if picture.content:
                alike.setdefault((picture.form, picture.content[:2]), []).append(picture)
        for group in _each(_decoded, list(alike.values()), in_threads=len(alike) > 1):
            found |= group
        others = [picture for picture in part if picture.name not in found]
        is_worth_it = any(math.prod(picture.form.shape) > LARGE for picture in others)
        errors: list[ValueError] = []
        for picture, result in zip(
            others, _each(self._attempt, others, in_threads=is_worth_it), strict=True
        ):
            if isinstance(result, ValueError):
                errors.append(result)
            else:
                found[picture.name] = result
        _raise_all(errors)
        return [found[picture.name] for picture in part]

    def _attempt(self, picture: _Picture) -> np.ndarray | ValueError:
        """Has Pillow read a picture."""
        try:
            return self._reader.read(picture.name, picture.form, self._remarks)
        except ValueError as error:
            return error

    def _add(self, pixels: np.ndarray) -> None:
        """Puts pictures, `[n, rows, cols, channels]`, into the spool, in the size of all."""
        is_resized = self._size is not None and pixels.shape[1:3] != self._size
        if is_resized or pixels.dtype != BYTE:
            pixels = in_unit_range(pixels)
        if self._size is not None and is_resized:
            pixels = resize_array(pixels, self._size)
        n, rows, cols, channels = pixels.shape
        form = Form(rows, cols, channels, pixels.dtype)
        if not self._forms:
            self._check_room(form)
        self._forms.append((form, n))
        self._spool.add(pixels)

    def _make_equal(self, all_have: Form) -> None:
        """Brings all pictures in the spool to the same channels and type."""
        before, self._spool = self._spool, self._new_spool()
        self._check_room(all_have)
        start = 0
        for form, n in self._forms:
            content = before.read(start, n * form.n_bytes)
            pixels = content.view(form.dtype).reshape(n, *form.shape)
            start += len(content)
            if form.dtype != all_have.dtype:
                pixels = in_unit_range(pixels)
            if form.channels != all_have.channels:
                pixels = np.repeat(pixels, all_have.channels, axis=-1)
            self._spool.add(pixels)

    # --- what is refused ---------------------------------------------------------------------

    def _check_room(self, form: Form) -> None:
        """Refuses pictures that take too much memory, or too much of the disk, in this form."""
        n, source = len(self._source.names), self._source
        n_bytes = n * form.n_bytes
        if self._limit is None and n_bytes > MAX_BYTES:
            raise ValueError(
                f"{source.who}: the pictures of `{source.argument}` may take {MAX_BYTES:,} bytes "
                f"of memory.\nReceived {source.folder} with {n:,} pictures of {form.rows} x "
                f"{form.cols} x {form.channels}, which take {n_bytes:,}.\nLeave them on disk "
                f"(on_disk=True), or use fewer or smaller ones. {source.remedy}"
            )
        self._spool.check_room((n, *form.shape), form.dtype)

    def _check_channels(self, picture: _Picture) -> None:
        source = self._source
        if self._channels == 1 and picture.form.channels != 1:
            raise ValueError(
                f"{source.who}: the pictures of `{source.argument}` must be gray, as those that "
                f"the model was trained on.\nReceived {source.folder / picture.name}, which is in "
                "colour.\nSave it in gray, or train a model on pictures in colour."
            )

    def _has_wrong_sizes(self) -> bool:
        return self._size is None and len(self._sizes) > 1

    def _refuse_sizes(self) -> None:
        source, sizes = self._source, self._extremes()
        examples = [f"{size[0]} x {size[1]} ({self._sizes[size]})" for size in sizes]
        raise ValueError(
            f"{source.who}: the pictures of `{source.argument}` must have one size, unless they "
            f"are resized.\nReceived {source.folder}, whose pictures have from "
            f"{' to '.join(examples)} rows x columns.\n{source.remedy}"
        )

    def _extremes(self) -> tuple[Size, Size]:
        """Gives the smallest size and the largest, by their pixels."""

        def key(size: Size) -> tuple[int, int, int]:
            return size[0] * size[1], *size

        return min(self._sizes, key=key), max(self._sizes, key=key)


def _content(path: str) -> bytes:
    """Reads a file that may be a plain picture; nothing if Pillow has to see about it."""
    try:
        file = os.open(path, AT_ONCE_OR_NOT)
    except OSError:
        return b""
    try:
        found = os.fstat(file)
        is_small_file = stat.S_ISREG(found.st_mode) and found.st_size <= MAX_PLAIN
        return os.read(file, found.st_size) if is_small_file else b""
    except OSError:
        return b""
    finally:
        os.close(file)


def _decoded(pictures: list[_Picture]) -> dict[str, np.ndarray]:
    """Gives the pixels of plain pictures of one form by their names; none if one is damaged."""
    pixels = decode([picture.content for picture in pictures], pictures[0].form)
    if pixels is None:
        return {}
    return {picture.name: x for picture, x in zip(pictures, pixels, strict=True)}


def _each(
    act: Callable[[Argument], Result], items: Sequence[Argument], *, in_threads: bool
) -> list[Result]:
    """Does something with each item."""
    if not in_threads:  # which would be slower where there is little to do
        return list(map(act, items))
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(act, items))


def _raise_all(errors: Sequence[ValueError]) -> None:
    """Raises the first error, if there is one; it says what the others are."""
    if errors:
        others = [str(error).splitlines()[1].removeprefix("Received ") for error in errors]
        more = "".join(f"\nLikewise: {said}" for said in others[1:4])
        more += f"\nAnd {len(errors) - 4} more." if len(errors) > 4 else ""
        raise ValueError(f"{errors[0]}{more}") from errors[0]
