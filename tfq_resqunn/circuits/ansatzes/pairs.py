"""Pairs of neighbours on a line of qubits, or of whatever else stands in a line."""

from collections.abc import Sequence


def even_pairs(line: Sequence) -> list[tuple]:
    """Gives the neighbours that start at an even place.

    >>> even_pairs("abcde")
    [('a', 'b'), ('c', 'd')]
    """
    return list(zip(line[::2], line[1::2], strict=False))


def odd_pairs(line: Sequence) -> list[tuple]:
    """Gives the neighbours that start at an odd place. With the even ones, these are all pairs.

    >>> odd_pairs("abcde")
    [('b', 'c'), ('d', 'e')]
    """
    return even_pairs(line[1:])
