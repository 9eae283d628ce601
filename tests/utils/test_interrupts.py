"""Ctrl-C at any moment ends the command."""

import functools
import os
import re
import signal
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import pytest

from tfq_resqunn._utils import interrupts

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

ROOT = Path(__file__).parents[2]
# A shell lets what it runs in the background ignore Ctrl-C, and that is inherited.
HEED_INTERRUPTS = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)


class Thing:
    """Something that can be referred to weakly."""


@pytest.fixture
def heeding():
    """Python's own way of heeding Ctrl-C, which a test may run without, and which is put back."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def interrupt_where_python_drops_it():
    def callback(_):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

    thing = Thing()
    reference = weakref.ref(thing, callback)
    del thing
    return reference


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_python_drops_comes_again(heeding):
    with pytest.raises(KeyboardInterrupt), interrupts.sure_interrupts():
        interrupt_where_python_drops_it()
        for _ in range(1000):
            time.sleep(0.01)


def test_nothing_interrupts_the_tidying_up(heeding):
    tidied = False
    with pytest.raises(KeyboardInterrupt), interrupts.sure_interrupts():
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(10)
        finally:
            time.sleep(3 * interrupts.SECONDS_TO_REPEAT)
            tidied = True
    assert tidied


def test_other_threads_run_commands_too():
    before, ended = signal.signal(signal.SIGINT, signal.default_int_handler), []

    def run():
        with interrupts.sure_interrupts():
            ended.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    signal.signal(signal.SIGINT, before)
    assert ended == [True]


@pytest.mark.slow
@pytest.mark.parametrize("moment", [k / 6 for k in range(1, 20, 2)])
def test_training_stops(tmp_path, moment):
    """In the seconds in which networks are built and traced; the folder appears before these."""
    command = [sys.executable, "-m", "resqunn", "train", "--epochs=500", "--quiet", "--out=run"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True,
        preexec_fn=HEED_INTERRUPTS,
    )  # fmt: skip
    while not (tmp_path / "run").exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    done = re.search(r"Stopped. (\d+) of 500 epochs are done. To go on: resqunn train (.+)", said)
    assert done[2] == "--epochs 500 --out run"
    assert said.count("Traceback") == said.count("Exception ignored")


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.1, 0.5, 1, 2, 3, 4])
def test_loading_stops(tmp_path, moment):
    command = [sys.executable, "-m", "resqunn", "train", "--epochs=500", "--quiet", "--out=run"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TF_CPP")}
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**environment, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE, preexec_fn=HEED_INTERRUPTS,
    )  # fmt: skip
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)  # the latter before Python is up
