import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

from tests.helpers.reference import BACKENDS, HAS_TFQ, quanvolve
from tests.layers.test_pqc import slopes
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import angle_encoder, basic_entangler
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.layers.twin import conv_twin

SHIFTED = {"backend": "noiseless", "differentiator": "parameter_shift"} if HAS_TFQ else {}
# arguments, channels, height, width
GEOMETRIES = {
    "tiles": (dict(kernel_size=2), 1, 4, 6),
    "tiles_uneven": (dict(kernel_size=2), 1, 5, 7),
    "overlap": (dict(kernel_size=2, strides=1), 1, 4, 5),
    "apart": (dict(kernel_size=(1, 2), strides=(2, 3)), 1, 5, 8),
    "strips": (dict(kernel_size=(3, 1), strides=(1, 2)), 1, 5, 4),
    "same": (dict(kernel_size=2, strides=1, padding="same"), 1, 3, 4),
    "same_tiles": (dict(kernel_size=2, padding="same"), 1, 5, 5),
    "same_larger_kernel": (dict(kernel_size=(3, 2), padding="same"), 1, 2, 4),
    "dilated": (dict(kernel_size=2, strides=1, dilation_rate=2), 1, 5, 4),
    "dilated_same": (dict(kernel_size=2, strides=1, dilation_rate=(1, 3), padding="same"), 1, 3, 5),
    "channels": (dict(kernel_size=(1, 2)), 2, 2, 4),
    "filters": (dict(filters=3, kernel_size=2), 1, 4, 4),
    "groups": (dict(filters=4, kernel_size=(1, 2), groups=2), 4, 2, 4),
    "pixels": (dict(kernel_size=2, readout="pixels"), 1, 4, 6),
    "pixels_uneven": (dict(kernel_size=2, readout="pixels"), 1, 5, 5),
    "pixels_same": (dict(kernel_size=(2, 3), readout="pixels", padding="same"), 1, 5, 7),
    "pixels_channels": (dict(kernel_size=(1, 2), readout="pixels"), 2, 2, 4),
    "pixels_filters": (dict(filters=2, kernel_size=(2, 1), readout="pixels"), 2, 4, 2),
    "pixels_groups": (
        dict(filters=2, kernel_size=(1, 2), groups=2, readout="pixels", padding="same"), 2, 2, 5,
    ),
}  # fmt: skip


def truth(layer, images):
    circuit = layer.pqcs[0].circuit
    weights = np.concatenate([pqc.get_weights()[0] for pqc in layer.pqcs])
    return quanvolve(
        images, circuit, weights, kernel=layer.kernel_size, strides=layer.strides,
        dilation=layer.dilation_rate, padding=layer.padding, groups=layer.groups,
        readout=layer.readout,
    )  # fmt: skip


# Patches are cut before a backend gets them: with others than the first, most geometries are slow.
QUICK = ("tiles", "same", "groups", "pixels_filters")


@pytest.mark.parametrize(
    ("name", "backend"),
    [
        pytest.param(n, b, marks=pytest.mark.slow if b in BACKENDS[1:] and n not in QUICK else ())
        for n in GEOMETRIES
        for b in BACKENDS
    ],
)
def test_forward_is_a_loop_over_patches(name, backend, rng):
    arguments, channels, height, width = GEOMETRIES[name]
    images = rng.random((2, height, width, channels)).astype("float32")
    layer = Quanv2D(**arguments, n_layers=2, backend=backend)
    found = layer(images)
    expected = truth(layer, images)
    assert not np.isnan(expected).any()
    assert tuple(found.shape) == tuple(layer.compute_output_shape(images.shape)) == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert all(isinstance(pqc, EncodedPQC) for pqc in layer.pqcs)
    assert len(layer.pqcs) == layer.groups


@pytest.mark.parametrize("name", GEOMETRIES)
def test_channels_first_is_the_same_transposed(name, rng):
    arguments, channels, height, width = GEOMETRIES[name]
    images = rng.random((2, height, width, channels)).astype("float32")
    last = Quanv2D(**arguments, data_format="channels_last")
    first = Quanv2D(**arguments, data_format="channels_first")
    expected = np.transpose(last(images), [0, 3, 1, 2])
    turned = np.transpose(images, [0, 3, 1, 2])
    first.build(turned.shape)
    first.set_weights(last.get_weights())
    assert first.compute_output_shape(turned.shape) == expected.shape
    np.testing.assert_array_equal(first(turned), expected)


