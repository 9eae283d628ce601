"""Which frequencies an expectation value has in each data symbol of a circuit.

Reference: Schuld, Sweke, Meyer, *Effect of data encoding on the expressive power of variational
quantum-machine-learning models* (2021), arXiv:2008.08605.
"""

import itertools
from collections.abc import Sequence

import numpy as np
import sympy

from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.simulation.gates.gate import Gate, as_gates
from tfq_resqunn.simulation.gates.spectral import gates_of

DECIMALS = 9
MAX_FREQUENCIES = 1000  # of one symbol


def spectrum(circuit: QuanvCircuit) -> tuple[tuple[float, ...], ...]:
    """Gives the frequencies above 0 of each data symbol, in the order of `circuit.inputs`.

    Whatever the weights are, an expectation value is a sum of products of one function of each data
    symbol x: 1, cos(f x) or sin(f x), with f among its frequencies. These are sums of differences
    of the exponents of eigenvalues of the gates that x enters.

    Raises:
        ValueError: If a data symbol enters otherwise than as a multiple in a gate of its own, so
            that outcomes are no such sum, or if there are too many frequencies.

    Example:
        >>> import cirq
        >>> x, w = sympy.symbols("x_0 w_0")
        >>> q = cirq.LineQubit(0)
        >>> upload = cirq.Circuit(cirq.rx(x)(q), cirq.ry(w)(q))
        >>> spectrum(QuanvCircuit(upload)), spectrum(QuanvCircuit(2 * upload))
        (((1.0,),), ((1.0, 2.0),))
    """
    found: dict[sympy.Symbol, set[float]] = {symbol: {0.0} for symbol in circuit.inputs}
    for gate in as_gates(gates_of(circuit.circuit, circuit.qubits)):
        if symbols := gate.symbols & found.keys():
            symbol, factor = _factor(gate, symbols)
            found[symbol] = _sums(found[symbol], [factor * d for d in _differences(gate)], symbol)
    return tuple(tuple(sorted(found[s] - {0.0})) for s in circuit.inputs)


def _factor(gate: Gate, symbols: set[sympy.Symbol]) -> tuple[sympy.Symbol, float]:
    """Gives the data symbol of a gate, and by how much its exponent grows with it, times pi."""
    exponent = sympy.expand(gate.exponent)
    [symbol, *others] = symbols
    factor = sympy.diff(exponent, symbol)
    if others or factor.free_symbols or (exponent - factor * symbol).has(symbol):
        raise ValueError(
            "spectrum: each data symbol must enter gates as a multiple of itself, such as "
            "rx(pi * x_0), and alone, if outcomes shall be sums of cosines and sines of it. "
            f"Received a gate with the exponent {gate.exponent}. Take another encoder, such as "
            "'angle'."
        )
    return symbol, float(factor) * np.pi


def _differences(gate: Gate) -> set[float]:
    levels = gate.frequencies[np.any(gate.projectors, axis=(1, 2))]
    return {abs(float(a - b)) for a, b in itertools.product(levels, repeat=2)}


def _sums(before: set[float], more: Sequence[float], symbol: sympy.Symbol) -> set[float]:
    """Gives all sums and differences, without their signs."""
    sums = {
        round(abs(a + sign * b), DECIMALS)
        for a, b, sign in itertools.product(before, more, (1, -1))
    }
    if len(sums) > MAX_FREQUENCIES:
        raise ValueError(
            f"spectrum: a data symbol may have up to {MAX_FREQUENCIES} frequencies. Received more "
            f"for {symbol}. Let it enter fewer gates."
        )
    return sums
