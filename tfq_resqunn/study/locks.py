"""Locks of a study's folder: one for the whole study, and one for each shard of it.

A lock is the system's, which releases it when its process ends, however that ends. Its file may
stay, and means nothing. Whoever trains the whole study holds `.lock` meanwhile. A shard holds the
lock of its own, such as `.lock-2-of-8`; it holds `.lock` only for the moments in which it looks who
else is there, takes its own, and writes `study.json` or the report.
"""

import contextlib
import re
from pathlib import Path

from filelock import FileLock

from tfq_resqunn._utils import locks
from tfq_resqunn.study.folder import LOCK
from tfq_resqunn.study.shards import Shard, write_shard

SECONDS_TO_WAIT = 30.0  # for shards that look around, of which a hundred may start at once
OF_SHARD = re.compile(re.escape(LOCK) + r"-(\d+)-of-(\d+)")


def locked(folder: Path, seconds: float = 0) -> contextlib.AbstractContextManager[FileLock]:
    """Keeps others out of the folder, until it is left or the lock is released.

    Waits for `seconds` while somebody else is in it.
    """
    return locks.locked(
        folder / LOCK,
        f"run_study: `folder` must not be in use by another study. Received {folder}, in which one "
        "is running. Wait for it, or choose another folder.",
        seconds,
    )


def locked_shard(folder: Path, shard: Shard) -> contextlib.AbstractContextManager[FileLock]:
    """Keeps others from a shard, for as long as this process lives."""
    return locks.locked(
        folder / "{}-{}-of-{}".format(LOCK, *shard),
        f"run_study: `shard` must not be in use. Received {write_shard(shard)}, which another "
        f"command is training in {folder}. Wait for it, or choose another shard.",
    )


def shards_at_work(folder: Path) -> list[Shard]:
    """Gives the shards that are being trained; who calls it holds the folder."""
    found = (OF_SHARD.fullmatch(path.name) for path in folder.glob(f"{LOCK}-*"))
    shards = [(int(match[1]), int(match[2])) for match in found if match]
    return sorted(shard for shard in shards if _is_at_work(folder, shard))


def _is_at_work(folder: Path, shard: Shard) -> bool:
    try:
        with locked_shard(folder, shard):
            return False
    except FileExistsError:
        return True
