"""Zip files that are damaged anywhere."""

import json
import zipfile

import pytest

from tfq_resqunn._utils.archives import open_archive, read_member

TEXT = json.dumps({"some": "values"})


def read(path):
    with open_archive(path) as archive:
        return read_member(archive, "text", 100)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_each_bit_is_read_or_said_to_be_wrong(tmp_path, packing):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("text", TEXT)
    content = path.read_bytes()
    assert read(path) == TEXT.encode()
    n_refused = 0
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            assert read(path) == TEXT.encode()
        except ValueError as error:
            assert str(error)
            n_refused += 1
    assert n_refused > len(content)


def test_what_is_made_of_a_member_is_covered(tmp_path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("text", TEXT)
    with pytest.raises(ValueError, match="^'more'$"), open_archive(path) as archive:
        json.loads(archive.read("text"))["more"]
    with pytest.raises(ValueError, match="^text is larger than 9 bytes$"), open_archive(path) as it:
        read_member(it, "text", 9)
    with pytest.raises(ValueError, match="^MemoryError$"), open_archive(path):
        raise MemoryError


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError), open_archive(tmp_path / "x.zip"):
        pass
