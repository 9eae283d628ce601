"""What a circuit can do, as two numbers: expressibility and entangling capability.

Both are averages over the states that a circuit prepares from random weights.

Reference: Sim, Johnson, Aspuru-Guzik, *Expressibility and entangling capability of parameterized
quantum circuits for hybrid quantum-classical algorithms* (2019), arXiv:1905.10876.
"""

import dataclasses
from collections.abc import Callable, Iterator

import cirq
import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, check_function, check_seed, checked
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.simulation.gates.circuit import GateCircuit
from tfq_resqunn.simulation.state_vectors.method import MAX_STATE_QUBITS, StateVectors

# Amplitudes that are simulated at once; 16 bytes each, a few times.
CHUNK_AMPLITUDES = 2**18


@checked(
    n_samples=check_count, n_bins=check_count, seed=check_seed, progress=check_function.or_none()
)
def expressibility(
    circuit: cirq.AbstractCircuit | QuanvCircuit,
    n_samples: int = 5000,
    n_bins: int = 75,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> float:
    """Measures how far a circuit's states are from uniformly random ones; 0 is best.

    Takes pairs of random states, and compares the histogram of their fidelities
    `F = |<a|b>|**2` with that of pairs from the Haar measure, which is uniform over all states of
    `N = 2**n_qubits` amplitudes: there a fidelity lies between F and G with the probability
    `(1 - F)**(N - 1) - (1 - G)**(N - 1)`. The result is the Kullback-Leibler divergence of the
    first from the second, in nats. It lies between 0 and `(N - 1) * ln(n_bins)`, which is that of
    a circuit whose states are all the same.

    An estimate from few samples is too high, by about `(bins in use - 1) / (2 * n_samples)`. With
    the defaults, those of the paper, differences below about 0.005 mean nothing.

    Args:
        circuit: A `cirq.Circuit` with sympy symbols. Each is drawn uniformly from [0, 2 pi). Of a
            `QuanvCircuit` so are the weights, while data is drawn from [0, 1), as pixels are.
        n_samples: Number of pairs of states.
        n_bins: Number of bins of the histogram, over [0, 1].
        seed: Of the random numbers. Same seed, same result.
        progress: Called now and then with the number of pairs that are new since the last call,
            as the `update` of a progress bar is.

    Returns:
        The divergence, at least 0.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If the circuit has no symbols, no unitary, or more than 20 qubits, or a count
            is below 1.

    Example:
        >>> from tfq_resqunn.circuits import ANSATZES
        >>> shallow = expressibility(ANSATZES.get("strongly_entangling")(2, 1))
        >>> deep = expressibility(ANSATZES.get("strongly_entangling")(2, 3))
        >>> shallow > deep
        True

    Reference:
        Sim et al. (2019), arXiv:1905.10876, equations 8 to 10.
    """
    counts = np.zeros(n_bins)
    for states in _random_states(circuit, 2, n_samples, seed, progress, "expressibility"):
        overlaps = np.einsum("in,in->n", states[:, 0].conj(), states[:, 1])
        # Rounding may lead beyond 1, where there is no bin.
        fidelities = np.minimum(np.abs(overlaps) ** 2, 1)
        counts += np.histogram(fidelities, n_bins, range=(0, 1))[0]
    share = counts / counts.sum()
    terms = share * (np.log(np.maximum(share, 1e-300)) - _log_haar(n_bins, len(states)))
    return float(max(0, terms.sum()))


@checked(n_samples=check_count, seed=check_seed, progress=check_function.or_none())
def entangling_capability(
    circuit: cirq.AbstractCircuit | QuanvCircuit,
    n_samples: int = 5000,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> float:
    """Measures how entangled a circuit's states are, from 0 (not at all) to 1.

    This is the mean of Meyer and Wallach's Q over random states. Of one state, Q is
    `2 * (1 - p)`, where p is the purity of a qubit on its own, averaged over the qubits. It is 0
    for product states (and so for a single qubit), and 1 where each qubit on its own is
    completely mixed, as in the states of Bell and of Greenberger, Horne and Zeilinger. Uniformly
    random states of N amplitudes have `(N - 2) / (N + 1)` on average.

    Args:
        circuit: As for `expressibility`.
        n_samples: Number of states. The result has a standard error of at most
            `0.5 / sqrt(n_samples)`.
        seed: Of the random numbers. Same seed, same result.
        progress: As for `expressibility`, with the number of states.

    Returns:
        The mean, between 0 and 1.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: As for `expressibility`.

    Example:
        >>> import sympy
        >>> a, b = cirq.LineQubit.range(2)
        >>> bell = cirq.Circuit(cirq.H(a), cirq.CNOT(a, b), cirq.rz(sympy.Symbol("w"))(a))
        >>> round(entangling_capability(bell, n_samples=10), 12)
        1.0

    Reference:
        Sim et al. (2019), arXiv:1905.10876, equations 11 to 15. Meyer, Wallach, *Global
        entanglement in multiparticle systems* (2002), arXiv:quant-ph/0108104.
    """
    total = n_states = 0
    for states in _random_states(circuit, 1, n_samples, seed, progress, "entangling_capability"):
        total += meyer_wallach(states[:, 0]).sum()
        n_states += states.shape[-1]
    return float(total / n_states)


def meyer_wallach(states: np.ndarray) -> np.ndarray:
    """Gives Q of state vectors `[2**n_qubits, n]`: `[n]`, each between 0 and 1.

    >>> bell, product = [1, 0, 0, 1], [1, 1, 0, 0]
    >>> meyer_wallach(np.array([bell, product]).T / np.sqrt(2)).round(12).tolist()
    [1.0, 0.0]
    """
    n_qubits, total = len(states).bit_length() - 1, 0
    for qubit in range(n_qubits):
        # The halves of the state where the qubit is 0, and where it is 1.
        zero, one = np.moveaxis(states.reshape(2**qubit, 2, -1, states.shape[-1]), 1, 0)
        weights = [np.sum(np.abs(half) ** 2, axis=(0, 1)) for half in (zero, one)]
        overlap = np.abs(np.sum(zero.conj() * one, axis=(0, 1))) ** 2
        total = total + 4 * (weights[0] * weights[1] - overlap)  # 2 * (1 - purity)
    return np.clip(total / n_qubits, 0, 1)


def _random_states(
    circuit: object, at_once: int, n_samples: int, seed: int, progress: Callable | None, who: str
) -> Iterator[np.ndarray]:
    """Yields states `[2**n_qubits, at_once, n]` until there are `n_samples` of n."""
    circuit = _check_circuit(circuit, who)
    symbols = [*circuit.inputs, *circuit.weights]
    high = np.array([1.0] * len(circuit.inputs) + [2 * np.pi] * len(circuit.weights))
    # With each sample in the place of a patch: all symbols are data to the simulation.
    gates = GateCircuit.of(circuit)
    method = StateVectors(dataclasses.replace(gates, observables=(), inputs=symbols, weights=()))
    nothing = tf.zeros([1, 0], tf.float64)
    rng = np.random.default_rng(seed)
    most = max(1, CHUNK_AMPLITUDES // (at_once * 2 ** len(circuit.qubits)))
    for start in range(0, n_samples, most):
        n = min(n_samples - start, most)
        # Drawn sample by sample, so that chunks of another size would give the same ones.
        values = rng.uniform(0, high, [n, at_once, len(symbols)])
        features = values.transpose(2, 1, 0).reshape(len(symbols), -1)
        states = method.states(tf.constant(features), nothing).numpy()
        yield states.reshape(-1, at_once, n)
        if progress is not None:
            progress(n)


def _check_circuit(circuit: object, who: str) -> QuanvCircuit:
    if isinstance(circuit, cirq.AbstractCircuit):
        circuit = QuanvCircuit(circuit, inputs=())
    if not isinstance(circuit, QuanvCircuit):
        raise TypeError(
            f"{who}: `circuit` must be a cirq.Circuit or a QuanvCircuit. Received {circuit!r} of "
            f"type {type(circuit).__name__}."
        )
    if not circuit.inputs + circuit.weights:
        raise ValueError(
            f"{who}: `circuit` must have weights, which are drawn at random. Received a circuit "
            "without any sympy symbol. Put symbols into its gates, for example "
            "cirq.ry(sympy.Symbol('w'))(qubit)."
        )
    if len(circuit.qubits) > MAX_STATE_QUBITS:
        raise ValueError(
            f"{who}: `circuit` must have at most {MAX_STATE_QUBITS} qubits, since all its "
            f"2**n_qubits amplitudes are computed. Received {len(circuit.qubits)} qubits."
        )
    return circuit


def _log_haar(n_bins: int, n_amplitudes: int) -> np.ndarray:
    """Logarithms of the probabilities that random states have for each bin."""
    # Logarithms throughout: for many qubits the last bins' probabilities are beyond floats.
    above = np.arange(n_bins, 0, -1) / n_bins  # 1 - F at the left edge of each bin
    ratio = (above - 1 / n_bins) / above
    ratio[-1] = 0
    return (n_amplitudes - 1) * np.log(above) + np.log1p(-(ratio ** (n_amplitudes - 1)))
