"""Any geometry: shapes are `Conv2D`'s, values a plain loop's."""

import functools
import re

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.reference import quanvolve
from tfq_resqunn import Quanv2D
from tfq_resqunn._utils.keras import keras


def examples(n):
    return settings(
        max_examples=n, derandomize=True, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )  # fmt: skip


@st.composite
def geometries(draw, largest=7, data_formats=("channels_last", "channels_first"), fits=True):
    """Draws arguments of `Quanv2D` and a channels-last shape of images."""
    sides, few = st.integers(1, 3), st.sampled_from([1, 1, 1, 2])
    pairs = st.one_of(sides, st.tuples(sides, sides))
    groups = draw(st.sampled_from([1, 1, 1, 1, 2, 3]))
    arguments = {
        "filters": groups * draw(st.integers(1, 2)),
        "kernel_size": draw(st.one_of(pairs, st.integers(1, 2), st.tuples(few, sides))),
        "strides": draw(st.none() | pairs),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "data_format": draw(st.sampled_from(data_formats)),
        "dilation_rate": draw(pairs),
        "groups": groups,
        "readout": draw(st.sampled_from(["channels", "channels", "pixels"])),
    }
    if arguments["readout"] == "pixels":
        arguments |= {"strides": None, "dilation_rate": 1}
    least = [1, 1]
    if fits and arguments["padding"] == "valid":
        kernels, dilations = both(arguments["kernel_size"]), both(arguments["dilation_rate"])
        least = [d * (k - 1) + 1 for k, d in zip(kernels, dilations, strict=True)]
    height, width = (draw(st.integers(n, max(n, largest))) for n in least)
    channels = groups * draw(few)
    return arguments, (draw(st.integers(1, 2)), height, width, channels)


def both(value):
    return value if isinstance(value, tuple) else (value, value)


@functools.cache
def rotations(n):
    """Encoder and ansatz whose outcomes are known in closed form: cos(pi x + w) of each value."""
    qubits = cirq.LineQubit.range(n)
    x, w = sympy.symbols(f"x_10:{10 + n}"), sympy.symbols(f"w_10:{10 + n}")
    encoder = cirq.Circuit(cirq.ry(sympy.pi * s)(q) for s, q in zip(x, qubits, strict=True))
    ansatz = cirq.Circuit(cirq.ry(s)(q) for s, q in zip(w, qubits, strict=True))
    return {"encoder": encoder, "ansatz": ansatz}


def cosines(circuit, features, weights):
    return np.cos(np.pi * features + weights)


def make(arguments, shape, **more):
    kh, kw = both(arguments["kernel_size"])
    n = kh * kw * shape[-1] // arguments["groups"]
    more = more or rotations(n)
    layer = Quanv2D(**arguments, **more)
    layer.build(turned(layer, shape))
    return layer


def turned(layer, shape):
    """A channels-last shape in the layer's data format."""
    if layer.data_format == "channels_last":
        return tuple(shape)
    return (shape[0], shape[3], *shape[1:3])


