"""The layer against `cirq.Simulator`, patch by patch."""

import cirq
import numpy as np
import pytest
import tensorflow as tf
from lattice_layer import Lattice2D, lattice

keras = tf.keras


def expected(images, layer):
    """Runs each patch's circuit by itself, in double precision."""
    size, quanv = layer.kernel_size, layer.quanv
    n, rows, cols, _ = images.shape
    simulator = cirq.Simulator(dtype=np.complex128)
    outputs = np.zeros((n, rows // size, cols // size, layer.filters * size**2))
    for k, i, j, f in np.ndindex(*outputs.shape[:3], layer.filters):
        patch = images[k, size * i : size * (i + 1), size * j : size * (j + 1), 0]
        values = dict(zip(quanv.circuit.inputs, patch.ravel(), strict=True))
        values |= {w: np.atleast_1d(angles)[f] for w, angles in quanv.angles.items()}
        outputs[k, i, j, f * size**2 : (f + 1) * size**2] = np.real(
            simulator.simulate_expectation_values(
                quanv.circuit.circuit, list(quanv.circuit.observables), values
            )
        )
    return outputs


@pytest.mark.parametrize(("filters", "kernel_size", "n_layers"), [(1, 2, 1), (3, 2, 2), (1, 3, 1)])
def test_outputs(filters, kernel_size, n_layers):
    images = np.random.default_rng(0).random((2, 6, 6, 1)).astype("float32")
    layer = Lattice2D(filters, kernel_size, n_layers)
    np.testing.assert_allclose(layer(images), expected(images, layer), atol=1e-5)


def test_pixels_that_touch_are_coupled():
    gates = lattice(2, 3).circuit.all_operations()
    pairs = {frozenset((q.row, q.col) for q in g.qubits) for g in gates if len(g.qubits) == 2}
    assert len(pairs) == 7  # 3 down, 4 to the right
    for (a, b), (c, d) in pairs:
        assert abs(a - c) + abs(b - d) == 1


def test_every_weight_has_a_gradient():
    layer = Lattice2D(n_layers=2)
    images = tf.random.stateless_uniform((4, 4, 4, 1), (1, 2))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(images) ** 2)
    (gradient,) = tape.gradient(loss, layer.trainable_weights)
    assert np.all(np.abs(gradient) > 1e-6)


def test_a_saved_model_gives_the_same(tmp_path):
    images = np.random.default_rng(0).random((2, 4, 4, 1)).astype("float32")
    model = keras.Sequential([keras.Input((4, 4, 1)), Lattice2D(2, n_layers=2)])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
