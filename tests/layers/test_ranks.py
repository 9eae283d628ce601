"""`Quanv1D` and `Quanv3D`: shapes are `Conv1D`'s and `Conv3D`'s, values a plain loop's."""

import itertools

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import EXACT, quanvolve
from tests.layers.test_pqc import slopes
from tfq_resqunn import (
    Quanv1D,
    Quanv2D,
    Quanv3D,
    classical_twin,
    export_circuits,
    gradient_report,
    resqunn,
    with_backend,
)
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.layers.twin import conv_twin

QUANVS = {1: Quanv1D, 2: Quanv2D, 3: Quanv3D}
CONVS = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
# rank, arguments, shape of an input without the batch
CASES = {
    "sequence": (1, dict(kernel_size=3), (7, 1)),
    "overlap": (1, dict(kernel_size=2, strides=1), (5, 1)),
    "causal": (1, dict(kernel_size=2, strides=1, padding="causal"), (5, 1)),
    "causal_tiles": (1, dict(kernel_size=3, padding="causal"), (8, 1)),
    "causal_dilated": (
        1, dict(kernel_size=2, strides=2, dilation_rate=3, padding="causal"), (6, 1),
    ),
    "same": (1, dict(kernel_size=3, strides=2, padding="same"), (6, 1)),
    "groups": (1, dict(filters=4, kernel_size=2, groups=2, strides=1), (4, 2)),
    "pixels": (1, dict(kernel_size=2, readout="pixels", filters=2), (6, 2)),
    "pixels_same": (1, dict(kernel_size=3, readout="pixels", padding="same"), (7, 1)),
    "volume": (3, dict(kernel_size=(1, 2, 2)), (2, 4, 5, 1)),
    "volume_overlap": (3, dict(kernel_size=(2, 1, 2), strides=1), (3, 2, 3, 1)),
    "volume_dilated": (
        3, dict(kernel_size=(2, 2, 1), strides=(1, 1, 2), dilation_rate=(2, 1, 1), padding="same"),
        (3, 3, 3, 1),
    ),
    "volume_groups": (3, dict(filters=2, kernel_size=(2, 1, 1), groups=2), (4, 2, 2, 2)),
    "volume_pixels": (3, dict(kernel_size=(2, 1, 2), readout="pixels"), (4, 2, 5, 1)),
    "volume_pixels_same": (
        3, dict(kernel_size=(1, 2, 3), readout="pixels", padding="same", filters=2), (2, 3, 4, 1),
    ),
}  # fmt: skip
q, w = cirq.LineQubit(0), sympy.Symbol("w")
FEW = ["causal", "pixels_same", "groups", "volume_dilated", "volume_pixels"]


def make(name, **more):
    rank, arguments, shape = CASES[name]
    return QUANVS[rank](**arguments, **more), shape


def weights_of(layer):
    return np.concatenate([np.array(pqc.parameters) for pqc in layer.pqcs])


def truth(layer, inputs, weights):
    return quanvolve(
        inputs, layer.circuit, weights, kernel=layer.kernel_size, strides=layer.strides,
        dilation=layer.dilation_rate, padding=layer.padding, groups=layer.groups,
        readout=layer.readout,
    )  # fmt: skip


def words(rank):
    """Arguments that concern shapes, in all combinations."""
    return itertools.product(
        ("valid", "same", "causal") if rank == 1 else ("valid", "same"),
        (1, 2),
        (1, 2),
        ("channels_last", "channels_first"),
        (1, 2),
        (2, 4),
        (False, True),
    )


@pytest.mark.parametrize("rank", [1, 3])
def test_output_shapes_are_those_of_keras(rank):
    for padding, strides, dilation, data_format, groups, channels, unknown in words(rank):
        kernel = (2, 1, 3)[:rank]
        arguments = dict(
            kernel_size=kernel, padding=padding, data_format=data_format, groups=groups
        )
        n_values = 2 * int(np.prod(kernel)) * channels // groups
        layer = QUANVS[rank](2, strides=strides, dilation_rate=dilation, **arguments)
        # Keras takes no strides with dilation; under padding="valid", patches are then fewer.
        steps = 1 if dilation > 1 else strides
        conv = CONVS[rank](n_values, strides=steps, dilation_rate=dilation, **arguments)
        sizes = [None if unknown else n for n in (7, 6, 8)[:rank]]
        shape = (None, *sizes, channels)
        if data_format == "channels_first":
            shape = (None, channels, *sizes)
        expected = list(conv.compute_output_shape(shape))
        if steps != strides:
            spatial = range(1, rank + 1) if data_format == "channels_last" else range(2, rank + 2)
            for axis in spatial:
                expected[axis] = None if unknown else len(range(expected[axis])[::strides])
        assert list(layer.compute_output_shape(shape)) == expected


