"""Pairs of neighbours on a line of qubits, or of whatever else stands in a line."""

from collections.abc import Sequence


def pairs(line: Sequence, first: int) -> list[tuple]:
    """Gives every other pair of neighbours, from that of the place `first` on.

    >>> pairs("abcde", 0), pairs("abcde", 1)
    ([('a', 'b'), ('c', 'd')], [('b', 'c'), ('d', 'e')])
    """
    return list(zip(line[first::2], line[first + 1 :: 2], strict=False))
