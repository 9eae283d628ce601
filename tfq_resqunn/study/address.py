"""Which Dask scheduler is meant, from what a user writes; imports no Dask."""

import json
import re
from pathlib import Path

ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://[^\s/]+:[0-9]{1,5}/?")
MAX_BYTES = 10_000_000  # of a scheduler file, which has some thousand


class SchedulerLost(RuntimeError):
    """The scheduler of a study no longer answers, or has forgotten the study."""


def find_scheduler(text: str) -> str:
    """Give the address of a scheduler, which is written out, or stands in a scheduler file.

    Example:
        >>> find_scheduler("tcp://10.0.0.1:8786")
        'tcp://10.0.0.1:8786'
    """
    if "://" in text:
        if not ADDRESS.fullmatch(text):
            raise ValueError(
                "run_study: `scheduler` must be an address such as tcp://10.0.0.1:8786, or a "
                f"scheduler file. Received {text!r}. `dask scheduler` prints its address."
            )
        return text.rstrip("/")
    path = Path(text)
    if not path.is_file():
        address = f"tcp://{text}"
        remedy = (
            f"Write {address} if that is its address."
            if ADDRESS.fullmatch(address)
            else "Write the file with `dask scheduler --scheduler-file scheduler.json`."
        )
        raise FileNotFoundError(
            "run_study: `scheduler` must be an address such as tcp://10.0.0.1:8786, or a scheduler "
            f"file that exists.\nReceived {text!r}, which is neither.\n{remedy}"
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has {path.stat().st_size:,} bytes")
        address = json.loads(path.read_text(encoding="utf-8"))["address"]
        if not ADDRESS.fullmatch(address):
            raise ValueError(f"its address is {address!r}")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(
            "run_study: `scheduler` must be a file that `dask scheduler --scheduler-file` has "
            f"written.\nReceived {text}, which is none: {type(error).__name__}: {error}"
        ) from error
    return address.rstrip("/")
