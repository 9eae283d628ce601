"""One picture file, as an array: what Pillow reads, by rules that are stated here.

- Gray pictures have one channel, all others three. Black and white ones are gray, and so are those
  whose palette has no other colours. CMYK becomes RGB.
- Values are uint8, of gray pictures with 16 bits uint16. Colours of 16 bits are read as 8 bits.
- What is transparent is laid over black.
- Of several frames or pages the first one is taken.
- Pictures stand upright, as their EXIF data says.
"""

import contextlib
import math
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from tfq_resqunn.datasets.picture_paths import FORMATS

Image.init()  # enters the formats that this Pillow knows
KNOWN = tuple(kind for kind in FORMATS if kind in Image.OPEN)
DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")  # Pillow's modes of integers beyond 255
GRAY = ("1", "L", "LA", "La", *DEEP)
ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
SIDEWAYS = (5, 6, 7, 8)  # orientations in which rows are columns

_REMARKS = {
    "deep": "of 16 bits, with values up to {highest}, of which 65535 is white",
    "transparent": "transparent in places, and laid over black",
    "frames": "of several frames or pages, of which the first one is taken",
}


@dataclass(frozen=True)
class Form:
    """What is known of a picture before its pixels are read."""

    rows: int
    cols: int
    channels: int
    dtype: np.dtype

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(rows, cols, channels)`."""
        return self.rows, self.cols, self.channels

    @property
    def n_bytes(self) -> int:
        """The bytes that its pixels take."""
        return math.prod(self.shape) * self.dtype.itemsize


class Remarks:
    """What there is to say about pictures, collected; from several threads, if need be."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}
        self._highest = 0
        self._lock = threading.Lock()

    def add(self, kind: str, name: str, highest: int = 0) -> None:
        """Takes note of a picture that is `"transparent"`, of several `"frames"`, or `"deep"`.

        A deep one has 16 bits; `highest` is the highest of its values.
        """
        with self._lock:
            self._highest = max(self._highest, highest)
            self._names.setdefault(kind, set()).add(name)

    def warn(self, who: str) -> None:
        """Warns once of each kind."""
        for kind, names in sorted(self._names.items()):
            first = min(names)
            which = f"{len(names)} pictures, the first {first}, are"
            if len(names) == 1:
                which = f"the picture {first} is"
            said = _REMARKS[kind].format(highest=self._highest)
            warnings.warn(f"{who}: {which} {said}.", stacklevel=4)


@contextlib.contextmanager
def as_errors() -> Iterator[None]:
    """Keeps Pillow's warnings back; of pictures that are too large it becomes an error.

    To be used around threads, and not in them, since filters of warnings belong to all threads.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


class Reader:
    """Reads pictures.

    Args:
        folder: What the names of pictures are relative to.
        who: Whom errors name.
        argument: What errors call the folder.
    """

    def __init__(self, folder: Path, who: str, argument: str) -> None:
        self._folder, self._who, self._argument = folder, who, argument

    def form(self, name: str) -> Form:
        """Gives size and type of a picture, from its first bytes."""
        with self._opened(name) as image:
            cols, rows = image.size
            if _orientation(image) in SIDEWAYS:
                cols, rows = rows, cols
                if image.format == "TIFF":  # some Pillows turn its size here, others later
                    image.load()
                    cols, rows = image.size
            dtype = np.dtype(np.uint16 if image.mode in DEEP else np.uint8)
            is_gray = image.mode in GRAY or (image.mode in ("P", "PA") and _has_grays_alone(image))
            return Form(rows, cols, 1 if is_gray else 3, dtype)

    def read(self, name: str, form: Form, remarks: Remarks) -> np.ndarray:
        """Gives a picture, `[rows, cols, channels]`, of the `form` that it had."""
        with self._opened(name) as image:
            # One of several pictures in a JPEG is a preview, or what belongs to the main one.
            if getattr(image, "is_animated", False) and image.format != "MPO":
                remarks.add("frames", name)
            orientation = _orientation(image)
            image.load()
            is_upright = orientation == 1 or image.format == "TIFF"  # which Pillow has turned
            upright = image if is_upright else ImageOps.exif_transpose(image)
            pixels, is_transparent = _pixels(upright, form.channels)
        if is_transparent:
            remarks.add("transparent", name)
        if pixels.dtype == np.uint16:
            remarks.add("deep", name, int(pixels.max()))
        if (pixels.shape, pixels.dtype) != (form.shape, form.dtype):
            raise self._error(name, "which has changed while it was read", "Try it again.")
        return pixels

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[Image.Image]:
        """Opens a picture, and says what is wrong with it, then or later."""
        path = self._folder / name
        try:
            if not path.is_file():  # to read from a pipe may take forever
                raise self._error(name, "which is no file, or a link to none", "Remove it.")
            if not path.stat().st_size:
                raise self._error(name, "which is empty", "Copy it again, or remove it.")
            with path.open("rb") as file, Image.open(file, formats=KNOWN) as image:
                if (limit := Image.MAX_IMAGE_PIXELS) and image.width * image.height > limit:
                    raise Image.DecompressionBombError
                if image.mode == "F" or (image.mode == "I" and image.format == "TIFF"):
                    raise self._error(
                        name,
                        "which has 32 bits for each pixel, so that nobody knows what white is",
                        "Save it with 8 or 16 bits.",
                    )
                yield image
        except _PictureError:
            raise
        except UnidentifiedImageError as error:
            raise self._error(
                name,
                f"which is no picture of the kinds {', '.join(KNOWN)}, or is damaged",
                "Save it as PNG or JPEG, or remove it.",
            ) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise self._error(
                name,
                f"which has more than {Image.MAX_IMAGE_PIXELS:,} pixels",
                "Make it smaller, or raise PIL.Image.MAX_IMAGE_PIXELS if you trust it.",
            ) from error
        except Exception as error:  # Pillow raises all kinds
            said, remedy = f"which is damaged: {error}", "Copy it again, or remove it."
            if isinstance(error, OSError) and error.errno is not None:
                said, remedy = f"which cannot be read: {error.strerror}", "See that you may do so."
            raise self._error(name, said, remedy) from error

    def _error(self, name: str, said: str, remedy: str) -> "_PictureError":
        return _PictureError(
            f"{self._who}: `{self._argument}` must lead to pictures that can be read: "
            f"whole files of a known kind, with at most 16 bits a channel.\n"
            f"Received {self._folder / name}, {said}.\n{remedy}"
        )


class _PictureError(ValueError):
    """A picture that cannot be used."""


def _orientation(image: Image.Image) -> int:
    """Gives the orientation of a picture whose pixels are not read yet; 1 is upright."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1  # Pillow would read all pixels to see whether it stands behind them
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged EXIF data, which are no reason to refuse the picture
        return 1


def _has_grays_alone(image: Image.Image) -> bool:
    """Whether all colours of a palette are gray; its pixels are not read for that."""
    palette = image.palette
    if palette is None:
        return False
    layout = palette.rawmode or palette.mode  # such as RGB, BGRX, or RGB;L one after the other
    values = np.frombuffer(bytes(palette.palette), np.uint8)
    colours = values.reshape(3, -1).T if ";" in layout else values.reshape(-1, len(layout))
    return bool((colours[:, :3] == colours[:, :1]).all())


def _pixels(image: Image.Image, channels: int) -> tuple[np.ndarray, bool]:
    """Gives `[rows, cols, channels]`, and whether something was transparent."""
    clear = image.info.get("transparency")
    if image.mode in DEEP:
        deep = np.asarray(image).astype(np.uint16)
        is_clear = deep == clear if isinstance(clear, int) else np.zeros(deep.shape, bool)
        return np.where(is_clear, 0, deep)[..., np.newaxis].astype(np.uint16), bool(is_clear.any())
    plain = "L" if channels == 1 else "RGB"
    if image.mode not in ALPHA and clear is None:
        pixels, is_transparent = image.convert(plain), False
    else:
        whole = image.convert("LA" if plain == "L" else "RGBA")
        alpha = whole.getchannel("A")
        pixels, is_transparent = whole.convert(plain), bool(np.asarray(alpha).min() < 255)
        if is_transparent:
            pixels = Image.composite(pixels, Image.new(plain, whole.size), alpha)
    return np.asarray(pixels).reshape(image.height, image.width, -1), is_transparent
