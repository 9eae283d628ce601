"""Ops that run TensorFlow Quantum's programs on simulators and samplers (devices) of Cirq.

TensorFlow Quantum has such ops too. These read each program once instead of once a row, run equal
rows once, put circuits back onto the user's own qubits (a device has no others), measure together
what can be, and hand over many circuits at a time, but never more than a device takes.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterator

import cirq
import numpy as np
import tensorflow as tf
import tensorflow_quantum as tfq

from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.measurements import KEY, Measurements


@dataclasses.dataclass(frozen=True, eq=False)
class Origin:
    """What programs come from.

    Attributes:
        circuit: The user's circuit.
        qubits: For each qubit of a program, the user's.
    """

    circuit: QuanvCircuit
    qubits: dict[cirq.Qid, cirq.Qid]

    def read(self, program: bytes) -> cirq.Circuit:
        """Gives a program as a circuit on the user's qubits."""
        return tfq.from_tensor(np.array([program]))[0].transform_qubits(self.qubits)


def expectation_op(simulator: cirq.SimulatesExpectationValues, origin: Origin) -> Callable:
    """Makes an op for exact values, with the signature of `tfq.get_expectation_op`'s."""
    observables = list(origin.circuit.observables)
    read = functools.cache(origin.read)

    def run(distinct):
        outcomes = np.zeros([len(distinct), len(observables)])
        for program, rows in _by_program(distinct).items():
            outcomes[rows] = np.real(
                simulator.simulate_expectation_values_sweep(
                    read(program),
                    observables,
                    params=[distinct[row].resolver for row in rows],
                    qubit_order=origin.circuit.qubits,
                )
            )
        return outcomes

    def op(programs, symbol_names, symbol_values, pauli_sums):
        return _as_op(run, programs, symbol_names, symbol_values, pauli_sums)

    return op


def sampled_expectation_op(
    sampler: cirq.Sampler, origin: Origin, repetitions: int, max_circuits: int | None
) -> Callable:
    """Makes an op for finite shots, with the signature of `tfq.get_sampled_expectation_op`'s."""
    measurements = Measurements.of(origin.circuit.observables)

    @functools.cache
    def measured(program):
        return measurements.circuits(origin.read(program))

    def run(distinct):
        jobs = {
            (program, setting): rows
            for program, rows in _by_program(distinct).items()
            for setting in range(len(measurements.settings))
        }
        bits = [[None] * len(measurements.settings) for _ in distinct]
        for batch in _batches(jobs, max_circuits):
            results = sampler.run_batch(
                [measured(program)[setting] for (program, setting), _ in batch],
                params_list=[[distinct[row].resolver for row in rows] for _, rows in batch],
                repetitions=repetitions,
            )
            for ((_, setting), rows), outcomes in zip(batch, results, strict=True):
                for row, result in zip(rows, outcomes, strict=True):
                    bits[row][setting] = result.measurements[KEY]
        shape = [len(distinct), len(origin.circuit.observables)]
        return np.reshape([measurements.values(b) for b in bits], shape)

    def op(programs, symbol_names, symbol_values, pauli_sums, num_samples):
        return _as_op(run, programs, symbol_names, symbol_values, pauli_sums)

    return op


@dataclasses.dataclass(frozen=True)
class _Row:
    program: bytes
    resolver: dict[str, float]


def _as_op(run, programs, symbol_names, symbol_values, pauli_sums):
    # What is measured, and how often, is known beforehand. `pauli_sums` tells how many they are.
    def on_arrays(programs, symbol_names, symbol_values):
        names = [name.decode() for name in symbol_names]
        places: dict[tuple, int] = {}
        distinct, order = [], []
        for program, values in zip(programs, symbol_values, strict=True):
            key = (program, values.tobytes())
            if key not in places:
                places[key] = len(distinct)
                distinct.append(_Row(program, dict(zip(names, map(float, values), strict=True))))
            order.append(places[key])
        return run(distinct)[order].astype(np.float32)

    outcomes = tf.numpy_function(on_arrays, [programs, symbol_names, symbol_values], tf.float32)
    return tf.reshape(outcomes, tf.shape(pauli_sums))


def _by_program(distinct) -> dict[bytes, list[int]]:
    rows: dict[bytes, list[int]] = {}
    for i, row in enumerate(distinct):
        rows.setdefault(row.program, []).append(i)
    return rows


def _batches(jobs: dict, size: int | None) -> Iterator[list]:
    """Cuts jobs, each of which has rows, into batches of at most `size` rows together."""
    size = size or max(1, sum(map(len, jobs.values())))
    batch, room = [], size
    for job, rows in jobs.items():
        while rows:
            taken, rows = rows[:room], rows[room:]
            batch.append((job, taken))
            room -= len(taken)
            if not room:
                yield batch
                batch, room = [], size
    if batch:
        yield batch
