"""Rows of numbers, the values of a circuit's symbols, run by simulators and samplers of Cirq.

Equal rows run once, what can be is measured together, and many circuits are handed over at a time,
but never more than a device takes.
"""

from collections.abc import Callable, Iterator, Sequence

import cirq
import numpy as np
import sympy
import tensorflow as tf

from tfq_resqunn.circuits.observables.measurements import KEY, Measurements

# From rows `[n, symbols]` to outcomes `[n, observables]`.
Run = Callable[[np.ndarray], np.ndarray]


def exact(
    simulator: cirq.SimulatesExpectationValues,
    circuit: cirq.Circuit,
    symbols: Sequence[sympy.Symbol],
    observables: Sequence[cirq.PauliSum],
    qubits: Sequence[cirq.Qid],
) -> Run:
    """Gives what computes expectation values.

    Cirq's own density matrices, in single precision, are refused now and then by Cirq's own check
    that they are some: rounding leaves a trace that is not quite 1, and eigenvalues a little below
    zero. Here no such check stands, and values are divided by the trace.
    """
    places = {q: i for i, q in enumerate(qubits)}

    def by_matrices(resolvers):
        for result in simulator.simulate_sweep_iter(circuit, resolvers, qubit_order=qubits):
            matrix = result.final_density_matrix
            trace = np.trace(matrix).real
            yield [
                o.expectation_from_density_matrix(matrix, places, check_preconditions=False) / trace
                for o in observables
            ]

    def by_simulator(resolvers):
        return simulator.simulate_expectation_values_sweep(
            circuit, list(observables), params=resolvers, qubit_order=qubits
        )

    values = by_matrices if isinstance(simulator, cirq.DensityMatrixSimulator) else by_simulator

    def run(rows):
        found = list(values(_resolvers(symbols, rows)))
        return np.real(found).reshape(len(rows), len(observables))

    return run


def sampled(
    sampler: cirq.Sampler,
    circuit: cirq.Circuit,
    symbols: Sequence[sympy.Symbol],
    observables: Sequence[cirq.PauliSum],
    repetitions: int,
    max_circuits: int | None,
) -> Run:
    """Gives what estimates expectation values from so many shots of each circuit."""
    measurements = Measurements.of(observables)
    measured = measurements.circuits(circuit)

    def run(rows):
        resolvers = _resolvers(symbols, rows)
        bits = [[None] * len(measured) for _ in rows]
        for batch in _batches(len(rows), len(measured), max_circuits):
            results = sampler.run_batch(
                [measured[setting] for setting, _ in batch],
                params_list=[[resolvers[row] for row in chosen] for _, chosen in batch],
                repetitions=repetitions,
            )
            for (setting, chosen), outcomes in zip(batch, results, strict=True):
                for row, result in zip(chosen, outcomes, strict=True):
                    bits[row][setting] = result.measurements[KEY]
        return np.reshape([measurements.values(b) for b in bits], [len(rows), len(observables)])

    return run


def as_op(run: Run, n_observables: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Gives `run` as a TensorFlow operation from `[symbols, n]` to `[observables, n]`."""

    def on_arrays(values):
        distinct: dict[bytes, int] = {}
        order = [distinct.setdefault(row.tobytes(), len(distinct)) for row in values.T]
        first = np.unique(order, return_index=True)[1]
        outcomes = run(values.T[first])
        return np.ascontiguousarray(outcomes[order].T, values.dtype)

    def op(values):
        outcomes = tf.numpy_function(on_arrays, [values], values.dtype)
        return tf.ensure_shape(outcomes, [n_observables, values.shape[1]])

    return op


def _resolvers(symbols, rows) -> list[dict[str, float]]:
    names = [symbol.name for symbol in symbols]
    return [dict(zip(names, row, strict=True)) for row in rows.tolist()]


def _batches(n_rows: int, n_settings: int, size: int | None) -> Iterator[list]:
    """Cuts all rows of all settings into batches of at most `size` rows together."""
    size = size or max(1, n_rows * n_settings)
    batch, room = [], size
    for setting in range(n_settings):
        rows = range(n_rows)
        while rows:
            taken, rows = rows[:room], rows[room:]
            batch.append((setting, taken))
            room -= len(taken)
            if not room:
                yield batch
                batch, room = [], size
    if batch:
        yield batch
