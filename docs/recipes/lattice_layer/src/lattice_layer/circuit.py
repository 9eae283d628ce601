"""The circuit: a qubit for each pixel of a patch."""

import cirq
import sympy

import tfq_resqunn as rq


def lattice(rows: int, cols: int, n_layers: int = 1) -> rq.QuanvCircuit:
    """Encodes each pixel on a qubit; a layer couples those that touch, then rotates all."""
    qubits = cirq.GridQubit.rect(rows, cols)
    touching = [(a, b) for a in qubits for b in qubits if a < b and a.is_adjacent(b)]
    pixels = sympy.symbols(f"x_0:{len(qubits)}")
    weights = iter(sympy.symbols(f"w_0:{n_layers * (len(touching) + len(qubits))}"))
    circuit = cirq.Circuit(cirq.ry(sympy.pi * x)(q) for x, q in zip(pixels, qubits, strict=True))
    for _ in range(n_layers):
        circuit += cirq.Circuit(cirq.ZZ(a, b) ** next(weights) for a, b in touching)
        circuit += cirq.Moment(cirq.rx(next(weights))(q) for q in qubits)
    return rq.QuanvCircuit(circuit, observables="z")
