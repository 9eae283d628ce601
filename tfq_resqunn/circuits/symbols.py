"""The names of data symbols and weights."""

import sympy

DATA_PREFIX = "x_"
WEIGHT_PREFIX = "w_"


def data_symbols(n: int) -> list[sympy.Symbol]:
    """Gives the data symbols `x_000`, `x_001`, ... of `n` features.

    >>> data_symbols(2)
    [x_000, x_001]
    """
    return _numbered(DATA_PREFIX, n)


def weight_symbols(n: int) -> list[sympy.Symbol]:
    """Gives the trainable symbols `w_000`, `w_001`, ... of `n` weights.

    >>> weight_symbols(3)[-1]
    w_002
    """
    return _numbered(WEIGHT_PREFIX, n)


def _numbered(prefix: str, n: int) -> list[sympy.Symbol]:
    # Padded with zeros, because TensorFlow Quantum sorts symbols as strings: w_10 before w_2.
    width = max(3, len(str(n - 1)))
    return [sympy.Symbol(f"{prefix}{i:0{width}d}") for i in range(n)]
