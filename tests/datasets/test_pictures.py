"""One picture file: the stated conversion, or an error that names the file."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.helpers.systems import needs_posix
from tfq_resqunn.datasets import picture_reading
from tfq_resqunn.datasets.picture_reading import Source, read_pictures
from tfq_resqunn.datasets.pictures import Reader, Remarks, as_errors

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

ROWS, COLS = 4, 6
GRAY = np.linspace(0, 255, ROWS * COLS).astype(np.uint8).reshape(ROWS, COLS)
COLOURS = np.stack([GRAY, GRAY[::-1], 255 - GRAY], axis=-1)
DEEP = GRAY.astype(np.uint16) * 257 - GRAY
ALPHA = np.full_like(GRAY, 255)
ALPHA[0] = 0
ALPHA[1] = 128
LAID = np.rint(COLOURS * (ALPHA[..., np.newaxis] / 255)).astype(np.uint8)
OPAQUE = np.full_like(GRAY, 255)
SIDEWAYS = 6  # of EXIF: turn it clockwise to see it upright


def exif(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def save(path, pixels, mode=None, **options):
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode)).save(path, **options)


def with_palette(path, transparency=None, palette=(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9)):
    image = Image.fromarray(GRAY // 64).convert("P")
    image.putpalette(palette)
    options = {} if transparency is None else {"transparency": transparency}
    image.save(path, **options)


def frames(path, **options):
    images = [Image.fromarray(GRAY), Image.fromarray(255 - GRAY)]
    images[0].save(path, save_all=True, append_images=images[1:], **options)


PALETTE = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], np.uint8)[GRAY // 64]
WITHOUT_RED = np.where(PALETTE[..., :1] == 255, 0, PALETTE).astype(np.uint8)
GRAYS = np.repeat([50, 100, 20, 255], 3).tolist()
FEW = np.array(GRAYS[::3], np.uint8)[GRAY // 64]
CLEAR_DEEP = np.where(DEEP[2, 3] == DEEP, 0, DEEP).astype(np.uint16)

# A name of a file, what writes it, the pixels that are read, and what is remarked.
READ = {
    "gray": ("x.png", lambda p: save(p, GRAY), GRAY, ""),
    "colours": ("x.png", lambda p: save(p, COLOURS), COLOURS, ""),
    "capitals": ("x.PNG", lambda p: save(p, GRAY), GRAY, ""),
    "bitmap": ("x.bmp", lambda p: save(p, COLOURS), COLOURS, ""),
    "gray bitmap": ("x.bmp", lambda p: save(p, GRAY), GRAY, ""),
    "pgm": ("x.pgm", lambda p: save(p, GRAY), GRAY, ""),
    "webp": ("x.webp", lambda p: save(p, COLOURS, lossless=True), COLOURS, ""),
    "tiff": ("x.tif", lambda p: save(p, COLOURS), COLOURS, ""),
    "png called jpg": ("x.jpg", lambda p: save(p, GRAY, format="PNG"), GRAY, ""),
    "name": ("ein Bild, schön 图.png", lambda p: save(p, GRAY), GRAY, ""),
    "1 bit": ("x.png", lambda p: save(p, GRAY > 99), np.uint8(255) * (GRAY > 99), ""),
    "16 bits": ("x.png", lambda p: save(p, DEEP), DEEP, "deep"),
    "16 bits, tiff": ("x.tiff", lambda p: save(p, DEEP), DEEP, "deep"),
    "16 bits, pgm": ("x.pgm", lambda p: save(p, DEEP), DEEP, "deep"),
    "16 bits, one clear": (
        "x.png",
        lambda p: save(p, DEEP, transparency=int(DEEP[2, 3])),
        CLEAR_DEEP,
        "transparent, deep",
    ),
    "alpha": ("x.png", lambda p: save(p, np.dstack([COLOURS, ALPHA])), LAID, "transparent"),
    "opaque alpha": ("x.png", lambda p: save(p, np.dstack([COLOURS, OPAQUE])), COLOURS, ""),
    "gray, alpha": (
        "x.png",
        lambda p: save(p, np.dstack([GRAY, ALPHA])),
        LAID[..., 0],
        "transparent",
    ),
    "gray, opaque alpha": ("x.png", lambda p: save(p, np.dstack([GRAY, OPAQUE])), GRAY, ""),
    "gray, one clear": (
        "x.png",
        lambda p: save(p, GRAY, transparency=255),
        np.where(GRAY == 255, 0, GRAY),
        "transparent",
    ),
    "palette": ("x.png", with_palette, PALETTE, ""),
    "palette, gif": ("x.gif", with_palette, PALETTE, ""),
    "palette, tiff": ("x.tif", with_palette, PALETTE, ""),
    "palette, bmp": ("x.bmp", with_palette, PALETTE, ""),
    "palette of grays": ("x.png", lambda p: with_palette(p, palette=GRAYS), FEW, ""),
    "palette of grays, gif": ("x.gif", lambda p: with_palette(p, palette=GRAYS), FEW, ""),
    "palette of grays, tiff": ("x.tif", lambda p: with_palette(p, palette=GRAYS), FEW, ""),
    "palette of grays, bmp": ("x.bmp", lambda p: with_palette(p, palette=GRAYS), FEW, ""),
    "palette of grays, one clear": (
        "x.png",
        lambda p: with_palette(p, 0, GRAYS),
        np.where(FEW == 50, 0, FEW),
        "transparent",
    ),
    "palette, one clear": ("x.png", lambda p: with_palette(p, 0), WITHOUT_RED, "transparent"),
    "palette, clear in bytes": (
        "x.png",
        lambda p: with_palette(p, bytes([0, 255])),
        WITHOUT_RED,
        "transparent",
    ),  # fmt: skip
    "palette, clear and unused": ("x.png", lambda p: with_palette(p, 7), PALETTE, ""),
    "gif": ("x.gif", lambda p: save(p, GRAY), GRAY, ""),
    "animated": ("x.gif", frames, GRAY, "frames"),
    "animated png": ("x.png", frames, GRAY, "frames"),
    "pages": ("x.tif", frames, GRAY, "frames"),
    "turned png": ("x.png", lambda p: save(p, GRAY, exif=exif(SIDEWAYS)), np.rot90(GRAY, -1), ""),
    "turned tiff": (
        "x.tif",
        lambda p: save(p, COLOURS, tiffinfo={0x0112: SIDEWAYS}),
        np.rot90(COLOURS, -1),
        "",
    ),
    "upside down": ("x.png", lambda p: save(p, DEEP, exif=exif(3)), DEEP[::-1, ::-1], "deep"),
    "damaged exif": ("x.png", lambda p: save(p, GRAY, exif=b"Exif\0\0nonsense"), GRAY, ""),
}


def read(folder, name):
    remarks = Remarks()
    reader = Reader(folder, "load", "name")
    with as_errors():
        form = reader.form(name)
        pixels = reader.read(name, form, remarks)
    assert pixels.shape == (form.rows, form.cols, form.channels) and pixels.dtype == form.dtype
    return pixels, ", ".join(remarks._names)


@pytest.mark.parametrize("kind", READ)
def test_pictures_are_read_by_stated_rules(tmp_path, kind):
    name, write, expected, remark = READ[kind]
    write(tmp_path / name)
    pixels, remarked = read(tmp_path, name)
    expected = expected if expected.ndim == 3 else expected[..., np.newaxis]
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.dtype == expected.dtype
    assert remarked == remark


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("orientation", [1, SIDEWAYS])
def test_jpegs(tmp_path, mode, orientation):
    smooth = np.add.outer(np.arange(16), 2 * np.arange(24)).astype(np.uint8)
    pixels = np.dstack([smooth, smooth, smooth])
    save(tmp_path / "x.jpg", pixels, mode, quality=100, exif=exif(orientation))
    found, _ = read(tmp_path, "x.jpg")
    expected = pixels if orientation == 1 else np.rot90(pixels, -1)
    assert found.shape == (*expected.shape[:2], 1 if mode == "L" else 3)
    assert np.abs(found.astype(int) - expected).max() <= 4


def png():
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


def jpeg():
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


def large(rows, cols):
    """The header of a PNG file that claims a size, with few bytes behind it."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", cols, rows, 8, 0, 0, 0, 0)),
             (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]  # fmt: skip
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def floats():
    file = io.BytesIO()
    Image.fromarray(np.zeros((4, 4), np.float32)).save(file, "TIFF")
    return file.getvalue()


