"""What a gate makes of Pauli operators, as a function of its exponent."""

import itertools

import numpy as np

from tfq_resqunn.simulation.gates.gate import Channel, Operation
from tfq_resqunn.simulation.gates.operators import coefficients_in, pauli_basis


def harmonics(gate: Operation) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Gives how a gate changes Pauli operators, as triples (delta, A, B), the first of delta 0.

    The Pauli operator with index a, pulled back through the gate of exponent t, is the sum over
    triples and b of `(A[b, a] cos(pi delta t) + B[b, a] sin(pi delta t)) P_b`.
    """
    if isinstance(gate, Channel):
        return [(0.0, gate.transfer, np.zeros_like(gate.transfer))]
    basis = pauli_basis(len(gate.qubits))
    by_difference: dict[float, np.ndarray] = {}
    for (k, f), (m, h) in itertools.product(enumerate(gate.frequencies), repeat=2):
        difference = round(float(h - f), 9)
        if difference >= 0:
            # U^dagger P U holds exp(i pi t (h - f)) P_k^dagger P P_m, and its adjoint.
            part = gate.projectors[k].conj().T @ basis @ gate.projectors[m]
            by_difference[difference] = by_difference.get(difference, 0) + part
    terms = []
    for difference, part in sorted(by_difference.items()):
        adjoint = np.conj(np.swapaxes(part, -1, -2))
        even, odd = (part, 0 * part) if difference == 0 else (part + adjoint, 1j * (part - adjoint))
        terms.append((difference, coefficients_in(basis, even), coefficients_in(basis, odd)))
    return terms