@pytest.mark.parametrize("name", CASES)
def test_values_are_a_plain_loops(name, rng):
    layer, shape = make(name, n_layers=2)
    inputs = rng.random((2, *shape)).astype("float32")
    found, expected = layer(inputs), truth(layer, inputs, weights_of(layer))
    assert not np.isnan(expected).any()
    assert tuple(found.shape) == tuple(layer.compute_output_shape(inputs.shape)) == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("backend", EXACT[1:])
@pytest.mark.parametrize("name", ["causal", "volume"])
def test_backends_agree(name, backend, rng):
    layer, shape = make(name, backend=backend)
    inputs = rng.random((1, *shape)).astype("float32")
    np.testing.assert_allclose(layer(inputs), truth(layer, inputs, weights_of(layer)), atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_channels_first_and_unknown_sizes_give_the_same(name, rng):
    layer, shape = make(name)
    first, _ = make(name, data_format="channels_first")
    inputs = rng.random((2, *shape)).astype("float32")
    expected = layer(inputs).numpy()
    first.build((None, shape[-1], *shape[:-1]))
    first.set_weights(layer.get_weights())
    found = first(np.moveaxis(inputs, -1, 1))
    np.testing.assert_array_equal(np.moveaxis(found, 1, -1), expected)
    later = keras.Input((*[None] * layer.rank, shape[-1]))
    model = keras.Model(later, layer(later))
    np.testing.assert_allclose(model.predict(inputs, verbose=0), expected, atol=1e-6)


@pytest.mark.parametrize("name", ["causal", "volume_pixels"])
def test_gradients_are_finite_differences(name, rng):
    layer, shape = make(name, n_layers=2)
    inputs = tf.constant(rng.random((1, *shape)), tf.float32)
    mix = rng.normal(size=layer(inputs).shape)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        loss = tf.reduce_sum(layer(inputs) * mix)
    found = tape.gradient(loss, [inputs, layer.trainable_weights[0]])
    point = [inputs.numpy().astype("float64"), weights_of(layer).astype("float64")]
    for i, slope in enumerate(found):
        expected = slopes(lambda x, w: np.sum(mix * truth(layer, x, w)), point, i)
        np.testing.assert_allclose(slope, expected, atol=2e-3)


def test_causal_outputs_know_nothing_of_later_steps(rng):
    layer = Quanv1D(kernel_size=2, strides=1, dilation_rate=2, padding="causal")
    inputs = rng.random((1, 7, 1)).astype("float32")
    changed = inputs.copy()
    changed[:, 4:] += 0.5
    before, after = layer(inputs).numpy(), layer(changed).numpy()
    np.testing.assert_array_equal(after[:, :4], before[:, :4])
    assert np.all(np.any(after[:, 4:] != before[:, 4:], axis=-1))


@pytest.mark.parametrize("name", ["pixels", "pixels_same", "volume_pixels", "causal_tiles"])
def test_xla_gives_the_same_values_and_gradients(name, rng):
    layer, shape = make(name)
    inputs = tf.constant(rng.random((2, *shape)), tf.float32)
    layer(inputs)

    def derivatives(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outcomes = layer(inputs)
            loss = tf.reduce_sum(outcomes**3)
        return outcomes, tape.gradient(loss, inputs)

    compiled = tf.function(derivatives, jit_compile=True)
    for found, expected in zip(compiled(inputs), derivatives(inputs), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("name", ["causal", "volume"])
def test_trains_and_is_saved(name, jit_compile, tmp_path, rng):
    layer, shape = make(name, use_bias=True)
    model = keras.Sequential(
        [keras.Input(shape), layer, keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.05), "mse", jit_compile=jit_compile)
    x = rng.random((16, *shape)).astype("float32")
    y = np.sin(3 * x.reshape(16, -1)[:, :2].sum(axis=1))
    losses = model.fit(x, y, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    if jit_compile:
        return
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[0].get_config() == layer.get_config()
    np.testing.assert_array_equal(again(x), model(x))
    model.save_weights(tmp_path / "model.weights.h5")
    other = keras.models.clone_model(model)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(other(x), model(x))


# --- twins and networks -----------------------------------------------------------------------


@pytest.mark.parametrize("input_gradient", [True, False])
@pytest.mark.parametrize("name", FEW)
def test_the_twin_has_the_same_shapes(name, input_gradient, rng):
    layer, shape = make(name, input_gradient=input_gradient)
    if max(layer.strides) > 1 < max(layer.dilation_rate):
        layer = QUANVS[layer.rank](layer.filters, layer.kernel_size, 1, layer.padding)
    twin = conv_twin(layer, (None, *shape), name="twin")
    inputs = tf.constant(rng.random((2, *shape)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = twin(inputs)
    assert outputs.shape == layer(inputs).shape
    gradient = tape.gradient(outputs, inputs)
    assert (gradient is None) == (not layer.input_gradient)
    again = keras.layers.deserialize(keras.layers.serialize(twin))
    again(inputs)
    again.set_weights(twin.get_weights())
    np.testing.assert_array_equal(again(inputs), outputs)


NETWORKS = [((12, 1), {}), ((4, 4, 2, 1), {"kernel_size": (2, 2, 1)})]


@pytest.mark.parametrize("shortcut", ["pool", "conv"])
@pytest.mark.parametrize(("shape", "arguments"), NETWORKS)
def test_networks_of_sequences_and_volumes(shape, arguments, shortcut, rng):
    x = rng.random((2, *shape)).astype("float32")
    for build in (resqunn, classical_twin):
        # Amplitudes have fewer outcomes than pixels, so that shapes differ and shortcuts stand.
        for more in ({"head": "none"}, {"encoder": "amplitude", "shortcut": shortcut, "depth": 1}):
            model = build(shape, 3, **arguments, **more)
            np.testing.assert_allclose(np.sum(model(x), axis=-1), 1, rtol=1e-5)
    assert isinstance(resqunn(shape, 3, **arguments).get_layer("quanv_1"), QUANVS[len(shape) - 1])


def test_reports_and_other_backends_take_networks_of_sequences(rng):
    model = resqunn((6, 1), 2, input_gradient=False, placement="none")
    x, y = rng.random((4, 6, 1)).astype("float32"), np.array([0, 1, 0, 1])
    model.compile("adam", "sparse_categorical_crossentropy")
    rows = gradient_report(model, x, y).rows
    assert [row.state for row in rows[:2]] == ["none", "flows"]
    exact = with_backend(model, cirq.Simulator())
    np.testing.assert_allclose(exact(x), model(x), atol=1e-5)


def test_export_names_the_place_of_each_patch(tmp_path, rng):
    layer = Quanv1D(kernel_size=2)
    x = rng.random((2, 4, 1)).astype("float32")
    layer(x)
    (written,) = export_circuits(layer, x, tmp_path / "out")["layers"]
    assert [e["places"] for e in written["circuits"]] == [[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]]


# --- errors -----------------------------------------------------------------------------------

ERRORS = {
    "kernel_size": (
        lambda: Quanv1D(kernel_size=(2, 2)),
        ValueError,
        r"Quanv1D: `kernel_size` must be a positive integer or a tuple of 1 positive integer. "
        r"Received \(2, 2\)",
    ),
    "strides": (
        lambda: Quanv3D(strides=(1, 1)),
        ValueError,
        "Quanv3D: `strides` must be a positive integer or a tuple of 3 positive integers",
    ),
    "causal_2d": (lambda: Quanv2D(padding="causal"), ValueError, "one of 'valid', 'same'. Rec"),
    "causal_pixels": (
        lambda: Quanv1D(padding="causal", readout="pixels"),
        ValueError,
        "which padding='causal' rules out. Received both. Use readout='channels'",
    ),
    "rank": (
        lambda: Quanv1D().build((None, 8)),
        ValueError,
        r"Quanv1D: the input must be sequences of rank 3, \(batch, steps, channels\). Received "
        r"shape \(None, 8\), of rank 2. For sequences without channels, add an axis: "
        r"x\[..., None\]",
    ),
    "rank_of_images": (
        lambda: Quanv3D().build((None, 8, 8, 1)),
        ValueError,
        r"volumes of rank 5, \(batch, depth, height, width, channels\).* of rank 4.* Quanv2D",
    ),
    "too_short": (
        lambda: Quanv1D(kernel_size=3).build((None, 2, 1)),
        ValueError,
        r"the kernel must fit into the sequence: steps must be at least dilation .* = 3. Received "
        "steps 2",
    ),
    "depth": (
        lambda: Quanv3D(kernel_size=2).build((None, 1, 2, 2, 1)),
        ValueError,
        "the kernel must fit into the volume: depth must be at least .* Received depth 1",
    ),
    "values": (
        lambda: Quanv3D(kernel_size=2, encoder=cirq.Circuit(cirq.rx(w)(q))).build(
            (None, 2, 2, 2, 1)
        ),
        ValueError,
        r"`encoder` must take 8 values per patch \(kernel_size=\(2, 2, 2\) x 1 channel\)",
    ),
    "observables": (
        lambda: Quanv1D(kernel_size=3, readout="pixels", observables="Z0").build((None, 6, 1)),
        ValueError,
        r"as many observables as a patch has pixels \(3\), or a multiple. Received 1",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()