REFUSED = {
    "no bytes": ("x.png", b"", "which is empty.\nCopy it again"),
    "text": ("x.png", b"no picture at all", "which is no picture of the kinds "),
    "svg": ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "which is no picture of the k"),
    "postscript": ("x.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture of"),
    "header alone": ("x.png", png()[:20], "is damaged"),
    "truncated png": ("x.png", png()[:-1000], "which is damaged"),
    "truncated jpeg": ("x.jpg", jpeg()[:-1000], "which is damaged: image file is truncated"),
    "changed": ("x.png", png()[:1000] + bytes(50) + png()[1050:], "which is damaged"),
    "bomb": ("x.png", large(60_000, 60_000), "which has more than 89,478,485 pixels"),
    "large": ("x.png", large(10_000, 10_000), "which has more than 89,478,485 pixels"),
    "floats": ("x.tif", floats(), "which has 32 bits for each pixel"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_named(tmp_path, kind):
    name, data, message = REFUSED[kind]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError) as error:
        read(tmp_path, name)
    text = str(error.value)
    assert text.startswith("load: `name` must lead to pictures that can be read")
    assert f"Received {tmp_path / name}, " in text and message in text
    assert len(text.splitlines()) >= 3


@needs_posix
def test_pipes_and_links_to_nothing_are_not_waited_for(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("none.png")
    for name in ("pipe.png", "link.png"):
        with pytest.raises(ValueError, match="no file, or a link to none"):
            read(tmp_path, name)


def read_all(folder, names, remarks, **arguments):
    source = Source(folder, names, "load", "name", "Resize them.")
    return read_pictures(source, remarks, **arguments).pixels


@pytest.mark.parametrize(
    ("verbose", "patience", "is_shown"), [(1, 0.0, True), (1, 600.0, False), (0, 0.0, False)]
)
def test_reading_that_takes_a_while_shows_progress(
    tmp_path, verbose, patience, is_shown, monkeypatch, capsys
):
    monkeypatch.setattr(picture_reading, "PATIENCE", patience)
    names = [f"{i}.png" for i in range(5)]
    for name in names:
        save(tmp_path / name, GRAY)
    read_all(tmp_path, names, Remarks(), verbose=verbose)
    printed = capsys.readouterr()
    assert ("5/5" in printed.out) == is_shown
    assert printed.err == ""


def test_many_pictures_have_one_warning_of_each_kind(tmp_path):
    names = [f"{i}.png" for i in range(5)]
    for name in names:
        save(tmp_path / name, np.dstack([GRAY, ALPHA]))
    frames(tmp_path / "z.gif")
    remarks = Remarks()
    read_all(tmp_path, [*names, "z.gif"], remarks)
    with pytest.warns() as warned:
        remarks.warn("load")
    assert [str(warning.message) for warning in warned] == [
        "load: the picture z.gif is of several frames or pages, of which the first one is taken.",
        "load: 5 pictures, the first 0.png, are transparent in places, and laid over black.",
    ]


def test_all_bad_pictures_are_counted(tmp_path):
    names = [f"{i}.png" for i in range(9)]
    for name in names:
        (tmp_path / name).write_bytes(b"text")
    save(tmp_path / "0.png", GRAY)
    with pytest.raises(ValueError, match=r"1\.png, which is no picture") as error:
        read_all(tmp_path, names, Remarks())
    assert str(error.value).count("\nLikewise: ") == 3
    assert str(error.value).endswith("\nAnd 4 more.")


def test_a_picture_that_changes_meanwhile(tmp_path):
    save(tmp_path / "x.png", GRAY)
    reader = Reader(tmp_path, "load", "name")
    form = reader.form("x.png")
    save(tmp_path / "x.png", GRAY[1:])
    with pytest.raises(ValueError, match="has changed while it was read"):
        reader.read("x.png", form, Remarks())


def test_8_and_16_bits_together(tmp_path):
    save(tmp_path / "8.png", GRAY)
    save(tmp_path / "16.png", DEEP)
    save(tmp_path / "rgb.png", COLOURS)
    pixels = read_all(tmp_path, ["8.png", "16.png", "rgb.png"], Remarks())
    assert pixels.dtype == np.float32
    np.testing.assert_array_equal(pixels[0], np.float32(np.dstack([GRAY] * 3) / 255))
    np.testing.assert_array_equal(pixels[1], np.float32(np.dstack([DEEP] * 3) / 65535))
    np.testing.assert_array_equal(pixels[2], np.float32(COLOURS / 255))
