"""The 19 circuits that Sim, Johnson and Aspuru-Guzik compared, as data."""

import functools
from collections.abc import Callable, Iterator

import cirq
import sympy

from tfq_resqunn._utils.arguments import is_integer
from tfq_resqunn.circuits.ansatzes.pairs import pairs
from tfq_resqunn.circuits.checks.arguments import check_register
from tfq_resqunn.circuits.names import ANSATZES
from tfq_resqunn.circuits.rotations import ROTATIONS
from tfq_resqunn.circuits.symbols import weight_symbols

# One layer of each circuit, step by step: a gate, and where it stands (`PLACES`; on each qubit
# where nothing is said).
LAYERS = {
    1: "rx, rz",
    2: "rx, rz, cx line",
    3: "rx, rz, crz line",
    4: "rx, rz, crx line",
    5: "rx, rz, crz all, rx, rz",
    6: "rx, rz, crx all, rx, rz",
    7: "rx, rz, crz even, rx, rz, crz odd",
    8: "rx, rz, crx even, rx, rz, crx odd",
    9: "h, cz line, rx",
    10: "cz circle, ry",
    11: "ry, rz, cx even, ry inner, rz inner, cx odd",
    12: "ry, rz, cz even, ry inner, rz inner, cz odd",
    13: "ry, crz ring, ry, crz counter_ring",
    14: "ry, crx ring, ry, crx counter_ring",
    15: "ry, cx ring, ry, cx counter_ring",
    16: "rx, rz, crz even, crz odd",
    17: "rx, rz, crx even, crx odd",
    18: "rx, rz, crz ring",
    19: "rx, rz, crx ring",
}
# What stands once, before the layers.
BEFORE = {10: "ry"}

# Places as functions of the number of qubits; of two, the first is the control.
PLACES: dict[str, Callable[[int], list[tuple[int, ...]]]] = {
    "each": lambda n: [(i,) for i in range(n)],
    "inner": lambda n: [(i,) for i in range(1, n - 1)],
    "even": lambda n: [(j, i) for i, j in pairs(range(n), 0)],
    "odd": lambda n: [(j, i) for i, j in pairs(range(n), 1)],
    "line": lambda n: [(i, i - 1) for i in range(n - 1, 0, -1)],
    "circle": lambda n: PLACES["line"](n) + ([(n - 1, 0)] if n > 2 else []),
    "ring": lambda n: [(i, (i + 1) % n) for i in range(n - 1, -1, -1) if n > 1],
    "counter_ring": lambda n: [(i % n, (i - 1) % n) for i in range(n - 1, 2 * n - 1) if n > 1],
    "all": lambda n: [(i, j) for i in range(n - 1, -1, -1) for j in range(n - 1, -1, -1) if i != j],
}
_FIXED = {"h": cirq.H, "cx": cirq.CNOT, "cz": cirq.CZ}


def sim_circuit(n_qubits: int, n_layers: int = 1, *, circuit: int) -> cirq.Circuit:
    """One of the 19 circuits of Sim, Johnson and Aspuru-Guzik, for any number of qubits.

    They are registered as `"sim_1"` to `"sim_19"`. Each is drawn on four qubits in the paper; on n
    qubits, lines, rings and pairs of neighbours go on in the same way. With n qubits and L layers
    the numbers of weights are:

    | circuits      | weights        | entangled by                                  |
    |---------------|----------------|-----------------------------------------------|
    | 1             | 2 n L          | nothing                                       |
    | 2             | 2 n L          | CNOTs in a line                               |
    | 3, 4          | (3 n - 1) L    | controlled rz, rx in a line                   |
    | 5, 6          | (n + 3) n L    | controlled rz, rx between all                 |
    | 7, 8          | (5 n - 1) L    | controlled rz, rx of neighbours in turns      |
    | 9             | n L            | CZs in a line                                 |
    | 10            | n (L + 1)      | CZs in a ring; one layer of ry precedes       |
    | 11, 12        | (4 n - 4) L    | CNOTs, CZs of neighbours in turns             |
    | 13, 14        | 4 n L          | controlled rz, rx in two rings                |
    | 15            | 2 n L          | CNOTs in two rings                            |
    | 16, 17        | (3 n - 1) L    | controlled rz, rx of neighbours               |
    | 18, 19        | 3 n L          | controlled rz, rx in a ring                   |

    On two qubits, a ring has both directions, except that of CZs, which would undo each other:
    there it is one. On one qubit, gates of two drop out with their weights.

    Args:
        n_qubits: Number of qubits (`cirq.LineQubit`s from 0).
        n_layers: How often the layer is repeated, with new weights each time.
        circuit: Number in the paper, from 1 to 19.

    Returns:
        A `cirq.Circuit` with the symbols `w_000`, `w_001`, ..., in the order of its gates.

    Raises:
        TypeError: If a count is no integer.
        ValueError: If a count is below 1, or there is no such circuit.

    Example:
        >>> print(sim_circuit(3, circuit=19))
        0: ───Rx(w_000)───Rz(w_003)───Rx(w_006)───────────────@───────────
                                      │                       │
        1: ───Rx(w_001)───Rz(w_004)───┼───────────@───────────Rx(w_008)───
                                      │           │
        2: ───Rx(w_002)───Rz(w_005)───@───────────Rx(w_007)───────────────

    Reference:
        Sim, Johnson, Aspuru-Guzik, *Expressibility and entangling capability of parameterized
        quantum circuits for hybrid quantum-classical algorithms* (2019), arXiv:1905.10876,
        figure 2.
    """
    qubits, n_layers = check_register(n_qubits, n_layers, "sim_circuit")
    if not is_integer(circuit) or circuit not in LAYERS:
        raise ValueError(
            f"sim_circuit: `circuit` must be a number from 1 to {len(LAYERS)}, as in the paper's "
            f"figure 2. Received {circuit!r}."
        )
    steps = [*_steps(BEFORE.get(circuit, "")), *_steps(LAYERS[circuit]) * n_layers]
    blocks = [(gate, PLACES[place](len(qubits))) for gate, place in steps]
    weights = iter(weight_symbols(sum(len(p) for gate, p in blocks if gate not in _FIXED)))
    return cirq.Circuit(
        cirq.Circuit(_gate(gate, weights)(*(qubits[i] for i in where)) for where in places)
        for gate, places in blocks
    )


def _steps(text: str) -> list[tuple[str, str]]:
    """`"ry, cx ring"` -> `[("ry", "each"), ("cx", "ring")]`."""
    words = [step.split() for step in text.split(",") if step]
    return [(gate, place[0] if place else "each") for gate, *place in words]


def _gate(name: str, weights: Iterator[sympy.Symbol]) -> cirq.Gate:
    if name in _FIXED:
        return _FIXED[name]
    if name in ROTATIONS:
        return ROTATIONS[name](next(weights))
    return ROTATIONS[name.removeprefix("c")](next(weights)).controlled()


for _number, _layer in LAYERS.items():
    _circuit = functools.partial(sim_circuit, circuit=_number)
    # What lists of ansatzes show.
    _circuit.__doc__ = f"Circuit {_number} of Sim et al. (2019). A layer: {_layer}."
    ANSATZES.register(f"sim_{_number}", _circuit)
