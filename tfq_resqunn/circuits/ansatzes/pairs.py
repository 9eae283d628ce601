"""Which qubits stand together: pairs of places on a line of `n` qubits."""


def even_pairs(n: int) -> list[tuple[int, int]]:
    """Gives the neighbours that start at an even place.

    >>> even_pairs(5)
    [(0, 1), (2, 3)]
    """
    return [(i, i + 1) for i in range(0, n - 1, 2)]


def odd_pairs(n: int) -> list[tuple[int, int]]:
    """Gives the neighbours that start at an odd place: with the even ones, all neighbours.

    >>> odd_pairs(5)
    [(1, 2), (3, 4)]
    """
    return [(i, i + 1) for i in range(1, n - 1, 2)]
