"""`.npz` files of strangers: small ones that unpack to much, damaged ones, ones with code."""

import io
import pickle
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner

from tfq_resqunn import cli, datasets
from tfq_resqunn.datasets import limits

pytestmark = pytest.mark.once


def header(shape, descr="|u1", version=(1, 0)) -> bytes:
    file = io.BytesIO()
    text = {"descr": descr, "fortran_order": False, "shape": shape}
    writer = np.lib.format.write_array_header_1_0 if version == (1, 0) else None
    (writer or np.lib.format.write_array_header_2_0)(file, text)
    return file.getvalue()


def archive(path, members: dict, compression=zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            with file.open(name, "w", force_zip64=True) as member:
                for part in content if isinstance(content, list) else [content]:
                    member.write(part)


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        import os

        return os.mkdir, (str(self.path),)


NAMES = ["x.npy"]
MIB = bytes(2**20)
FILES = {
    # A file of 600 KB whose array has 600 MB.
    "bomb": ({"x.npy": [header((600 * 2**20,)), *[MIB] * 600]}, "100 times the file's own"),
    "bombs": (
        {f"{i}.npy": [header((100 * 2**20,)), *[MIB] * 100] for i in range(4)},
        "100 times the file's own",
    ),
    "shape": ({"x.npy": [header((10**15,)), b"abc"]}, "not as large as it says"),
    "negative shape": (
        {"x.npy": [header((-5, 3)), b"abc"]},
        "not as large as it says|cannot be read",
    ),
    "endless shape": ({"x.npy": [header((1,) * 100), b"a"]}, "cannot be read"),
    "header": (
        {"x.npy": b"\x93NUMPY\x01\x00\x10\x00__import__('os')" + b" " * 9},
        "cannot be read",
    ),
    "huge header": ({"x.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + b" " * 99}, "cannot be read"),
    "brackets": ({"x.npy": b"\x93NUMPY\x01\x00\x10\x27" + b"(" * 10_000}, "cannot be read"),
    "no header": ({"x.npy": b"abc"}, "cannot be read"),
    "nothing": ({"x.npy": b""}, "cannot be read"),
    "version": ({"x.npy": b"\x93NUMPY\x09\x00" + b" " * 99}, "cannot be read"),
    "text": ({"x.txt": b"hello, world"}, "cannot be read"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_refused_before_they_are_unpacked(name, tmp_path):
    members, message = FILES[name]
    path = tmp_path / "images.npz"
    archive(path, members)
    for read in (datasets.load, datasets.load_images):
        with pytest.raises(ValueError, match=message):
            read(path)


def test_objects_are_not_unpickled(tmp_path):
    path, harm = tmp_path / "images.npz", tmp_path / "harm"
    np.savez(path, x=np.array([Harm(harm)], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="no Python objects"):
        datasets.load_images(path)
    evil = pickle.dumps(Harm(harm))
    for content in (evil, header((1,), "|O") + evil):
        archive(path, {"x.npy": content})
        with pytest.raises(ValueError, match="no Python objects|cannot be read"):
            datasets.load_images(path)
    assert not harm.exists()


def test_damaged_files(tmp_path):
    path, cut = tmp_path / "images.npz", tmp_path / "cut.npz"
    np.savez_compressed(path, x=np.random.default_rng(0).random((20, 4, 4)))
    whole = path.read_bytes()
    for end in (100, len(whole) // 2, len(whole) - 30):
        cut.write_bytes(whole[:end])
        with pytest.raises(ValueError, match="npz archive"):
            datasets.load_images(cut)
    for at in range(60, len(whole) - 200, 97):
        cut.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        with pytest.raises(ValueError, match="npz archive"):
            datasets.load_images(cut)
    run = CliRunner().invoke(cli.main, ["predict", str(cut), str(cut)])
    assert run.exit_code == 2 and "Traceback" not in run.output


def test_what_is_large_is_read_where_the_file_is(tmp_path, monkeypatch):
    path = tmp_path / "images.npz"
    x = np.zeros((100, 8, 8), np.uint8)
    x[:, 3, 3] = 255
    monkeypatch.setattr(limits, "SMALL", 1000)
    np.savez(path, x=x)
    np.testing.assert_array_equal(datasets.load_images(path)[0][..., 0], x / np.float32(255))
    monkeypatch.setattr(limits, "MAX_BYTES", 5000)
    with pytest.raises(
        ValueError, match=r"(?s)may have 5,000 bytes, .*6,656 bytes whose arrays have 6,400"
    ):
        datasets.load_images(path)