@pytest.mark.parametrize("groups", [1, 2])
def test_layers_are_built_in_a_graph(groups):
    with tf.Graph().as_default():
        outcomes = Quanv2D(filters=2, groups=groups)(tf.ones((1, 2, 2, 2)))
    assert outcomes.shape == (1, 1, 1, 2 * 8 // groups)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_unknown_sizes_give_the_same(name, rng):
    arguments, channels, height, width = GEOMETRIES[name]
    images = rng.random((2, height, width, channels)).astype("float32")
    layer = Quanv2D(**arguments)
    inputs = keras.Input((None, None, channels))
    model = keras.Model(inputs, layer(inputs))
    assert layer.compute_output_shape((None, None, None, channels))[-1] == model.output_shape[-1]
    np.testing.assert_allclose(model.predict(images, verbose=0), layer(images), atol=1e-6)


@pytest.mark.parametrize("name", ["tiles", "overlap", "same", "dilated"])
@pytest.mark.parametrize("filters", [1, 2])
def test_output_shape_is_conv2ds(name, filters):
    arguments, channels, height, width = GEOMETRIES[name]
    layer = Quanv2D(filters, **arguments)
    conv = keras.layers.Conv2D(filters * 4, **{"strides": 2, **arguments})
    shape = (None, height, width, channels)
    assert tuple(layer.compute_output_shape(shape)) == tuple(conv.compute_output_shape(shape))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["tiles_uneven", "same", "groups", "pixels_filters"])
def test_gradients_are_finite_differences(name, backend, rng):
    arguments, channels, height, width = GEOMETRIES[name]
    images = tf.constant(rng.random((1, height, width, channels)), tf.float32)
    layer = Quanv2D(**arguments, n_layers=2, backend=backend)
    mix = rng.normal(size=layer(images).shape)
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.reduce_sum(layer(images) * mix)
    by_images, by_weights = tape.gradient(loss, [images, layer.pqcs[-1].trainable_weights[0]])
    others = [pqc.get_weights()[0] for pqc in layer.pqcs[:-1]]
    point = [images.numpy().astype("float64"), layer.pqcs[-1].get_weights()[0].astype("float64")]

    def f(images, last):
        return np.sum(
            mix
            * quanvolve(
                images, layer.pqcs[0].circuit, np.concatenate([*others, last]),
                kernel=layer.kernel_size, strides=layer.strides, dilation=layer.dilation_rate,
                padding=layer.padding, groups=layer.groups, readout=layer.readout,
            )
        )  # fmt: skip

    np.testing.assert_allclose(by_images, slopes(f, point, 0), atol=2e-3)
    np.testing.assert_allclose(by_weights, slopes(f, point, 1), atol=2e-3)


def test_groups_draw_different_angles_from_one_initializer():
    for initializer in (None, "random_normal", keras.initializers.RandomUniform(0, 1, seed=3)):
        layer = Quanv2D(2, (1, 2), groups=2, initializer=initializer)
        layer.build((None, 2, 2, 2))
        first, second = layer.get_weights()
        assert not np.array_equal(first, second)


