"""A circuit gives the same numbers, to the bit, in every process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

# Circuits of each method, in whose angles there are sums, products and functions of symbols; gates
# with hidden symbols; noise; shots. What is printed is a digest of values and gradients. Operations
# run one after the other: in a graph that XLA does not compile, TensorFlow may add three or more
# tensors in any order.
PROGRAM = """
import hashlib
import cirq, numpy as np, sympy, tensorflow as tf
from tfq_resqunn import EncodedPQC, QuanvCircuit
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.circuits import angle_encoder, basic_entangler
from tfq_resqunn.circuits.parts import Parts

a, b, c = cirq.LineQubit.range(3)
x, y, z, u, v, w = sympy.symbols("x_0 x_1 x_2 u v w")
own = cirq.Circuit(
    cirq.ry(x * y * z + sympy.sin(x) * y)(a), cirq.PhasedFSimGate(u, v, w, u * v, x)(b, a),
    cirq.rx(sympy.Max(x, y, z) * u)(c), cirq.FSimGate(u + v + w, v * w)(c, a),
    cirq.BooleanHamiltonianGate(["p", "q"], ["p ^ q", "p & q"], w)(b, c),
    cirq.CCX(a, b, c), cirq.ISWAP(c, a) ** (x + u * v),
)
sums = ["Z0 + 0.5*X0*Y1 - 0.25*Y2", "X2 - Z2 + Y0*Y1*Y2"]
short = cirq.Circuit(  # each of whose gates is run twice or more, shifted, for a gradient of shots
    cirq.ry(x * y + y * z + x)(a), cirq.rx(u + v + w)(b), cirq.CZ(a, b) ** (u * v)
)
ring_of_ry = angle_encoder(9), basic_entangler(9, 3, rotation="ry")
CASES = {
    "own circuit": (QuanvCircuit(own, sums, inputs=[x, y, z]), {}),
    "own circuit, noise": (QuanvCircuit(own, sums, inputs=[x, y, z]), {"noise": {"bit_flip": 0.1}}),
    "shots": (QuanvCircuit(short, "Z0 + X0*Y1 - 0.5*Y1", inputs=[x, y, z]), {"repetitions": 20}),
    "amplitude": (Parts("amplitude", "basic_entangler", 2).build(9), {}),
    "iqp": (Parts("iqp", "strongly_entangling", 1).build(3), {}),
    "zz": (Parts("zz_feature_map", "basic_entangler", 1).build(3), {}),
    "strings": (Parts("dense_angle", "basic_entangler", 2).build(6), {}),
    "late split": (Parts("angle", "strongly_entangling", 1).build(9), {}),
    "phases": (Parts("angle", "strongly_entangling", 6).build(4), {}),
    "matrix products": (Parts("angle", "strongly_entangling", 2).build(9), {}),
    "halves": (QuanvCircuit.from_parts(*ring_of_ry), {}),
}
rng = np.random.default_rng(0)
for name, (circuit, arguments) in CASES.items():
    set_seed(7)
    layer = EncodedPQC(circuit, filters=2, **arguments)
    features = tf.constant(rng.random((5, len(circuit.inputs))), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(features)
        found = layer(features)
        total = tf.reduce_sum(found**2)
    parts = [found, *tape.gradient(total, [features, layer.trainable_weights[0]])]
    digest = hashlib.sha256(b"".join(part.numpy().tobytes() for part in parts))
    print(name, layer.plan.chosen, digest.hexdigest())
"""


def test_whatever_the_order_of_sets():
    found = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed, "TF_CPP_MIN_LOG_LEVEL": "3"},
            cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True,
        )
        for seed in ("0", "1")
    ]  # fmt: skip
    outputs = [process.communicate()[0] for process in found]
    assert [process.returncode for process in found] == [0, 0]
    assert outputs[0] == outputs[1]
    chosen = (
        "Pauli strings ", "late split ", "halves ", "matrix products ", "by phases ",
        "state vectors ", "Pauli vectors ",
    )  # fmt: skip
    assert all(method in outputs[0] for method in chosen)
