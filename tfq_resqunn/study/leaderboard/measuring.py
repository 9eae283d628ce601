"""What circuits are, whatever they are trained on: computed once for each of them."""

import dataclasses
import math
from collections.abc import Callable, Iterable

import numpy as np

from tfq_resqunn.circuits.circuit import QuanvCircuit
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.simulation.descriptors import entangling_capability, expressibility
from tfq_resqunn.simulation.plan import compile_circuit
from tfq_resqunn.study.leaderboard.columns import NUMBERS
from tfq_resqunn.study.leaderboard.entries import (
    OF_CIRCUITS,
    Entry,
    Numbers,
    circuit_of,
    unmeasured,
)

N_SAMPLES, SEED = 5000, 0  # random states, as in the paper


def measure(
    entries: Iterable[Entry], progress: Callable[[int], object] = lambda n: None
) -> tuple[list[Entry], list[str]]:
    """Computes the numbers that entries lack; equal circuits are measured once.

    The circuit is that of the first layer, whose input has the channels of the image. `progress` is
    called with 1 for each of `unmeasured(entries)`.

    Returns:
        The entries, all with numbers, and a sentence for each circuit that lacks some.
    """
    entries = list(entries)
    known = {circuit_of(e): e.numbers for e in entries if e.numbers is not None}
    problems = []
    for key, entry in unmeasured(entries).items():
        known[key], problem = _measured(entry)
        if problem is not None:
            parts = f"{entry.config.encoder} with {entry.config.ansatz}"
            problems.append(f"Not all is known of {parts}. {problem.partition(chr(10))[0]}")
        progress(1)
    return [dataclasses.replace(e, numbers=known[circuit_of(e)]) for e in entries], problems


def _measured(entry: Entry) -> tuple[Numbers, str | None]:
    config = entry.config
    values = dict.fromkeys(NUMBERS, math.nan)
    try:
        circuit = _circuit(entry)
        values["n_weights"] = len(circuit.weights)
        values["microseconds"] = _cost(circuit, Noise.of(config.noise))
        for descriptor in (expressibility, entangling_capability):
            values[descriptor.__name__] = descriptor(circuit, n_samples=N_SAMPLES, seed=SEED)
    except (ValueError, TypeError) as error:
        return Numbers(**values), str(error)
    return Numbers(**values), None


def _circuit(entry: Entry) -> QuanvCircuit:
    parts = {name: getattr(entry.config, name) for name in OF_CIRCUITS}
    kernel = np.broadcast_to(entry.config.kernel_size, 2)
    return Parts(**parts, who="Quanv2D").build(math.prod([*kernel.tolist(), entry.image_shape[2]]))


def _cost(circuit: QuanvCircuit, noise: Noise | None) -> float:
    plan, _ = compile_circuit(circuit, noise)
    costs = {candidate.name: candidate.microseconds for candidate in plan.candidates}
    cost = costs[plan.chosen]
    assert cost is not None  # as only one that is not open has none
    return cost
