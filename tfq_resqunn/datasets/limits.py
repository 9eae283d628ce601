"""How large the arrays of a file may be; found from what it says of itself, before it is read."""

from pathlib import Path

MAX_BYTES = 2**32  # of what is read at once: all arrays of a file, or one of them
MAX_IN_MEMORY = 2**29  # bytes of images as float32 that a run holds in memory
SMALL = 2**28  # bytes that may be packed as tightly as can be
MAX_RATIO = 100  # how often larger than the file its arrays may be, beyond that


class SizeError(ValueError):
    """Arrays that are too large."""


def check_size(n_bytes: int, path: Path, who: str, remedy: str = "") -> None:
    """Raises a SizeError if arrays of so many bytes are too large to be in memory.

    `remedy` is what else one can do.
    """
    if n_bytes > MAX_BYTES:
        raise _too_large(n_bytes, path, who, remedy)


def check_ratio(n_bytes: int, path: Path, who: str) -> None:
    """Raises a SizeError if arrays of so many bytes, or more, are too large for their file."""
    if n_bytes > SMALL and n_bytes > MAX_RATIO * path.stat().st_size:
        raise _too_large(n_bytes, path, who)


def _too_large(n_bytes: int, path: Path, who: str, remedy: str = "") -> SizeError:
    of = f"a file of {path.stat().st_size:,} bytes" if path.is_file() else "a folder"
    return SizeError(
        f"{who}: the arrays of a file may have {MAX_BYTES:,} bytes, and beyond {SMALL:,} "
        f"not more than {MAX_RATIO} times the file's own.\nReceived {path}, {of} whose arrays "
        f"have {n_bytes:,} or more.\nGet it from a source that you trust, save "
        f"it with np.savez, or save it in parts. {remedy}".rstrip()
    )
