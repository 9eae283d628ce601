"""Plain pictures, which TensorFlow decodes: the same pixels, warnings and errors as Pillow's."""

import io
import logging
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.datasets.test_pictures import ALPHA, COLOURS, DEEP, GRAY, exif, read_all
from tfq_resqunn.datasets import picture_reading
from tfq_resqunn.datasets.pictures import Reader, Remarks, as_errors
from tfq_resqunn.datasets.plain_pictures import decode, plain_form

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

RNG = np.random.default_rng(3)
PHOTO = np.clip(
    np.kron(RNG.integers(0, 256, (5, 7, 3)), np.ones((9, 7, 1))) + RNG.normal(0, 20, (45, 49, 3)),
    0,
    255,
).astype(np.uint8)


def written(pixels, kind, mode=None, **options):
    image, file = Image.fromarray(pixels), io.BytesIO()
    (image if mode is None else image.convert(mode)).save(file, kind, **options)
    return file.getvalue()


def with_chunk(content, kind, data):
    """Puts a chunk behind the header of a PNG."""
    chunk = struct.pack(">I", len(data)) + kind + data
    chunk += struct.pack(">I", zlib.crc32(kind + data))
    return content[:33] + chunk + content[33:]


PLAIN = {
    "jpeg": written(PHOTO, "JPEG"),
    "jpeg, best": written(PHOTO, "JPEG", quality=100),
    "jpeg, worst": written(PHOTO, "JPEG", quality=1),
    "jpeg, 4:4:4": written(PHOTO, "JPEG", subsampling=0),
    "jpeg, 4:2:2": written(PHOTO, "JPEG", subsampling=1),
    "jpeg, 4:2:0": written(PHOTO, "JPEG", subsampling=2),
    "jpeg, optimized": written(PHOTO, "JPEG", optimize=True),
    "jpeg, restarts": written(PHOTO, "JPEG", restart_marker_blocks=2),
    "jpeg, RGB": written(PHOTO, "JPEG", keep_rgb=True),
    "jpeg, comment": written(PHOTO, "JPEG", comment=b"a comment"),
    "jpeg, profile": written(PHOTO, "JPEG", icc_profile=b"profile" * 9),
    "jpeg, gray": written(PHOTO[..., 0], "JPEG"),
    "jpeg, one pixel": written(PHOTO[:1, :1], "JPEG"),
    "png": written(PHOTO, "PNG"),
    "png, gray": written(PHOTO[..., 0], "PNG"),
    "png, gamma": with_chunk(written(PHOTO, "PNG"), b"gAMA", struct.pack(">I", 45455)),
    "png, sRGB": with_chunk(written(PHOTO, "PNG"), b"sRGB", b"\0"),
    "png, background": with_chunk(written(PHOTO, "PNG"), b"bKGD", b"\0\1\0\2\0\3"),
    "png, text": with_chunk(written(PHOTO, "PNG"), b"tEXt", b"a\0IDAT"),
}
PROGRESSIVE = written(PHOTO, "JPEG", progressive=True)
OTHERS = {
    "jpeg, progressive": PROGRESSIVE,
    "jpeg, scans missing": PROGRESSIVE[: PROGRESSIVE.index(b"\xff\xc4", 1000)] + b"\xff\xd9",
    "jpeg, strange comment": written(PHOTO, "JPEG", comment=b"a \xff\xda comment"),
    "jpeg, exif": written(PHOTO, "JPEG", exif=exif(6)),
    "jpeg, CMYK": written(PHOTO, "JPEG", "CMYK"),
    "png, exif": written(PHOTO, "PNG", exif=exif(6)),
    "png, palette": written(PHOTO, "PNG", "P"),
    "png, 1 bit": written(PHOTO, "PNG", "1"),
    "png, 16 bits": written(DEEP, "PNG"),
    "png, alpha": written(np.dstack([COLOURS, ALPHA]), "PNG"),
    "png, one clear": written(GRAY, "PNG", transparency=255),
    "gif": written(GRAY, "GIF"),
    "text": b"text",
    "nothing": b"",
}