def images_of(shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype("float32")


def run(layer, images):
    """What the layer gives for channels-last images, channels last."""
    if layer.data_format == "channels_last":
        return layer(images)
    return tf.transpose(layer(tf.transpose(images, [0, 3, 1, 2])), [0, 2, 3, 1])


def loop(layer, images, **truth):
    weights = np.concatenate([pqc.get_weights()[0] for pqc in layer.pqcs])
    return quanvolve(
        images, layer.pqcs[0].circuit, weights, kernel=layer.kernel_size, strides=layer.strides,
        dilation=layer.dilation_rate, padding=layer.padding, groups=layer.groups,
        readout=layer.readout, **truth,
    )  # fmt: skip


# --- shapes -----------------------------------------------------------------------------------


def conv2d_shape(arguments, n_outputs, shape):
    """The output shape that Keras computes for a `Conv2D`, or None where none fits in."""
    words = {k: v for k, v in arguments.items() if k not in ("filters", "readout", "groups")}
    strides = both(words["kernel_size"] if words["strides"] is None else words["strides"])
    apart = max(strides) > 1 and max(both(words["dilation_rate"])) > 1
    if apart and words["padding"] == "same":
        words["dilation_rate"] = 1  # it changes what is padded, and not how many patches there are
        apart = False
    conv = keras.layers.Conv2D(n_outputs, **{**words, "strides": 1 if apart else strides})
    try:
        found = list(conv.compute_output_shape(shape))
    except ValueError:
        return None
    if apart:  # which Conv2D refuses: without strides first, then every so-manieth patch
        for axis, stride in zip(spatial(arguments["data_format"]), strides, strict=True):
            found[axis] = None if found[axis] is None else len(range(found[axis])[::stride])
    known = [n for n in found[1:] if n is not None]
    return tuple(found) if min(known) > 0 else None


def spatial(data_format):
    return (1, 2) if data_format == "channels_last" else (2, 3)


@examples(320)
@given(geometries(fits=False), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_output_shape_is_conv2ds(geometry, unknown):
    arguments, shape = geometry
    kernel, channels = both(arguments["kernel_size"]), shape[3] // arguments["groups"]
    shape = tuple(None if u else n for n, u in zip(shape, (*unknown, False), strict=True))
    layer = Quanv2D(**arguments)
    shape = turned(layer, shape)
    n_outputs = layer.filters * kernel[0] * kernel[1] * channels
    expected = conv2d_shape(arguments, n_outputs, shape)
    if expected is None:
        with pytest.raises(ValueError, match="must fit into the image: (height|width) must be at"):
            layer.compute_output_shape(shape)
        return
    if layer.readout == "pixels":
        expected = as_pixels(layer, shape, expected)
    assert layer.compute_output_shape(shape) == expected
    assert layer.compute_output_shape(list(shape)) == expected
    assert layer.compute_output_shape(tf.TensorShape(shape)) == expected


def as_pixels(layer, shape, patches):
    expected = list(patches)
    expected[1 if layer.data_format == "channels_first" else 3] //= np.prod(layer.kernel_size)
    for axis, kernel in zip(spatial(layer.data_format), layer.kernel_size, strict=True):
        if layer.padding == "same":
            expected[axis] = shape[axis]
        elif expected[axis] is not None:
            expected[axis] *= kernel
    return tuple(expected)


# --- values -----------------------------------------------------------------------------------


@examples(80)
@given(geometries(), st.integers(0, 99))
def test_values_are_a_plain_loops(geometry, seed):
    check_values(geometry, seed)


@pytest.mark.slow
@examples(1000)
@given(geometries(), st.integers(0, 99))
def test_values_of_a_thousand_geometries_are_a_plain_loops(geometry, seed):
    check_values(geometry, seed)


def check_values(geometry, seed):
    arguments, shape = geometry
    layer, images = make(arguments, shape), images_of(shape, seed)
    found, expected = run(layer, images), loop(layer, images, expectations=cosines)
    assert not np.isnan(expected).any()
    assert turned(layer, found.shape) == layer.compute_output_shape(turned(layer, shape))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@examples(40)
@given(
    geometries(largest=4),
    st.sampled_from(["angle", "angle_rx"]),
    st.sampled_from(["basic_entangler", "strongly_entangling"]),
)
def test_values_are_cirqs_in_a_plain_loop(geometry, encoder, ansatz):
    arguments, shape = geometry
    arguments["filters"] = arguments["groups"] = 1
    arguments["kernel_size"] = tuple(min(k, 2) for k in both(arguments["kernel_size"]))
    shape = (1, *shape[1:3], 1)
    layer = make(arguments, shape, encoder=encoder, ansatz=ansatz, n_layers=2)
    images = images_of(shape)
    np.testing.assert_allclose(run(layer, images), loop(layer, images), atol=1e-5)


def conv2d_patches(layer, images):
    """Patches as `Conv2D` sees them: its kernel picks out one value of a patch for each output."""
    (kh, kw), channels = layer.kernel_size, images.shape[-1]
    n = kh * kw * channels
    pick = keras.layers.Conv2D(
        n, layer.kernel_size, layer.strides, layer.padding, "channels_last", layer.dilation_rate,
        use_bias=False,
    )  # fmt: skip
    pick.build(images.shape)
    pick.set_weights([np.eye(n, dtype="float32").reshape(kh, kw, channels, n)])
    patches = pick(images)
    patches = tf.reshape(patches, [*patches.shape[:3], kh * kw, layer.groups, -1])
    return tf.reshape(
        tf.transpose(patches, [0, 1, 2, 4, 3, 5]), [*patches.shape[:3], layer.groups, -1]
    )


@examples(40)
@given(geometries(data_formats=("channels_last",)))
def test_values_and_gradients_are_those_on_conv2ds_patches(geometry):
    arguments, shape = geometry
    arguments["readout"] = "channels"
    if max(both(arguments["dilation_rate"])) > 1:
        arguments["strides"] = 1  # Conv2D has one or the other
    layer, images = make(arguments, shape), tf.constant(images_of(shape))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        found = layer(images)
        patches = conv2d_patches(layer, images)
        outcomes = []
        for f in range(layer.filters):
            group, row = divmod(f, layer.filters // layer.groups)
            angles = tf.convert_to_tensor(layer.pqcs[group].trainable_weights[0])[row]
            outcomes.append(tf.cos(np.pi * patches[..., group, :] + angles))
        expected = tf.concat(outcomes, axis=-1)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-5)
    mix = tf.constant(images_of(found.shape, 1))
    sources = [images, *layer.trainable_weights]
    slopes = zip(
        tape.gradient(found, sources, mix), tape.gradient(expected, sources, mix), strict=True
    )
    for one, other in slopes:
        np.testing.assert_allclose(one, other, atol=1e-4)


@examples(8)
@given(geometries(largest=5))
def test_sizes_that_are_known_only_when_images_come(geometry):
    arguments, shape = geometry
    layer, images = make(arguments, shape), images_of(shape)
    unknown = tf.TensorSpec(turned(layer, (None, None, None, shape[3])))
    graph = tf.function(layer, input_signature=[unknown])
    given = images
    if layer.data_format == "channels_first":
        given = np.transpose(images, [0, 3, 1, 2])
    found = graph(given)
    symbolic = graph.get_concrete_function().output_shapes
    assert symbolic.is_compatible_with(layer.compute_output_shape(unknown.shape))
    assert tuple(found.shape) == layer.compute_output_shape(given.shape)
    np.testing.assert_allclose(found, layer(given), atol=1e-6)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("readout", ["channels", "pixels"])
def test_images_that_turn_out_too_small_are_refused(padding, readout):
    layer = Quanv2D(kernel_size=2, padding=padding, readout=readout)
    layer.build((None, None, None, 1))
    graph = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 1))])
    rule = "height must be at least dilation" if padding == "valid" else "height must be at least 1"
    with pytest.raises(tf.errors.InvalidArgumentError, match=rule):
        graph(np.zeros((2, 1 if padding == "valid" else 0, 4, 1), "float32"))


