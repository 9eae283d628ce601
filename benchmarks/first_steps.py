"""The first steps of one form, in a process of its own: time and memory; `steps.py` runs it.

Usage: python -m benchmarks.first_steps '{"case": {...}, "backend": "compiled", ...}'
"""

import json
import re
import sys
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.steps import Case, Form

STEPS = 3  # two where they take seconds


def main():
    print("ready", flush=True)
    sys.stdin.readline()  # the machine is ours from here on
    settings = json.loads(sys.argv[1])
    form = Form(**{**settings, "case": Case(**settings["case"])})
    step = form.step(form.model())
    with suppress(OSError):  # forgets the peak of the imports, where the system allows it
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = memory("VmRSS")
    start = time.perf_counter()
    step().numpy()
    seconds = time.perf_counter() - start
    for _ in range(1 if seconds > 2 else STEPS - 1):
        step().numpy()
    print(json.dumps({"seconds": seconds, "mib": memory("VmHWM") - before}))


def memory(name):
    """Reads a size of this process in MiB: `VmRSS` now, or `VmHWM`, the peak of it.

    `getrusage` would count the memory of the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)[1]) / 1024


if __name__ == "__main__":
    main()
