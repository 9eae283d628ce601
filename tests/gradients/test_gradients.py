import numpy as np
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tests.helpers.reference import BACKENDS
from tfq_resqunn._utils.keras import keras

# Which layers the gradient reaches where inputs pass none (- none, g flows).
WITHOUT_INPUT_GRADIENT = {
    "none": "-g",
    "X+O1": "-g",
    "O1+O2": "gg",
    "(X+O1)+O2": "gg",
}
WITHOUT_INPUT_GRADIENT_3 = {
    "none": "--g",
    "X+O1": "--g",
    "O1+O2": "--g",
    "O2+O3": "-gg",
    "(X+O1)+O2": "--g",
    "X+O1, O2+O3": "-gg",
    "(O1+O2)+O3": "ggg",
    "((X+O1)+O2)+O3": "ggg",
}
CASES = [*WITHOUT_INPUT_GRADIENT.items(), *WITHOUT_INPUT_GRADIENT_3.items()]


def batch(rng):
    return rng.random((4, 4, 4, 1)).astype("float32"), np.array([0, 1, 2, 1])


def compiled(model):
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


# Whether a placement lets the gradient through does not depend on the backend: with others than
# the first, three layers are slow.
@pytest.mark.parametrize(
    ("placement", "reach", "backend"),
    [
        pytest.param(
            *case, b, marks=pytest.mark.slow if len(case[1]) > 2 and b in BACKENDS[1:] else ()
        )
        for case in CASES
        for b in BACKENDS
    ],
)
@pytest.mark.parametrize("input_gradient", [False, True])
def test_which_layers_the_gradient_reaches(placement, reach, input_gradient, backend, rng):
    depth = len(reach)
    model = rq.resqunn(
        (4, 4, 1),
        3,
        depth=depth,
        placement=placement,
        input_gradient=input_gradient,
        backend=backend,
    )
    report = rq.gradient_report(compiled(model), *batch(rng))
    expected = "g" * depth if input_gradient else reach
    states = [report[f"quanv_{k}"].state for k in range(1, depth + 1)]
    assert states == [{"-": "none", "g": "flows"}[c] for c in expected]
    assert report["head"].state == "flows"


def test_all_placements_of_two_and_three_layers_are_in_the_table():
    assert set(WITHOUT_INPUT_GRADIENT) == {str(p) for p in rq.Placement.every(2)}
    assert set(WITHOUT_INPUT_GRADIENT_3) == {str(p) for p in rq.Placement.every(3)}


def test_norms_are_those_of_the_loss(rng):
    model = compiled(rq.resqunn((4, 4, 1), 3))
    x, y = batch(rng)
    report = rq.gradient_report(model, x, y)
    with tf.GradientTape() as tape:
        p = model(x)
        loss = -tf.reduce_mean(tf.math.log(tf.gather(p, y, batch_dims=1)))
    gradients = tape.gradient(loss, model.trainable_weights)
    norms = [np.linalg.norm(g) for g in gradients[:2]]
    norms.append(np.sqrt(sum(np.sum(g.numpy() ** 2) for g in gradients[2:])))
    np.testing.assert_allclose([r.norm for r in report.rows], norms, rtol=1e-4)


def test_exactly_zero_is_not_none(rng):
    # The last rz of a strongly entangling layer on one qubit commutes with what is measured.
    layer = rq.Quanv2D(kernel_size=1, ansatz="strongly_entangling", initializer="zeros")
    model = keras.Sequential([keras.Input((2, 2, 1)), layer, keras.layers.Flatten()])
    model.compile("sgd", "mse")
    report = rq.gradient_report(model, np.zeros((1, 2, 2, 1), "float32"), np.ones((1, 4)))
    assert (report.rows[0].state, report.rows[0].norm) == ("zero", 0.0)
    assert report.rows[0].zeros == 1


def test_share_of_zeros_is_counted_over_all_components(rng):
    # The weights from a dead unit of the first layer have no gradient, nor have those into it.
    hidden = keras.layers.Dense(2, activation="relu", name="hidden")
    model = keras.Sequential([keras.Input((3,)), hidden, keras.layers.Dense(1, name="head")])
    model.compile("sgd", "mse")
    hidden.set_weights([np.array([[1.0, -1.0]] * 3), np.zeros(2)])
    report = rq.gradient_report(model, np.ones((2, 3), "float32"), np.full((2, 1), 9.0))
    assert report["hidden"].zeros == 4 / 8  # of 2 * 3 weights and 2 biases, those of one unit
    assert report["head"].zeros == 1 / 3  # of 2 weights and a bias, the dead unit's
    assert {report[name].state for name in ("hidden", "head")} == {"flows"}


