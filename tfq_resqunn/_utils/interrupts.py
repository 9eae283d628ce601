"""Ctrl-C that always arrives.

Python drops an exception that is raised while it runs a finaliser or the callback of a weak
reference. TensorFlow runs thousands of these while it traces a function, so that a
KeyboardInterrupt is lost now and then. Therefore it is raised again until it has arrived.
"""

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator

INTERRUPTED = 130  # the exit code that shells expect after Ctrl-C
SECONDS_TO_REPEAT = 0.2


class _Repeater:
    """The handler of Ctrl-C, and the thread that calls it again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._has_begun = self._has_ended = self._is_again = False

    def __call__(self, *_: object) -> None:
        is_again, self._is_again = self._is_again, False
        if is_again and _has_arrived(sys.exc_info()[1]):
            return  # the program is already cleaning up
        if not self._has_begun:
            self._has_begun = True
            threading.Thread(target=self._repeat, daemon=True).start()
        raise KeyboardInterrupt

    def end(self) -> None:
        with self._lock:
            self._has_ended = True

    def _repeat(self) -> None:
        while True:
            time.sleep(SECONDS_TO_REPEAT)
            with self._lock:
                if self._has_ended:
                    return
                self._is_again = True
                _thread.interrupt_main()  # the main thread calls the handler, on every system


@contextlib.contextmanager
def sure_interrupts() -> Iterator[None]:
    """Within it, a KeyboardInterrupt arrives even where Python drops it once.

    Nothing changes in a program that handles or ignores Ctrl-C in its own way, nor in a thread
    other than the main one, which never gets a KeyboardInterrupt.
    """
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if before is not signal.default_int_handler or not is_main:
        yield
        return
    repeater = _Repeater()
    signal.signal(signal.SIGINT, repeater)
    try:
        yield
    finally:
        repeater.end()
        signal.signal(signal.SIGINT, before)


def _has_arrived(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            return True
        error = error.__context__
    return False
