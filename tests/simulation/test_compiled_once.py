"""Compiled circuits: shared while they are in use, forgotten afterwards."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest
import tensorflow as tf
from tensorflow.python.framework import ops

from tfq_resqunn import Quanv2D
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.simulation.plan import compile_circuit

pytestmark = pytest.mark.once

ANSATZ = "sim_13"  # which no other test has on two qubits, so that nobody else holds these circuits
NOISE = Noise.of({"depolarizing": 0.1})


# What takes each method.
METHODS = {
    "Pauli strings": {"ansatz": ANSATZ},
    "by phases": {"ansatz": ANSATZ, "n_uploads": 2},
    "noise": {"ansatz": ANSATZ, "n_uploads": 2, "noise": {"depolarizing": 0.1}},
    "shots": {"ansatz": ANSATZ, "repetitions": 10},
}


def circuit_of(n_layers=1):
    return Parts("angle", ANSATZ, n_layers).build(2)


@pytest.mark.parametrize("noise", [None, NOISE], ids=["noiseless", "noisy"])
def test_equal_circuits_are_compiled_once(noise):
    _, run = compile_circuit(circuit_of(), noise)
    assert compile_circuit(circuit_of(), noise)[1] is run
    assert compile_circuit(circuit_of(2), noise)[1] is not run
    assert compile_circuit(circuit_of())[1] is not compile_circuit(circuit_of(), NOISE)[1]
    assert compile_circuit(circuit_of(), noise)[0] is run.plan


def test_nothing_is_kept_that_nobody_uses():
    methods = []
    for n_layers in range(1, 6):
        _, run = compile_circuit(circuit_of(n_layers))
        methods.append(weakref.ref(run.method))
    del run
    assert not any(method() for method in methods)  # at once: there are no cycles


def test_threads_compile_once():
    circuits = [circuit_of(1 + i % 2) for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda circuit: compile_circuit(circuit)[1], circuits))
    assert len(set(map(id, runs))) == 2


def traced(arguments, n_images):
    """Weak references to the graph of a gradient, and to what computes it."""
    layer = Quanv2D(kernel_size=(1, 2), **arguments)
    layer.build((None, 2, 2, 1))

    @tf.function(autograph=False)
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        return tape.gradient(y, [x, *layer.trainable_weights])

    concrete = gradient.get_concrete_function(tf.TensorSpec([n_images, 2, 2, 1]))
    assert None not in concrete.outputs
    return weakref.ref(concrete.graph), weakref.ref(layer.plan)


@pytest.mark.parametrize("n_images", [2, 200_000])  # the second in chunks
@pytest.mark.parametrize("arguments", METHODS.values(), ids=METHODS)
def test_graphs_that_are_gone_leave_nothing(arguments, n_images):
    before = set(ops.gradient_registry.list())  # those of other tests' graphs may go at any time
    references = traced(arguments, n_images)
    own = set(ops.gradient_registry.list()) - before
    assert own
    gc.collect()
    assert [reference() for reference in references] == [None, None]
    assert not own & set(ops.gradient_registry.list())


def test_layers_that_are_gone_leave_nothing():
    methods = []
    for n_layers in range(1, 4):
        layer = Quanv2D(kernel_size=(1, 2), ansatz=ANSATZ, n_layers=n_layers)
        layer.build((None, 2, 2, 1))
        methods.append(weakref.ref(compile_circuit(layer.pqcs[0].circuit)[1].method))
    assert methods[-1]() is not None
    del layer
    gc.collect()
    assert not any(method() for method in methods)
