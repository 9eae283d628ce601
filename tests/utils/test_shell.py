"""Commands that are shown can be pasted into any shell."""

import shlex
import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.systems import needs_posix, words_of
from tfq_resqunn._utils import shell

pytestmark = [pytest.mark.once, pytest.mark.anywhere]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), max_size=4))
def test_a_shell_reads_the_words_again(words):
    assert words_of(shell.command_text(words)) == words


@needs_posix
def test_sh_reads_them_too():
    words = [
        "a b",
        "(X+O1)+O2",
        "0,1",
        "it's",
        '"x"',
        "$HOME",
        "`ls`",
        "c\\",
        "50%",
        "!!",
        "",
        "~",
        "*",
    ]
    command = shell.command_text([sys.executable, "-c", "import sys; print(sys.argv[1:])", *words])
    found = subprocess.run(
        [shutil.which("sh"), "-c", command], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == repr(words)


@pytest.mark.parametrize(
    ("word", "posix", "windows"),
    [
        ("runs/x-1_2.npz", "runs/x-1_2.npz", "runs/x-1_2.npz"),
        ("(X+O1)+O2", '"(X+O1)+O2"', '"(X+O1)+O2"'),
        ("0,1", '"0,1"', '"0,1"'),
        ("it's", '"it\'s"', '"it\'s"'),
        ("runs\\x", "'runs\\x'", "runs\\x"),
        ("C:\\R&D\\x", "'C:\\R&D\\x'", '"C:\\R&D\\x"'),
        ("runs\\a,b", "'runs\\a,b'", '"runs\\a,b"'),
        ("C:\\a b\\", "'C:\\a b\\'", '"C:\\a b\\\\"'),
        ("C:\\my runs\\x", "'C:\\my runs\\x'", '"C:\\my runs\\x"'),
    ],
)
def test_words_on_each_system(word, posix, windows, monkeypatch):
    for system, quoted in (("linux", posix), ("darwin", posix), ("win32", windows)):
        monkeypatch.setattr(sys, "platform", system)
        assert shell.command_text([word]) == quoted
    assert shlex.split(posix) == [word]