@pytest.mark.parametrize("readout", ["channels", "pixels"])
@pytest.mark.parametrize("kernel_size", [2, (2, 1)])
def test_no_images_at_all(kernel_size, readout):
    layer = Quanv2D(kernel_size=kernel_size, readout=readout)
    found = layer(np.zeros((0, 4, 4, 1), "float32"))
    assert tuple(found.shape) == layer.compute_output_shape((0, 4, 4, 1))


# Each two of kernel, padding and readout.
@pytest.mark.parametrize(
    ("kernel_size", "channels", "filters", "padding", "readout"),
    [
        (2, 1, 1, "valid", "pixels"),
        (2, 1, 1, "same", "channels"),
        ((2, 3), 2, 2, "valid", "channels"),
        ((2, 3), 2, 2, "same", "pixels"),
    ],
)
def test_xla_cuts_and_lays_tiles_as_transposes_do(kernel_size, channels, filters, padding, readout):
    shape = (2, 5, 7, channels)
    arguments = {"kernel_size": kernel_size, "filters": filters}
    layer = make({**arguments, "padding": padding, "readout": readout, "groups": 1}, shape)

    def derivatives(images):
        with tf.GradientTape() as outer:
            outer.watch(images)
            with tf.GradientTape() as inner:
                inner.watch(images)
                outcomes = layer(images)
                loss = tf.reduce_sum(outcomes**3)
            slope = inner.gradient(loss, images)
            steepness = tf.reduce_sum(slope**2)
        return outcomes, slope, outer.gradient(steepness, images)

    images = tf.constant(images_of(shape))
    compiled = tf.function(derivatives, jit_compile=True)
    for found, expected in zip(compiled(images), derivatives(images), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    # It says something only where the two take different ways.
    text = compiled.experimental_get_compiler_ir(images)(stage="hlo")
    assert re.search(r"slice=\{.*\[1:\d+:2\]", text)
