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
from tfq_resqunn.simulation.pauli_strings.letters import LetterRows, Letters
from tfq_resqunn.simulation.pauli_strings.propagation import pull_back
from tfq_resqunn.simulation.pauli_strings.split import split
from tfq_resqunn.simulation.pauli_strings.stages import TrigTable
from tfq_resqunn.simulation.pauli_strings.sums import SumOfProducts
from tfq_resqunn.simulation.pauli_strings.trig_polynomials import TrigPolynomials
from tfq_resqunn.simulation.protocols import Work
from tfq_resqunn.simulation.tensors.rows import Product

XLA_RESTS = 512  # of more products, long sums are slower if XLA compiles them


class PauliStrings:
    """Computes expectations from Pauli strings, with coefficients that all patches share.

    The circuit can be split as late as the entanglement allows, instead of as early as the data
    does.
    """

    def __init__(self, circuit: GateCircuit, *, late: bool = False):
        local, shared = split(circuit, late=late)
        letters, trig = Letters(local), TrigTable()
        pulled = pull_back(shared, trig, letters.allowed(shared.gates))
        owned = list(map(tuple, pulled.strings.tolist()))
        # An expectation can be zero, or a constant: then there is still the empty string.
        strings = sorted(set(owned)) or [(0,) * circuit.n_qubits]
        self._rows = rows = LetterRows(letters, strings, circuit)
        products: list[list[Product]] = [[] for _ in circuit.observables]
        for k, string in zip(pulled.owners, owned, strict=True):
            products[k].append(rows.product(string))
        self._sum = SumOfProducts(products, rows.n_rows)
        places = [
            self._sum.place(k, rows.product(s)) for k, s in zip(pulled.owners, owned, strict=True)
        ]
        shape = (len(products), self._sum.n_rests)
        *stages, last = pulled.stages
        last_rows = np.array(places, dtype=np.int64)[last.rows]
        last = dataclasses.replace(last, n_rows=shape[0] * shape[1], rows=last_rows)
        self._coefficients = TrigPolynomials(shape, [*stages, last], trig, circuit.weights)
        n_stages = f" in {len(pulled.stages)} stages" if len(pulled.stages) > 1 else ""
        each = ", one an observable" if all(len(own) == 1 for own in products) else ""
        self.note = f"{len(strings)} strings{each}; {pulled.n_terms} terms a step{n_stages}"
        self.xla = self._sum.n_rests <= XLA_RESTS
        self.work = Work(
            products=self._sum.products,
            numbers=self._sum.numbers + self._rows.numbers,
            once=self._coefficients.flops,
            kernels=20 + 10 * len(pulled.stages),
        )

    def __call__(self, features: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        weights = tf.transpose(weights)
        letters = self._rows(features, weights)  # [rows, n] or [rows, filters, n]
        return self._sum(letters, self._coefficients(weights))
