"""Circuits of PennyLane's, as the text it writes and the numbers it computes.

`python -m tests.helpers.pennylane_circuits` writes tests/data/openqasm/pennylane.json anew. It
needs PennyLane and sympy, and nothing of this package.
"""

import json
from pathlib import Path

import numpy as np
import sympy

STORED = Path(__file__).parents[1] / "data" / "openqasm" / "pennylane.json"


def circuits(qml):
    """Functions of data and weights, with the shapes of both."""

    def layers(x, w):
        qml.AngleEmbedding(np.pi * x, wires=range(4), rotation="Y")
        qml.StronglyEntanglingLayers(w, wires=range(4))

    def reuploaded(x, w):
        qml.IQPEmbedding(x, wires=range(3))
        qml.BasicEntanglerLayers(w[:1], wires=range(3), rotation=qml.RY)
        qml.AngleEmbedding(x, wires=range(3))
        qml.BasicEntanglerLayers(w[1:], wires=range(3), rotation=qml.RX)

    def gates(x, w):
        for i in range(3):
            qml.RX(x[i], i)
        qml.Rot(*w[:3], wires=1)
        qml.U2(w[0], w[1], 2)
        qml.U3(*w[1:4], wires=0)
        qml.CRot(*w[:3], wires=[0, 1])
        qml.CRX(w[3] * x[0] + x[1] ** 2 / 3, [1, 2])
        qml.ControlledPhaseShift(w[4], [2, 0])
        qml.IsingXX(w[0] * x[2], [0, 2])
        qml.IsingYY(-w[1], [0, 1])
        qml.IsingXY(w[2], [1, 2])
        qml.PauliRot(w[3], "XYZ", [0, 1, 2])
        qml.Toffoli([0, 1, 2])
        qml.CSWAP([2, 0, 1])
        qml.SX(0)
        qml.ISWAP([0, 1])
        qml.adjoint(qml.S(2))
        qml.RY(w[4], 2)

    def qaoa(x, w):
        qml.QAOAEmbedding(x, w, wires=range(3))

    return {
        "layers": (layers, (4,), (2, 4, 3)),
        "reuploaded": (reuploaded, (3,), (2, 3)),
        "gates": (gates, (3,), (5,)),
        "qaoa": (qaoa, (3,), (2, 6)),
    }


def computed(qml, name):
    """What PennyLane writes for a circuit, and its expectation values and their gradients."""
    import autoray

    autoray.register_function("sympy", "to_numpy", lambda symbol: symbol)
    function, *shapes = circuits(qml)[name]
    device = qml.device("default.qubit", wires=shapes[0][0])
    names = [_symbols(letter, shape) for letter, shape in zip("xw", shapes, strict=True)]
    rng = np.random.default_rng(3)
    values = [qml.numpy.array(rng.uniform(-1, 1, s), requires_grad=True) for s in shapes]

    @qml.qnode(device)
    def node(x, w):
        function(x, w)
        return [qml.expval(qml.Z(i)) for i in device.wires]

    gradients = qml.jacobian(lambda *v: qml.numpy.stack(node(*v)))(*values)
    return {
        "text": qml.to_openqasm(node, wires=device.wires, rotations=False)(*names),
        "parameters": [str(s) for array in names for s in array.flat],
        "values": [float(v) for array in values for v in array.flat],
        "expectations": [float(v) for v in node(*values)],
        "gradients": np.hstack(
            [np.reshape(g, [len(device.wires), -1]) for g in gradients]
        ).tolist(),
    }


def _symbols(letter, shape):
    names = [f"{letter}_{i}" for i in range(int(np.prod(shape)))]
    return np.array([sympy.Symbol(n) for n in names]).reshape(shape)


def main():
    import pennylane as qml

    stored = {name: computed(qml, name) for name in circuits(qml)}
    made = {"pennylane": qml.__version__, "circuits": stored}
    STORED.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
