"""More pictures than memory should hold: start and memory of a training, speed of reading.

Usage: python -m benchmarks.many_pictures [--n 200000] [--of 2000] [--folder FOLDER]

It makes folders of small JPEGs, of 32 x 32 pixels in ten classes, and trains on each by the command
line. Then it reads the images of the larger one in batches, as the training does. It runs on Linux.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES, SIZE, BATCH = 10, 32, 256
TRAIN = [sys.executable, "-u", "-m", "resqunn", "train", "--epochs", "2", "--batch-size", BATCH]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=200_000, help="pictures (default 200000)")
    parser.add_argument("--of", type=int, default=2_000, help="pictures to compare with")
    parser.add_argument("--folder", type=Path, help="where the pictures stay (default: nowhere)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = arguments.folder or Path(temporary)
        peaks = {}
        for n in (arguments.of, arguments.n):
            folder = make(home / f"{n}", n)
            start, peaks[n], seconds = train(folder, Path(temporary) / f"run-{n}")
            print(
                f"{n:,} pictures: the first step ends after {start:.1f} s, peak memory "
                f"{peaks[n]:,.0f} MiB, an epoch takes {seconds:.1f} s, "
                f"{0.9 * n / seconds:,.0f} images a second"
            )
        more = peaks[arguments.n] - peaks[arguments.of]
        print(f"memory of {arguments.n:,} against {arguments.of:,}: {more:+,.0f} MiB")
        print(f"reading alone: {reading(home / f'{arguments.n}'):,.0f} images a second")


def make(folder, n):
    """Makes pictures of ten classes, nine tenths of them for training, unless they are there."""
    if not folder.exists():
        parts = [("train", 9 * n // 10 // CLASSES), ("test", n // 10 // CLASSES)]
        with ProcessPoolExecutor() as pool:
            jobs = [(folder / part, number, m) for part, m in parts for number in range(CLASSES)]
            list(pool.map(make_class, *zip(*jobs, strict=True)))
    return folder


def make_class(folder, number, n):
    """Makes pictures of one class: coarse squares, the same for all, and noise."""
    squares = np.random.default_rng(number).integers(0, 256, (4, 4, 3))
    pattern = np.kron(squares, np.ones((SIZE // 4, SIZE // 4, 1)))
    rng = np.random.default_rng([number, n])
    (folder / f"class{number}").mkdir(parents=True)
    for i in range(n):
        pixels = np.clip(pattern + rng.normal(0, 60, pattern.shape), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"class{number}" / f"{i:06}.jpg", quality=90)


def train(folder, out):
    """Gives seconds to the end of the first step, peak memory in MiB, seconds of an epoch."""
    begun = time.perf_counter()
    command = [*map(str, TRAIN), "--dataset", str(folder), "--out", str(out)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        text, start = b"", None
        while part := os.read(process.stdout.fileno(), 1000):
            text += part
            if start is None and b" loss: " in text:
                start = time.perf_counter() - begun
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(text.decode())
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    return start, usage.ru_maxrss / 1024, result["seconds_per_epoch"]


def reading(folder):
    """Gives images a second, read from disk in the order of a training."""
    from tfq_resqunn.datasets import load

    data = load(folder, on_disk=True)
    begun = time.perf_counter()
    n = sum(len(labels) for _, labels in data.batches(batch_size=BATCH))
    return n / (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
