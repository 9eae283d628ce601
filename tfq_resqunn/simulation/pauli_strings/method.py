"""Pauli strings: observables, pulled back, meet encoders that act qubit by qubit.

What depends on the weights alone is the same for every patch: each observable, pulled back, is a
sum of Pauli strings with coefficients computed once a step. An encoder that acts qubit by qubit
prepares a product state, which gives each letter of a string a number; a string is these numbers
multiplied. All arithmetic is real.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.gates.operators import String
from tfq_resqunn.simulation.pauli_strings.letters import LetterRows, Letters
from tfq_resqunn.simulation.pauli_strings.matrices import TransferCoefficients, UnitaryCoefficients
from tfq_resqunn.simulation.pauli_strings.propagation import pull_back
from tfq_resqunn.simulation.pauli_strings.split import split
from tfq_resqunn.simulation.pauli_strings.stages import TrigTable
from tfq_resqunn.simulation.pauli_strings.sums import SumOfProducts
from tfq_resqunn.simulation.pauli_strings.trig_polynomials import TrigPolynomials


class PauliStrings:
    """Computes expectations from Pauli strings, with coefficients that all patches share.

    The circuit can be split as late as the entanglement allows, instead of as early as the data
    does. Coefficients can come from matrices (unitaries or, with channels among the gates, Pauli
    transfer matrices), instead of sums of paths.
    """

    def __init__(self, circuit: GateCircuit, *, late: bool = False, by_matrices: bool = False):
        n_qubits, n_outputs = circuit.n_qubits, len(circuit.observables)
        local, shared = split(circuit, late=late)
        letters, trig = Letters(local), TrigTable()
        wanted: list[list[String]] = [[] for _ in range(n_outputs)]
        if by_matrices:
            strings = letters.all_strings()
            wanted = [strings] * n_outputs
        else:
            pulled = pull_back(shared, trig, letters.allowed(shared.gates))
            owned = list(map(tuple, pulled.strings.tolist()))
            # An expectation can be zero, or a constant: then there is still the empty string.
            strings = sorted(set(owned)) or [(0,) * n_qubits]
            for k, string in zip(pulled.owners, owned, strict=True):
                wanted[k].append(string)
        self._rows = rows = LetterRows(letters, strings, circuit)
        products = [[rows.product(s) for s in own] for own in wanted]
        self._sum = SumOfProducts(products, rows.n_rows)
        self._coefficients: TransferCoefficients | UnitaryCoefficients | TrigPolynomials
        if by_matrices and circuit.is_noisy:
            self._coefficients = TransferCoefficients(shared, strings)
            work = f"a {4**n_qubits}x{4**n_qubits} transfer a step"
        elif by_matrices:
            self._coefficients = UnitaryCoefficients(shared, strings)
            work = f"a {2**n_qubits}x{2**n_qubits} unitary a step"
        else:
            places = [
                self._sum.place(k, rows.product(s))
                for k, s in zip(pulled.owners, owned, strict=True)
            ]
            shape = (n_outputs, self._sum.n_rests)
            *stages, last = pulled.stages
            last_rows = np.array(places, dtype=np.int64)[last.rows]
            last = dataclasses.replace(last, n_rows=shape[0] * shape[1], rows=last_rows)
            self._coefficients = TrigPolynomials(shape, [*stages, last], trig, circuit.weights)
            n_stages = f" in {len(pulled.stages)} stages" if len(pulled.stages) > 1 else ""
            work = f"{pulled.n_terms} terms a step{n_stages}"
        each = ", one an observable" if all(len(own) == 1 for own in wanted) else ""
        self.note = f"{len(strings)} strings{each}; {work}"
        self.flops = self._sum.flops + self._rows.flops
        self.flops_a_step = self._coefficients.flops

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        weights = tf.transpose(weights)
        letters = self._rows(features, weights)  # [rows, n] or [rows, filters, n]
        return self._sum(letters, self._coefficients(weights))