def test_without_gradient_there_is_no_share_of_zeros(rng):
    model = compiled(rq.resqunn((4, 4, 1), 3, placement="none", input_gradient=False))
    row = rq.gradient_report(model, *batch(rng))["quanv_1"]
    assert row.state == "none"
    assert np.isnan(row.zeros)
    assert np.isnan(row.norm)


def test_regularisation_is_no_gradient(rng):
    model = rq.resqunn((4, 4, 1), 3, placement="none", input_gradient=False, regularizer="l2")
    report = rq.gradient_report(compiled(model), *batch(rng))
    assert report["quanv_1"].state == "none"


def test_wrapped_nested_and_frozen_layers_have_rows(rng):
    inner = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            rq.Residual(rq.Quanv2D(readout="pixels", name="quanv"), name="res"),
        ],
        name="inner",
    )
    frozen = rq.Quanv2D(readout="pixels", trainable=False, name="frozen")
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)), inner, frozen, keras.layers.Flatten(),
            keras.layers.Dense(3, activation="softmax", name="head"),
        ]
    )  # fmt: skip
    report = rq.gradient_report(compiled(model), *batch(rng))
    assert [(r.layer, r.kind, r.n_weights, r.state) for r in report.rows] == [
        ("inner/res/quanv", "Quanv2D", 4, "flows"),
        ("frozen", "Quanv2D", 0, "frozen"),
        ("head", "Dense", 51, "flows"),
    ]


def test_table(rng):
    model = compiled(rq.resqunn((4, 4, 1), 3, placement="X+O1", input_gradient=False))
    lines = str(rq.gradient_report(model, *batch(rng))).splitlines()
    assert lines[0].split() == ["layer", "kind", "weights", "gradient", "norm"]
    assert lines[2].split() == ["quanv_1", "Quanv2D", "4", "none", "-"]
    assert lines[3].split()[:4] == ["quanv_2", "Quanv2D", "4", "flows"]


def test_model_must_be_compiled(rng):
    with pytest.raises(ValueError, match="gradient_report: `model` must be compiled"):
        rq.gradient_report(rq.resqunn((4, 4, 1), 3), *batch(rng))


def test_a_pipeline_gives_its_first_batch(rng):
    x, y = rng.random((6, 4, 4, 1)).astype("float32"), np.arange(6) % 2
    model = rq.resqunn((4, 4, 1), 2)
    model.compile("sgd", "sparse_categorical_crossentropy")
    for columns in ((x, y), (x, y, np.ones(6))):  # with weights of the samples
        pipeline = tf.data.Dataset.from_tensor_slices(columns).batch(4)
        assert rq.gradient_report(model, pipeline) == rq.gradient_report(model, x[:4], y[:4])
        flow = rq.GradientFlow(pipeline)
        model.fit(pipeline, callbacks=[flow], shuffle=False, verbose=0)
        assert flow.epochs == [0, 1]


@pytest.mark.parametrize(
    ("make", "y", "message"),
    [
        (lambda x: x.batch(2), None, "`x` must be a tf.data.Dataset whose batches are pairs"),
        (lambda x: x.take(0), None, "`x` must be a tf.data.Dataset .* Received no batch"),
        (lambda x: x, [1, 2], "`y` must be left out where `x` is a tf.data.Dataset"),
        (lambda x: np.zeros((2, 4, 4, 1)), None, "`y` must hold the targets of `x`. Received None"),
    ],
)
def test_pipelines_without_targets(make, y, message):
    model = rq.resqunn((4, 4, 1), 2)
    model.compile("sgd", "sparse_categorical_crossentropy")
    images = tf.data.Dataset.from_tensor_slices(np.zeros((4, 4, 4, 1), "float32"))
    for call in (lambda x: rq.gradient_report(model, x, y), lambda x: rq.GradientFlow(x, y)):
        with pytest.raises(ValueError, match=message):
            call(make(images))
