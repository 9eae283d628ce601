"""What a gradient of one's own keeps, and that it can be differentiated again."""

import subprocess
import sys
import textwrap
import weakref

import cirq
import numpy as np
import pytest
import tensorflow as tf

from tests.helpers.systems import needs_linux
from tfq_resqunn.circuits import QuanvCircuit
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.simulation.plan import STATES, compile_circuit
from tfq_resqunn.simulation.shots import Sampled
from tfq_resqunn.simulation.state_vectors.method import StateVectors
from tfq_resqunn.simulation.tensors.own_gradient import with_gradient

pytestmark = pytest.mark.once


def test_a_tape_keeps_what_went_in_and_nothing_between():
    between = []

    def function(x):
        y = tf.sin(x)
        between.append(weakref.ref(y))
        return y * y

    x = tf.constant(0.3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = with_gradient(function, lambda x, upstream: [upstream * tf.sin(2 * x)])(x)
    assert between[0]() is None
    assert float(tape.gradient(value, x)) == pytest.approx(np.sin(0.6))


def test_derivatives_of_any_order():
    def cube(x):
        return with_gradient(lambda x: x**3, lambda x, upstream: [3 * x**2 * upstream])(x)

    x = tf.constant(2.0)
    for run in (cube, tf.function(cube)):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = run(x)
            slope = inner.gradient(value, x)
        assert (float(slope), float(outer.gradient(slope, x))) == (12.0, 12.0)


IQP = Parts("iqp", "basic_entangler").build(4)
# Data that is diagonal in no product of bases, of which no other method knows.
DATA_SWAPS = QuanvCircuit(IQP.circuit + cirq.ISWAP(*IQP.qubits[:2]) ** IQP.inputs[0])


@pytest.mark.parametrize(
    "make",
    [lambda: compile_circuit(DATA_SWAPS)[1], lambda: Sampled(DATA_SWAPS, 10)],
    ids=["exact", "sampled"],
)
def test_states_on_the_way_are_dropped(make, monkeypatch):
    states, run = [], StateVectors._run

    def remembered(self, *arguments):
        state = run(self, *arguments)
        states.append(weakref.ref(state))
        return state

    monkeypatch.setattr(StateVectors, "_run", remembered)
    assert compile_circuit(DATA_SWAPS)[0].chosen == STATES
    features, weights = tf.fill([4, 3], 0.2), tf.fill([1, 4], 0.5)
    with tf.GradientTape() as tape:
        tape.watch([features, weights])
        make()(features, weights)
    assert states and all(state() is None for state in states)


MEASURE = """
import resource, sys
import tensorflow as tf
from tfq_resqunn import Quanv2D

layer = Quanv2D(kernel_size=3, strides=1, encoder="iqp")
layer.build((1, 40, 40, 1))

def growth(size):
    x = tf.random.uniform([1, size, size, 1])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(layer(x))
    tape.gradient(y, [x, layer.trainable_weights[0]])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

growth(4)
print(growth(34) / 1024)
"""


@needs_linux  # macOS counts in bytes, Windows has no such count
@pytest.mark.slow
def test_memory_of_eager_gradients_does_not_grow_with_depth():
    # 1024 patches of nine qubits: a state takes 4 MiB, and the circuit has some two hundred steps.
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURE)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert float(found.stdout.split()[-1]) < 200
