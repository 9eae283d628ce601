"""Circuits as plain lists, from which each side makes its own: neither can have another circuit.

A gate is a list of a name, qubits and an angle. The angle is a factor and the names of symbols,
whose product it is in radians, or `None`: `["ry", [0], [3.14, ["x0"]]]`, `["cnot", [0, 1], None]`.
The symbols `x0`, `x1`, ... are data, and `w0`, `w1`, ... are weights. This file imports nothing
that only one side has.
"""

import itertools
import math
from collections.abc import Iterator

Gate = list
Gates = list[Gate]


def symbol_index(symbol: str) -> tuple[str, int]:
    """Splits a symbol's name.

    Example:
        >>> symbol_index("w12")
        ('w', 12)
    """
    return symbol[0], int(symbol[1:])


def n_symbols(gates: Gates, kind: str) -> int:
    """Counts the data symbols (`"x"`) or the weights (`"w"`)."""
    names = {name for _, _, angle in gates if angle for name in angle[1]}
    return sum(symbol_index(name)[0] == kind for name in names)


def product(n: int, n_layers: int) -> Gates:
    """Data as angles of single qubits, then general rotations and rings of CNOTs."""
    return [*_angles(n), *_layers(n, n_layers, "rz", "ry", "rz")]


def entangler(n: int, n_layers: int) -> Gates:
    """Data as angles of single qubits, then the ansatz `basic_entangler`."""
    return [*_angles(n), *_layers(n, n_layers, "rx")]


def reuploaded(n: int, n_layers: int) -> Gates:
    """Data as angles before each layer of two rotations a qubit and a ring."""
    names = _weights()
    return [
        gate
        for _ in range(n_layers)
        for gate in (
            *_angles(n),
            *_rotations(n, names, "ry"),
            *_rotations(n, names, "rz"),
            *_ring(n),
        )
    ]


def iqp(n: int, n_layers: int) -> Gates:
    """Data as angles about z and, in products of neighbours, about zz; then as in `product`."""
    return [
        *(["h", [q], None] for q in range(n)),
        *(["rz", [q], [2.0, [f"x{q}"]]] for q in range(n)),
        *(["zz", [p, q], [2.0, [f"x{p}", f"x{q}"]]] for p, q in itertools.pairwise(range(n))),
        *_layers(n, n_layers, "rz", "ry", "rz"),
    ]


def qcnn(n: int, n_layers: int) -> Gates:
    """Data as angles of single qubits, then the ansatz `qcnn`: one block for all neighbours."""
    gates = list(_angles(n))
    for layer in range(n_layers):
        for start in (0, 1):
            for a in range(start, n - 1, 2):
                gates += _su4(a, a + 1, _weights(15 * layer))
    return gates


def with_depolarizing(gates: Gates, strength: float) -> Gates:
    """Puts a depolarizing channel on each qubit of a gate, after the gate."""
    noisy = []
    for gate in gates:
        noisy += [gate, *(["depolarize", [q], [strength, []]] for q in gate[1])]
    return noisy


def _weights(start: int = 0) -> Iterator[str]:
    return (f"w{i}" for i in itertools.count(start))


def _angles(n: int) -> Iterator[Gate]:
    return (["ry", [q], [math.pi, [f"x{q}"]]] for q in range(n))


def _rotations(n: int, names: Iterator[str], *kinds: str) -> Iterator[Gate]:
    return ([kind, [q], [1.0, [next(names)]]] for q in range(n) for kind in kinds)


def _ring(n: int) -> Iterator[Gate]:
    return (["cnot", [q, (q + 1) % n], None] for q in range(n))


def _layers(n: int, n_layers: int, *kinds: str) -> Iterator[Gate]:
    names = _weights()
    for _ in range(n_layers):
        yield from _rotations(n, names, *kinds)
        yield from _ring(n)


def _su4(a: int, b: int, names: Iterator[str]) -> Iterator[Gate]:
    def turn(q: int, *kinds: str) -> Iterator[Gate]:
        return ([kind, [q], [1.0, [next(names)]]] for kind in kinds)

    yield from turn(a, "rz", "ry", "rz")
    yield from turn(b, "rz", "ry", "rz")
    yield ["cnot", [a, b], None]
    yield from turn(a, "ry")
    yield from turn(b, "rz")
    yield ["cnot", [b, a], None]
    yield from turn(a, "ry")
    yield ["cnot", [a, b], None]
    yield from turn(a, "rz", "ry", "rz")
    yield from turn(b, "rz", "ry", "rz")
