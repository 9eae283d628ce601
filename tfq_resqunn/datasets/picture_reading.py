"""Many pictures as one array, each decoded once: all in one type, with the same channels."""

import dataclasses
import math
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.datasets.limits import MAX_BYTES, MAX_IN_MEMORY
from tfq_resqunn.datasets.pictures import Form, Reader, Remarks, as_errors
from tfq_resqunn.datasets.plain_pictures import decode, plain_form
from tfq_resqunn.datasets.selection import resize_array
from tfq_resqunn.datasets.stored import Spool, StoredRows

THREADS = 4  # Pillow lets others work while it decodes
LARGE = 2**16  # values of a picture that is worth a thread
AT_ONCE = 512  # pictures that are read between two looks at what has failed
BYTES_AT_ONCE = 2**26  # and the memory that they may take, unless one alone takes more
MANY = 20_000  # pictures whose reading takes so long that one would like to see how far it is
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
        verbose: 1 shows a progress bar if there are many.

    Raises:
        OSError: If the temporary file cannot be written.
        ValueError: If one cannot be read, is in colour against `channels`, or has another size
            where `size` is `None`; or if all are too large for memory, and not to be on disk.
    """
    reading = _Reading(source, remarks, size, channels, on_disk)
    n = len(source.names)
    progress = keras.utils.Progbar(n, verbose=int(verbose > 0 and n >= MANY), unit_name="picture")
    with as_errors():
        for n_read in reading.steps():
            progress.update(n_read)
        return reading.finish()


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
        self._reader = Reader(source.folder, source.who, source.argument)
        self._limit = {True: 0, False: None, "auto": MAX_IN_MEMORY // 4}[on_disk]  # values
        self._spool = self._new_spool()
        self._forms: list[Form] = []  # of each picture in the spool
        self._sizes: dict[Size, str] = {}  # with the first picture that has it

    def steps(self) -> Iterator[int]:
        """Reads all pictures; yields how many are read."""
        n_read = 0
        for part in _ahead(self._parts()):
            n_read += len(part)
            for picture in part:
                self._check_channels(picture)
                self._sizes.setdefault((picture.form.rows, picture.form.cols), picture.name)
            if self._has_wrong_sizes():
                continue  # to find the smallest and the largest, which the error will name
            self._add(self._pixels(part))
            yield n_read
        if self._has_wrong_sizes():
            self._refuse_sizes()

    def finish(self) -> Pictures:
        """Gives the pictures that are read."""
        first = self._forms[0]
        channels = self._channels or max(form.channels for form in self._forms)
        is_byte = all(form.dtype == BYTE for form in self._forms)
        all_have = Form(first.rows, first.cols, channels, BYTE if is_byte else FLOAT)
        if set(self._forms) != {all_have}:
            self._make_equal(all_have)
        shape = (len(self._forms), *all_have.shape)
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
        content = _beginning(self._source.folder / name)
        form = plain_form(content)
        if form is not None and form.n_bytes <= BYTES_AT_ONCE:
            return _Picture(name, form, content)
        return _Picture(name, self._reader.form(name))

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

    def _add(self, pictures: list[np.ndarray]) -> None:
        """Puts pictures into the spool, in the size of all."""
        pictures = [self._resized(pixels) for pixels in pictures]
        forms = [_form(pixels) for pixels in pictures]
        if not self._forms:
            self._check_room(forms[0])
        self._forms += forms
        self._spool.add(*pictures)

    def _resized(self, pixels: np.ndarray) -> np.ndarray:
        if self._size is None or pixels.shape[:2] == self._size:
            return pixels if pixels.dtype == BYTE else in_unit_range(pixels)
        return resize_array(in_unit_range(pixels)[np.newaxis], self._size)[0]

    def _make_equal(self, all_have: Form) -> None:
        """Brings all pictures in the spool to the same channels and type."""
        before, self._spool = self._spool, self._new_spool()
        self._check_room(all_have)
        start = 0
        for form in self._forms:
            pixels = before.read(start, form.n_bytes).view(form.dtype).reshape(form.shape)
            start += form.n_bytes
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
            f"are resized.\nReceived {source.folder} with pictures from {' to '.join(examples)} "
            f"rows x columns.\n{source.remedy}"
        )

    def _extremes(self) -> tuple[Size, Size]:
        """Gives the smallest size and the largest, by their pixels."""

        def key(size: Size) -> tuple[int, int, int]:
            return size[0] * size[1], *size

        return min(self._sizes, key=key), max(self._sizes, key=key)


def _form(pixels: np.ndarray) -> Form:
    rows, cols, channels = pixels.shape
    return Form(rows, cols, channels, pixels.dtype)


def _beginning(path: Path) -> bytes:
    """Reads a file that may be a plain picture; nothing if Pillow has to see about it."""
    try:
        if not stat.S_ISREG((found := path.stat()).st_mode) or found.st_size > MAX_PLAIN:
            return b""
        return path.read_bytes()
    except OSError:
        return b""


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


def _ahead(items: Iterator[Result]) -> Iterator[Result]:
    """Yields the same items; the next one is made while one is in use."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def _raise_all(errors: Sequence[ValueError]) -> None:
    """Raises the first error, if there is one; it says what the others are."""
    if errors:
        others = [str(error).splitlines()[1].removeprefix("Received ") for error in errors]
        more = "".join(f"\nLikewise: {said}" for said in others[1:4])
        more += f"\nAnd {len(errors) - 4} more." if len(errors) > 4 else ""
        raise ValueError(f"{errors[0]}{more}") from errors[0]