@pytest.mark.parametrize("backend", BACKENDS)
def test_static_layer_is_not_trained_and_passes_gradients(backend, rng):
    layer = Quanv2D(kernel_size=2, trainable=False, backend=backend)
    images = tf.constant(rng.random((1, 4, 4, 1)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = tf.reduce_sum(layer(images))
    assert layer.trainable_weights == []
    assert len(layer.weights) == 1
    assert np.all(tape.gradient(loss, images).numpy() != 0)
    model = keras.Sequential([keras.Input((4, 4, 1)), layer])
    assert model.trainable_weights == []


def test_static_layer_can_be_thawed():
    layer = Quanv2D(kernel_size=2, trainable=False)
    layer.build((None, 4, 4, 1))
    layer.trainable = True
    assert len(layer.trainable_weights) == 1


def own_parts():
    qubits = [cirq.NamedQubit(n) for n in "ab"]
    x, w = sympy.symbols("p:2"), sympy.symbols("t:2")
    encoder = cirq.Circuit(cirq.rx(x[0])(qubits[0]), cirq.ry(x[1] ** 2)(qubits[1]))
    ansatz = cirq.Circuit(
        cirq.CZ(*qubits), cirq.ry(w[0])(qubits[0]), cirq.XX(*qubits) ** (w[0] * w[1])
    )
    return encoder, ansatz, [cirq.Z(qubits[0]) * cirq.Y(qubits[1]), cirq.X(qubits[0])]


def configurations():
    encoder, ansatz, observables = own_parts()
    whole = QuanvCircuit.from_parts(encoder, ansatz, observables)
    return {
        "default": dict(kernel_size=(1, 2)),
        "named": dict(
            filters=2, kernel_size=(1, 2), groups=2, strides=1, padding="same",
            encoder="angle_rz", ansatz="strongly_entangling", n_layers=3,
        ),
        "own_circuits": dict(
            kernel_size=(1, 2), encoder=encoder, ansatz=ansatz, observables=observables, groups=2,
            filters=2,
        ),
        "own_encoder": dict(kernel_size=(1, 2), encoder=encoder, groups=2, filters=2),
        "own_ansatz": dict(kernel_size=(1, 2), ansatz=ansatz, groups=2, filters=2),
        "whole": dict(kernel_size=(1, 2), circuit=whole, groups=2, filters=4),
        "bias": dict(
            kernel_size=(1, 2), activation="relu", use_bias=True, bias_initializer="ones",
            bias_regularizer="l1", bias_constraint="non_neg", activity_regularizer="l2",
        ),
        "pixels": dict(
            kernel_size=(1, 2), readout="pixels", **SHIFTED,
            initializer="zeros", regularizer="l2", constraint="non_neg", input_gradient=False,
            data_format="channels_first", name="quanv", dtype="float64", trainable=False,
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", configurations())
def test_config_round_trip(name, rng):
    layer = Quanv2D(**configurations()[name])
    again = Quanv2D.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    images = rng.random((2, 2, 4, 2) if layer.data_format == "channels_last" else (2, 2, 2, 4))
    again.build(images.shape)
    expected = layer(images)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(images), expected)


def test_uploads_are_in_the_config():
    config = Quanv2D(n_uploads=3, observables=["Z0*Z1", "x"]).get_config()
    again = Quanv2D.from_config(config)
    assert (again.n_uploads, again.observables) == (3, ["Z0*Z1", "x"])
    assert again.get_config() == config


@pytest.mark.parametrize("name", ["own_circuits", "own_encoder", "own_ansatz", "whole"])
def test_own_circuits_run(name, rng):
    layer = Quanv2D(**configurations()[name])
    images = rng.random((1, 2, 4, 2)).astype("float32")
    np.testing.assert_allclose(layer(images), truth(layer, images), atol=1e-5)


ENDINGS = {
    "bias": dict(use_bias=True, bias_initializer="random_normal"),
    "activation": dict(activation="relu"),
    "softmax": dict(activation="softmax"),
    "all": dict(
        use_bias=True, bias_initializer=keras.initializers.Constant(-0.5), activation="tanh",
        bias_regularizer="l2", activity_regularizer="l1", bias_constraint="non_neg",
    ),
}  # fmt: skip


@pytest.mark.parametrize("readout", ["channels", "pixels"])
@pytest.mark.parametrize("name", ENDINGS)
def test_bias_and_activation_are_conv2ds(name, readout, rng):
    """A `Conv2D` that copies each pixel adds the same bias, losses and constraint behind it."""
    geometry = dict(filters=2, kernel_size=2, readout=readout, data_format="channels_last")
    images = tf.constant(rng.random((2, 4, 4, 1)), tf.float32)
    layer, plain = Quanv2D(**geometry, **ENDINGS[name]), Quanv2D(**geometry)
    n = layer.compute_output_shape(images.shape)[-1]
    conv = keras.layers.Conv2D(n, 1, **{"use_bias": False, **ENDINGS[name]})
    for each, shape in ((layer, (4, 4, 1)), (plain, (4, 4, 1)), (conv, (None, None, n))):
        each.build((None, *shape))
    weights = [w.numpy() for w in layer.pqcs[0].weights]
    plain.set_weights(weights)
    own_bias = [layer.bias.numpy()] if layer.use_bias else []
    conv.set_weights([np.eye(n)[None, None], *own_bias])
    with tf.GradientTape(persistent=True) as tape:
        found, expected = layer(images), conv(plain(images))
    assert len(layer.weights) == 1 + layer.use_bias
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(sum(layer.losses), sum(conv.losses), atol=1e-6)
    if layer.use_bias:
        found, expected = tape.gradient(found, layer.bias), tape.gradient(expected, conv.bias)
        np.testing.assert_allclose(found, expected, atol=1e-5)
    if layer.bias_constraint is not None:
        np.testing.assert_array_equal(layer.bias_constraint(layer.bias), np.zeros(n))


@pytest.mark.parametrize("activation", ["relu", "softmax"])
def test_bias_goes_along_the_channels_where_they_come_first(activation, rng):
    images = rng.random((2, 1, 4, 6)).astype("float32")
    layer = Quanv2D(
        kernel_size=2, data_format="channels_first", use_bias=True, activation=activation,
        bias_initializer="random_normal",
    )  # fmt: skip
    plain = Quanv2D(kernel_size=2, data_format="channels_first")
    layer.build(images.shape)
    plain.build(images.shape)
    plain.set_weights(layer.pqcs[0].get_weights())
    outcomes = plain(images).numpy() + layer.bias.numpy()[None, :, None, None]
    expected = keras.activations.get(activation)(tf.constant(outcomes))
    np.testing.assert_allclose(layer(images), expected, atol=1e-6)


def test_the_classical_twin_ends_alike():
    layer = Quanv2D(activation="relu", bias_initializer="ones", activity_regularizer="l2")
    twin, other = (conv_twin(layer, (None, 4, 4, 1), **a) for a in ({}, {"activation": "tanh"}))
    assert twin.activation is layer.activation
    assert twin.bias_initializer is layer.bias_initializer
    assert twin.activity_regularizer is layer.activity_regularizer
    assert other.activation is keras.activations.tanh


def test_a_layer_without_bias_has_none():
    layer = Quanv2D()
    layer.build((None, 4, 4, 1))
    assert layer.bias is None
    assert len(layer.weights) == 1
    static = Quanv2D(use_bias=True, trainable=False)
    static.build((None, 4, 4, 1))
    assert len(static.weights) == 2
    assert static.trainable_weights == []


def test_circuits_are_assembled_once_for_each_number_of_channels(monkeypatch):
    built = []
    build = Parts.build
    monkeypatch.setattr(Parts, "build", lambda self, n: built.append(n) or build(self, n))
    layer = Quanv2D(kernel_size=(1, 2))
    for height in (4, 5, None):
        layer.compute_output_shape((None, height, 4, 1))
        layer.compute_output_shape((None, height, 4, 2))
    layer.build((None, 4, 4, 2))
    assert built == [2, 4]


def build(*shape, **arguments):
    return lambda: Quanv2D(**arguments).build(shape)


ENCODER_OF_3 = angle_encoder(3)


def circuit_of(*names):
    return QuanvCircuit(cirq.Circuit(cirq.ry(sympy.Symbol(n))(cirq.LineQubit(0)) for n in names))


ERRORS = {
    "filters": (lambda: Quanv2D(0), ValueError, "Quanv2D: `filters` must be at least 1"),
    "kernel_size": (
        lambda: Quanv2D(kernel_size=(2, 0)),
        ValueError,
        r"Quanv2D: `kernel_size` must be a positive integer or a tuple of 2 positive integers. "
        r"Received \(2, 0\).",
    ),
    "kernel_size_3": (lambda: Quanv2D(kernel_size=(2, 2, 2)), ValueError, "a tuple of 2 positive"),
    "strides": (lambda: Quanv2D(strides="2"), TypeError, "`strides` must be a positive"),
    "strides_0": (lambda: Quanv2D(strides=0), ValueError, "`strides` must be a positive"),
    "input_gradient": (
        lambda: Quanv2D(input_gradient="no"),
        TypeError,
        "`input_gradient` must be True or False. Received 'no'",
    ),
    "later_image_too_small": (
        lambda: [f(np.zeros(s)) for f in [Quanv2D()] for s in ((1, 4, 4, 1), (1, 1, 4, 1))],
        ValueError,
        "height must be at least",
    ),
    "kernel_size_type": (lambda: Quanv2D(kernel_size=2.0), TypeError, "Received 2.0"),
    "kernel_size_bool": (lambda: Quanv2D(kernel_size=True), TypeError, "Received True"),
    "kernel_larger_than_the_image": (
        lambda: Quanv2D(kernel_size=5).build((None, 4, 4, 1)),
        ValueError,
        "Received height 4. Use a smaller `kernel_size`.",
    ),
    "reach_larger_than_the_image": (
        lambda: Quanv2D(kernel_size=3, dilation_rate=2).build((None, 4, 4, 1)),
        ValueError,
        "Received height 4. Use a smaller `kernel_size`, or padding='same'.",
    ),
    "padding_type": (lambda: Quanv2D(padding=1), ValueError, "`padding` must be one of"),
    "use_bias": (
        lambda: Quanv2D(use_bias="no"),
        TypeError,
        "Quanv2D: `use_bias` must be True or False. Received 'no'",
    ),
    "padding": (
        lambda: Quanv2D(padding="full"),
        ValueError,
        "`padding` must be one of 'valid', 'same'. Received 'full'",
    ),
    "readout": (lambda: Quanv2D(readout="pixel"), ValueError, "'channels', 'pixels'. Received"),
    "data_format": (lambda: Quanv2D(data_format="NHWC"), ValueError, "'channels_first'. Received"),
    "backend": (lambda: Quanv2D(backend="fast"), ValueError, "Quanv2D: `backend` must be one of"),
    "groups_filters": (
        lambda: Quanv2D(3, groups=2),
        ValueError,
        "`groups` must divide `filters`.* Received filters=3, groups=2",
    ),
    "groups_channels": (
        build(None, 4, 4, 3, filters=2, groups=2),
        ValueError,
        "`groups` must divide the input's channels. Received groups=2 and 3 channels",
    ),
    "pixels_strides": (
        lambda: Quanv2D(strides=1, readout="pixels"),
        ValueError,
        r"patches must lie side by side.* strides=\(1, 1\)",
    ),
    "pixels_observables": (
        build(None, 4, 4, 1, readout="pixels", observables=cirq.Z(cirq.LineQubit(0))),
        ValueError,
        r"as many observables as a patch has pixels \(2 \* 2 = 4\), or a multiple. Received 1",
    ),
    "encoder_name": (
        lambda: Quanv2D(encoder="angel"),
        ValueError,
        "Quanv2D: `encoder` must be one of 'amplitude'.*, or a cirq.Circuit. Received 'angel'. "
        "Did you mean 'angle'",
    ),
    "encoder_type": (lambda: Quanv2D(encoder=3), TypeError, "`encoder` must be a name .*or a cirq"),
    "encoder_values": (
        build(None, 4, 4, 1, encoder=ENCODER_OF_3),
        ValueError,
        r"Quanv2D: `encoder` must take 4 values per patch \(kernel_size=\(2, 2\) x 1 channel\)."
        "\nReceived a circuit with 3 data symbols "
        r"\(x_000, x_001, x_002\)."
        '\nUse encoder="angle", or change `kernel_size`.',
    ),
    "no_data": (
        build(None, 4, 4, 1, circuit=circuit_of(*(f"x{i}" for i in range(20)))),
        ValueError,
        r"Received a circuit with 0 data symbols \(none\)\.\nData symbols begin with x_; of yours "
        r"none does \(x0, x1, x2, x3, ..., x19\)\. Rename them, .*\(..., inputs=\[...\]\)\.$",
    ),
    "all_bound": (
        build(None, 4, 4, 1, circuit=QuanvCircuit(cirq.Circuit(cirq.X(cirq.LineQubit(0))))),
        ValueError,
        r"The circuit has no symbols at all: were they bound to numbers\? Leave x_0, x_1, ... unb",
    ),
    "too_little_data": (
        build(None, 4, 4, 1, circuit=circuit_of("x_0", "w_0")),
        ValueError,
        r"1 data symbols \(x_0\)\.\nChange the circuit, its `inputs`, or `kernel_size`\.$",
    ),
    "ansatz_weights": (
        lambda: Quanv2D(ansatz=cirq.Circuit(cirq.X(cirq.LineQubit(0)))),
        ValueError,
        "`ansatz` must have weights. Received a circuit without any sympy symbol",
    ),
    "ansatz_qubits": (
        build(None, 4, 4, 1, ansatz=basic_entangler(3)),
        ValueError,
        "named circuit on 4 qubits cannot be joined to `ansatz`, which has 3",
    ),
    "ansatz_measures": (
        lambda: Quanv2D(ansatz=basic_entangler(4) + cirq.Circuit(cirq.measure(cirq.LineQubit(0)))),
        ValueError,
        "must not measure",
    ),
    "n_layers": (
        lambda: Quanv2D(ansatz=basic_entangler(4), n_layers=2),
        ValueError,
        "`n_layers` counts the layers of a named ansatz. Received n_layers=2 beside a circuit",
    ),
    "circuit_and_parts": (
        lambda: Quanv2D(circuit=QuanvCircuit(angle_encoder(4)), encoder="angle", n_layers=1),
        ValueError,
        "Received `encoder`, `n_layers` beside it",
    ),
    "circuit_type": (
        lambda: Quanv2D(circuit=angle_encoder(4)),
        TypeError,
        "`circuit` must be a QuanvCircuit. Received Circuit",
    ),
    "circuit_weights": (
        build(None, 4, 4, 1, circuit=QuanvCircuit(angle_encoder(4))),
        ValueError,
        "must have at least one weight",
    ),
    "observables": (lambda: Quanv2D(observables=3), TypeError, "must be 'z' or another name, text"),
    "observables_qubit": (
        build(None, 4, 4, 1, observables=cirq.Z(cirq.LineQubit(7))),
        ValueError,
        r"Received Z\(q\(7\)\), which acts on q\(7\)",
    ),
    "rank": (
        build(None, 4, 4),
        ValueError,
        r"must be images of rank 4, \(batch, height, width, channels\). Received shape "
        r"\(None, 4, 4\), of rank 3. For images without channels, add an axis",
    ),
    "rank_5": (
        build(None, 3, 4, 4, 1),
        ValueError,
        r"of rank 5. For a sequence of images, wrap the layer in keras.layers.TimeDistributed",
    ),
    "rank_channels_first": (
        build(None, 4, 4, data_format="channels_first"),
        ValueError,
        r"\(batch, channels, height, width\).* of rank 3.* add an axis: x\[:, None\]",
    ),
    "rank_unknown": (
        lambda: Quanv2D().build(tf.TensorShape(None)),
        ValueError,
        r"the rank of the input must be known.*x.set_shape",
    ),
    "shape_unknown": (lambda: Quanv2D().build(None), ValueError, "rank of the input must be known"),
    "two_inputs": (
        lambda: Quanv2D()([np.zeros((1, 4, 4, 1)), np.zeros((1, 4, 4, 1))]),
        ValueError,
        "must be one tensor of images.* Received several, of shapes .*Concatenate",
    ),
    "no_channels": (build(None, 4, 4, 0), ValueError, "at least 1. Received shape .*0\\)"),
    "height_0": (build(None, 0, 4, 1), ValueError, "height must be at least .* Received height 0"),
    "height_0_same": (
        build(None, 0, 4, 1, padding="same"),
        ValueError,
        "the image's height must be at least 1. Received height 0",
    ),
    "channels_unknown": (build(None, 4, 4, None), ValueError, "channels must be known"),
    "kernel_larger": (
        build(None, 4, 2, 1, kernel_size=3),
        ValueError,
        r"width must be at least dilation \* \(kernel - 1\) \+ 1 = 1 \* 2 \+ 1 = 3. Received "
        "width 2",
    ),
}


def test_words_are_taken_in_any_case_of_letters():
    layer = Quanv2D(padding="SAME", data_format="Channels_First")  # as by Conv2D
    assert (layer.padding, layer.data_format) == ("same", "channels_first")


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call()


def test_other_channels_than_built_for_are_refused(rng):
    layer = Quanv2D(kernel_size=2)
    layer(rng.random((1, 4, 4, 1)))
    with pytest.raises(ValueError, match="(?s)expected axis -?[13].*1"):
        layer(rng.random((1, 4, 4, 2)))


DATA_IN_ANSATZ = cirq.Circuit(
    cirq.ry(sympy.Symbol(name))(q)
    for name, q in zip(["x_0", "x_1", "w_0", "w_1"], cirq.LineQubit.range(4), strict=True)
)


def test_weights_with_names_of_data_are_asked_about_once():
    said = r"all symbols of an `ansatz` are weights\. Received one with x_0, x_1, which will be"
    with pytest.warns(UserWarning, match=f"^Quanv2D: {said}"):
        layer = Quanv2D(ansatz=DATA_IN_ANSATZ)
    same = Quanv2D.from_config(layer.get_config())  # and without a warning
    same.build((None, 4, 4, 1))
    assert list(same.angles) == ["w_0", "w_1", "x_0", "x_1"]
