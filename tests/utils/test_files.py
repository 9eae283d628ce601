"""Names and files that every system takes."""

import errno
import ntpath
import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfq_resqunn._utils import files

pytestmark = [pytest.mark.once, pytest.mark.anywhere]


def is_reserved(name):
    """Whether Windows keeps the name for itself."""
    if hasattr(ntpath, "isreserved"):  # from Python 3.13 on
        return ntpath.isreserved(name)
    return PureWindowsPath(name).is_reserved()


@given(st.lists(st.text(), max_size=5))
def test_names_are_distinct_and_allowed(texts):
    names = files.distinct_names(texts)
    assert len(names) == len(texts) == len({name.casefold() for name in names})
    for name in names:
        assert PureWindowsPath(name).name == name and not is_reserved(name)
        assert not set(name) & set('<>:"/\\|?*') and name.rstrip(". ") == name != ""


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (["quanv_1", "my layer", "é"], ["quanv_1", "my layer", "é"]),
        (["a", "A", "a"], ["a", "A-2", "a-3"]),
        (["a-2", "a", "A"], ["a-2", "a", "A-3"]),
        (["block/quanv", "block.quanv"], ["block.quanv", "block.quanv-2"]),
        (["..", "C:\\x", "nul", "Aux.json", "x. "], ["_", "C..x", "_nul", "_Aux.json", "x"]),
        (["CONIN$", "nul .txt", "COM¹", "com"], ["_CONIN$", "_nul .txt", "_COM¹", "com"]),
        (["n" * 300, "n" * 301], ["n" * 100, "n" * 100 + "-2"]),
    ],
)
def test_names(texts, names):
    assert files.distinct_names(texts) == names


def test_the_same_bytes_on_every_system(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "linesep", "\r\n")
    files.write_text(tmp_path / "x", "π\n\n")
    assert (tmp_path / "x").read_bytes() == b"\xcf\x80\n\n"


@pytest.mark.parametrize("is_nested", [False, True])
def test_a_disk_that_is_full_is_said_of_the_file_itself(tmp_path, is_nested):
    """The system says nothing of a file that is written to, or its temporary name."""
    path = tmp_path / "table.csv"
    with pytest.raises(OSError, match="No space") as caught, files.replacing(path) as temporary:
        if not is_nested:
            raise OSError(errno.ENOSPC, "No space left on device", str(temporary))
        with files.replacing(temporary):
            raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(FileNotFoundError) as caught, files.replacing(path):
        (tmp_path / "other").stat()
    assert caught.value.filename == str(tmp_path / "other")


@pytest.fixture
def open_elsewhere(monkeypatch):
    """Windows, where something has the file open the first few times."""
    refused = []
    replace = os.replace

    def refuse_then_replace(*arguments):
        if len(refused) < 3:
            refused.append(arguments)
            raise PermissionError(13, "Access is denied")
        replace(*arguments)

    monkeypatch.setattr(os, "replace", refuse_then_replace)
    return refused


def test_a_file_that_is_open_for_a_moment_is_waited_for(open_elsewhere, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 60)
    with files.replacing(tmp_path / "table.csv") as temporary:
        files.write_text(temporary, "a\n")
    assert len(open_elsewhere) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_file_that_stays_open_is_named(open_elsewhere, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0)
    (tmp_path / "table.csv").write_text("old", encoding="utf-8")
    message = "table.csv cannot be written to: Access is denied.\nChoose another place."
    with (
        pytest.raises(PermissionError, match=message),
        files.replacing(tmp_path / "table.csv") as temporary,
    ):
        files.write_text(temporary, "new")
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["old"]


def test_several_processes_may_try_the_same_folder_at_once(tmp_path):
    """As jobs of an array do, which begin a study together."""
    program = (
        "import sys\n"
        "from tfq_resqunn._utils.files import check_folder\n"
        "for _ in range(300): check_folder(sys.argv[1])\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a" / "b")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    processes = [
        subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate()[1] for process in processes] == [""] * 4
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
