"""PennyLane under JAX, in a process and an environment of its own; `connection.py` talks to it.

Each line of its input is a request, and of its output an answer, both in JSON; arrays lie in files.
"""

import json
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.panel.alternation import timed
from benchmarks.panel.circuits import Gates, symbol_index
from benchmarks.panel.rows import ADJOINT, MIXED

# JAX keeps the states after all gates for its backward pass. More bytes or circuits than these are
# done in parts: of several sizes that were tried, about these took least.
MAX_BYTES, MAX_CIRCUITS = 2**26, 2048


def main() -> None:
    warnings.filterwarnings("ignore")  # PennyLane calls what is deprecated in JAX
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not come between the answers
    contestants = {}
    answers.write(json.dumps({"versions": versions()}) + "\n")
    answers.flush()
    for line in sys.stdin:
        try:
            answer = answer_to(json.loads(line), contestants)
        except Exception:
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def versions() -> str:
    packages = {"pennylane": "PennyLane", "pennylane-lightning": "Lightning", "jax": "JAX"}
    return ", ".join(f"{shown} {version(name)}" for name, shown in packages.items())


def answer_to(request: dict, contestants: dict) -> dict:
    """Does what one line asks: make a contestant and run its first step, or run some more."""
    if request["do"] == "forget":
        contestants.clear()
        return {}
    device = request["device"]
    if request["do"] == "time":
        return {"seconds": contestants[device](request["n_steps"])}
    make = adjoint_step if device == ADJOINT else jax_step
    arrays = dict(np.load(request["arrays"]))
    start = time.perf_counter()
    step = make(device, request["gates"], request["n_qubits"], **arrays)
    outputs, by_inputs, by_weights = step()
    seconds = time.perf_counter() - start
    np.savez(request["results"], outputs=outputs, by_inputs=by_inputs, by_weights=by_weights)
    contestants[device] = timed(step)
    return {"seconds": seconds}


def jax_step(device: str, gates: Gates, n_qubits: int, x: Any, w: Any, up: Any) -> Callable:
    """Makes a step of a device that JAX compiles, vectorised over the circuits."""
    import jax
    import jax.numpy as jnp
    import pennylane as qml

    @qml.qnode(qml.device(device, wires=n_qubits), interface="jax", diff_method="backprop")
    def circuit(x: Any, w: Any) -> list:
        apply(qml, gates, x, w)
        return [qml.expval(qml.PauliZ(q)) for q in range(n_qubits)]

    outputs_of = jax.vmap(lambda x, w: jnp.stack(circuit(x, w)), in_axes=(0, None))

    def loss(x: Any, w: Any, up: Any) -> tuple:
        outputs = outputs_of(x, w)
        return jnp.sum(outputs * up), outputs

    gradients = jax.grad(loss, argnums=(0, 1), has_aux=True)
    size = 8 * (4 if device == MIXED else 2) ** n_qubits * len(gates)
    n, most = len(x), max(1, min(MAX_CIRCUITS, MAX_BYTES // size))
    n_parts = next(k for k in range(1, n + 1) if n % k == 0 and n // k <= most)

    @jax.jit
    def step(x: Any, w: Any, up: Any) -> tuple:
        if n_parts == 1:
            (by_inputs, by_weights), outputs = gradients(x, w, up)
            return outputs, by_inputs, by_weights
        parts = tuple(a.reshape(n_parts, n // n_parts, -1) for a in (x, up))
        (by_inputs, by_weights), outputs = jax.lax.map(lambda p: gradients(p[0], w, p[1]), parts)
        return outputs.reshape(up.shape), by_inputs.reshape(x.shape), by_weights.sum(0)

    x, w, up = map(jnp.asarray, (x, w, up))
    return lambda: jax.block_until_ready(step(x, w, up))


def adjoint_step(device: str, gates: Gates, n_qubits: int, x: Any, w: Any, up: Any) -> Callable:
    """Makes a step of a device with adjoint gradients, circuit by circuit.

    It calls the device itself, which costs far less than a QNode around it. It gives gradients by
    angles, so the chain rule from there to data and weights is applied here.
    """
    import pennylane as qml

    simulator = qml.device(device, wires=n_qubits, c_dtype=np.complex64)
    settings = qml.devices.ExecutionConfig(
        gradient_method="adjoint", use_device_gradient=True, use_device_jacobian_product=True
    )
    program, settings = simulator.preprocess(settings)
    measured = [qml.expval(qml.PauliZ(q)) for q in range(n_qubits)]
    angles = [angle for _, _, angle in gates if angle]

    def step() -> tuple:
        tapes = []
        for row in x:
            with qml.queuing.AnnotatedQueue() as queue:
                apply(qml, gates, row, w)
            operations = qml.tape.QuantumScript.from_queue(queue).operations
            tapes.append(qml.tape.QuantumScript(operations, measured))
        tapes, _ = program(tuple(tapes))
        outputs, by_angles = simulator.execute_and_compute_vjp(
            tapes, tuple(map(tuple, up)), settings
        )
        by_inputs, by_weights = np.zeros_like(x), np.zeros_like(w)
        for i, row in enumerate(x):
            found = {"x": by_inputs[i], "w": by_weights}
            for (factor, names), by_angle in zip(angles, by_angles[i], strict=True):
                values = [value_of(name, row, w) for name in names]
                for k, name in enumerate(names):
                    kind, index = symbol_index(name)
                    others = np.prod(values[:k] + values[k + 1 :])
                    found[kind][index] += factor * others * by_angle
        return np.array(outputs), by_inputs, by_weights

    return step


def apply(qml: Any, gates: Gates, x: Any, w: Any) -> None:
    """Queues the gates in PennyLane."""
    kinds = {
        "rx": qml.RX, "ry": qml.RY, "rz": qml.RZ, "h": qml.Hadamard, "cnot": qml.CNOT,
        "zz": qml.IsingZZ, "depolarize": qml.DepolarizingChannel,
    }  # fmt: skip
    for name, qubits, angle in gates:
        if angle is None:
            kinds[name](wires=qubits)
            continue
        value, names = angle
        for symbol in names:
            value = value * value_of(symbol, x, w)
        kinds[name](value, wires=qubits)


def value_of(symbol: str, x: Any, w: Any) -> Any:
    """Looks up a symbol's value."""
    kind, index = symbol_index(symbol)
    return (x if kind == "x" else w)[index]


if __name__ == "__main__":
    main()