def by_pillow(folder, name, **arguments):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(picture_reading, "plain_form", lambda content: None)
        return read_all(folder, [name], Remarks(), **arguments)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_pictures_are_decoded_as_pillow_does(tmp_path, name):
    (tmp_path / "x").write_bytes(PLAIN[name])
    form = plain_form(PLAIN[name])
    reader = Reader(tmp_path, "load", "name")
    assert form == reader.form("x")
    with as_errors():
        expected = reader.read("x", form, Remarks())
    np.testing.assert_array_equal(decode([PLAIN[name]] * 3, form), [expected] * 3)
    np.testing.assert_array_equal(read_all(tmp_path, ["x"], Remarks()), [expected])


@pytest.mark.parametrize("name", OTHERS)
def test_others_are_left_to_pillow(name):
    assert plain_form(OTHERS[name]) is None


@pytest.mark.parametrize("name", ["jpeg", "png", "png, gray"])
def test_whatever_is_cut_or_changed_is_read_or_refused_alike(tmp_path, name):
    """Bits are flipped at random places, or the end is missing."""
    whole, rng = PLAIN[name], np.random.default_rng(0)
    damaged = [whole[:n] for n in rng.integers(0, len(whole), 60)]
    for place in [*range(2, 40), *rng.integers(0, len(whole), 150)]:
        damaged.append(
            whole[:place] + bytes([whole[place] ^ (1 << place % 8)]) + whole[place + 1 :]
        )
    n_refused = 0
    for content in damaged:
        (tmp_path / "x").write_bytes(content)
        found = []
        for read in (by_pillow, lambda folder, name: read_all(folder, [name], Remarks())):
            try:
                found.append(read(tmp_path, "x"))
            except ValueError as error:
                found.append(str(error))
        n_refused += isinstance(found[0], str)
        np.testing.assert_array_equal(*found)
    assert 60 < n_refused < len(damaged)


def test_one_that_is_damaged_leaves_the_others(tmp_path):
    names = [f"{i}.jpg" for i in range(6)]
    for name in names:
        (tmp_path / name).write_bytes(PLAIN["jpeg"])
    (tmp_path / names[3]).write_bytes(PLAIN["jpeg"][:-99])
    with pytest.raises(ValueError, match=r"3\.jpg, which is damaged: image file is truncated") as e:
        read_all(tmp_path, names, Remarks())
    assert "Likewise" not in str(e.value)


def test_any_number_of_any_kind_is_decoded_without_a_warning(caplog):
    """TensorFlow warns of functions that are traced again and again."""
    logger = logging.getLogger("tensorflow")
    logger.addHandler(caplog.handler)
    try:
        for n in range(1, 9):
            for content in PLAIN.values():
                assert len(decode([content] * n, plain_form(content))) == n
    finally:
        logger.removeHandler(caplog.handler)
    assert not caplog.records


def test_plain_and_others_together(tmp_path):
    names = []
    for i, content in enumerate([*PLAIN.values(), *OTHERS.values()] * 2):
        if content[:2] in (b"\xff\xd8", b"\x89P", b"GI"):
            names.append(f"{i}.png")
            (tmp_path / names[-1]).write_bytes(content)
    for size in ((45, 49), (8, 9)):
        together = read_all(tmp_path, names, Remarks(), size=size, channels=3)
        for name, x in zip(names, together, strict=True):
            alone = by_pillow(tmp_path, name, size=size, channels=3)[0]
            np.testing.assert_array_equal(x, picture_reading.in_unit_range(alone))


def test_a_small_file_that_would_be_a_huge_picture(tmp_path):
    content = bytearray(PLAIN["jpeg, gray"])
    start = content.index(b"\xff\xc0")
    content[start + 5 : start + 9] = b"\xff\xff\xff\xff"
    (tmp_path / "x.jpg").write_bytes(content)
    with pytest.raises(ValueError, match="more than 89,478,485 pixels"):
        read_all(tmp_path, ["x.jpg"], Remarks())
