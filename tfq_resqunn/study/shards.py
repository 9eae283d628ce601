"""Shards: parts of a study that commands without a scheduler train at the same time."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from tfq_resqunn._utils.arguments import MAX_COUNT, Rule, is_integer

Shard = tuple[int, int]  # which one, from 1 on, of how many
Run = TypeVar("Run")


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and all(map(is_integer, value))


def _outside(shard: Shard) -> str | None:
    part, n_parts = shard
    return None if 1 <= part <= n_parts <= MAX_COUNT else "(i, n) with 1 <= i <= n"


check_shard = Rule(
    "a pair of integers",
    _is_pair,
    _outside,
    lambda value: tuple(map(int, value)),
    "Shard 2 of 8 is (2, 8).",
)


def read_shard(text: str) -> Shard:
    """Reads a shard as the command line has it.

    Example:
        >>> read_shard("2/8")
        (2, 8)
    """
    if not (match := re.fullmatch(r"([0-9]{1,10})/([0-9]{1,10})", text)):
        raise ValueError("no shard")
    return check_shard((int(match[1]), int(match[2])), "shard", "run_study")


def write_shard(shard: Shard) -> str:
    """Writes a shard as `read_shard` reads it."""
    return "{}/{}".format(*shard)


def in_shard(runs: Sequence[Run], shard: Shard | None) -> Sequence[Run]:
    """Gives the runs of a shard: one piece of the list, so that it has few seeds.

    Example:
        >>> [in_shard("abcdefg", (k, 3)) for k in (1, 2, 3)]
        ['ab', 'cd', 'efg']
    """
    if shard is None:
        return runs
    part, n_parts = shard
    return runs[len(runs) * (part - 1) // n_parts : len(runs) * part // n_parts]
