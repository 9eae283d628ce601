"""Rows of numbers, the values of a circuit's symbols, run by simulators and samplers of Cirq.

Equal rows run once, what can be is measured together, and many circuits are handed over at a time,
but never more than a device takes.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import cirq
import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.circuits.observables.measurements import KEY, Measurements

# From n rows, as values by the names of symbols, to outcomes `[n, observables]`.
Row = dict[str, float]
Run = Callable[[list[Row]], np.ndarray]


def exact(
    simulator: cirq.SimulatesExpectationValues,
    circuit: cirq.Circuit,
    observables: Sequence[cirq.PauliSum],
    qubits: Sequence[cirq.Qid],
) -> Run:
    """Gives what computes expectation values.

    In single precision, Cirq's density matrices sometimes fail Cirq's own check that they are
    valid: rounding leaves a trace that is not quite 1, and eigenvalues a little below zero. So that
    check is left out here, and values are divided by the trace.
    """
    places = {q: i for i, q in enumerate(qubits)}

    def by_matrices(rows: list[Row]) -> Iterable[list[float]]:
        for result in simulator.simulate_sweep_iter(circuit, rows, qubit_order=qubits):
            matrix = result.final_density_matrix
            trace = np.trace(matrix).real
            yield [
                o.expectation_from_density_matrix(matrix, places, check_preconditions=False) / trace
                for o in observables
            ]

    def by_simulator(rows: list[Row]) -> Iterable[list[float]]:
        return simulator.simulate_expectation_values_sweep(
            circuit, list(observables), params=rows, qubit_order=qubits
        )

    values = by_matrices if isinstance(simulator, cirq.DensityMatrixSimulator) else by_simulator

    return lambda rows: np.real(list(values(rows))).reshape(len(rows), len(observables))


def sampled(
    sampler: cirq.Sampler,
    circuit: cirq.Circuit,
    observables: Sequence[cirq.PauliSum],
    repetitions: int,
    max_circuits: int | None,
) -> Run:
    """Gives what estimates expectation values from so many shots of each circuit."""
    measurements = Measurements.of(observables)
    measured = measurements.circuits(circuit)

    def run(rows: list[Row]) -> np.ndarray:
        bits: list[list] = [[None] * len(measured) for _ in rows]
        for batch in _batches(len(rows), len(measured), max_circuits):
            results = sampler.run_batch(
                [measured[setting] for setting, _ in batch],
                params_list=[[rows[i] for i in chosen] for _, chosen in batch],
                repetitions=repetitions,
            )
            for (setting, chosen), outcomes in zip(batch, results, strict=True):
                for i, result in zip(chosen, outcomes, strict=True):
                    bits[i][setting] = result.measurements[KEY]
        return np.reshape([measurements.values(b) for b in bits], [len(rows), len(observables)])

    return run


def as_op(
    run: Run, symbols: Sequence[sympy.Symbol], n_observables: int
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Gives `run` as a TensorFlow operation from `[symbols, n]` to `[observables, n]`."""
    names = [symbol.name for symbol in symbols]

    def on_arrays(values: np.ndarray) -> np.ndarray:
        distinct: dict[bytes, int] = {}
        order = [distinct.setdefault(row.tobytes(), len(distinct)) for row in values.T]
        first = np.unique(order, return_index=True)[1]
        outcomes = run([dict(zip(names, row, strict=True)) for row in values.T[first].tolist()])
        return np.ascontiguousarray(outcomes[order].T, values.dtype)

    def op(values: tf.Tensor) -> tf.Tensor:
        outcomes = tf.numpy_function(on_arrays, [values], values.dtype)
        return tf.ensure_shape(outcomes, [n_observables, values.shape[1]])

    return op


def _batches(n_rows: int, n_settings: int, size: int | None) -> Iterator[list[tuple]]:
    """Cuts all rows of all settings into batches of at most `size` rows together."""
    pairs = list(itertools.product(range(n_settings), range(n_rows)))
    size = size or max(1, len(pairs))
    for start in range(0, len(pairs), size):
        by_setting = itertools.groupby(pairs[start : start + size], key=lambda pair: pair[0])
        yield [(setting, [row for _, row in own]) for setting, own in by_setting]
