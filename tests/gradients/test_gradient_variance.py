"""`gradient_variance`: against finite differences with Cirq, and against what is known."""

import re

import cirq
import numpy as np
import pytest
import sympy
import tensorflow as tf

import tfq_resqunn as rq
from tests.helpers.reference import BACKENDS, expectations
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.gradients import GradientVariance, VarianceRow

AXES = (cirq.rx, cirq.ry, cirq.rz)


def random_circuit(n_qubits, n_layers):
    """Layers of rotations about random axes, by weights, and a ladder of CZ; <Z> of one qubit."""
    rng = np.random.default_rng(n_qubits)
    q = cirq.LineQubit.range(n_qubits)
    w = iter(sympy.symbols(f"w_0:{n_qubits * n_layers}"))
    circuit = cirq.Circuit(
        cirq.ry(np.pi / 4 + sympy.Symbol(f"x_{i}"))(q[i]) for i in range(n_qubits)
    )
    for _ in range(n_layers):
        circuit += [AXES[rng.integers(3)](next(w))(qubit) for qubit in q]
        circuit += [cirq.CZ(a, b) for a, b in zip(q, q[1:], strict=False)]
    return rq.QuanvCircuit(circuit, cirq.Z(q[0]))


class Recorded(keras.initializers.Initializer):
    """Uniform angles that a test can read afterwards."""

    drawn: list = []

    def __init__(self, seed=None):
        self.seed = seed

    def __call__(self, shape, dtype=None, **_):
        values = np.random.default_rng(self.seed).uniform(0, 2 * np.pi, shape)
        self.drawn.append(values)
        return tf.constant(values, dtype)

    def get_config(self):
        return {"seed": self.seed}


def mean_outcome(y_true, y_pred):
    return tf.reduce_mean(y_pred)


def build_circuit(n_qubits, n_layers=2, initializer=None, backend=BACKENDS[-1]):
    circuit = random_circuit(n_qubits, n_layers)
    layer = rq.EncodedPQC(circuit, initializer=initializer, backend=backend)
    model = keras.Sequential([keras.Input((n_qubits,)), layer])
    model.compile("sgd", mean_outcome)
    return model


def zeros(n_qubits, **_):
    return np.zeros((1, n_qubits), "float32")


def by_finite_differences(circuit, weights, step=1e-4):
    x = np.zeros((1, len(circuit.inputs)))
    shifts = step * np.eye(len(weights))
    ends = [[expectations(circuit, x, weights + s * d)[0, 0] for d in shifts] for s in (1, -1)]
    return np.subtract(*ends) / (2 * step)


@pytest.mark.parametrize("backend", BACKENDS)
def test_against_finite_differences_with_cirq(backend):
    Recorded.drawn.clear()

    def build(n_qubits):
        return build_circuit(n_qubits, initializer=Recorded(), backend=backend)

    variance = rq.gradient_variance(
        build, zeros, np.zeros((1, 1)), {"n_qubits": [2]}, n_samples=6, verbose=0
    )
    weights = [values[0] for values in Recorded.drawn[-6:]]
    gradients = [by_finite_differences(random_circuit(2, 2), w) for w in weights]
    expected = np.var(gradients, axis=0, ddof=1).mean()
    (row,) = variance.rows
    assert (row.point, row.kind, row.n_weights) == ((2,), "EncodedPQC", 4)
    assert row.variance == pytest.approx(expected, rel=1e-3)
    assert row.low <= row.variance <= row.high


def test_variance_shrinks_with_the_number_of_qubits():
    def build(n_qubits):
        return build_circuit(n_qubits, n_layers=2 * n_qubits)

    over = {"n_qubits": [2, 4, 6]}
    variance = rq.gradient_variance(build, zeros, np.zeros((1, 1)), over, n_samples=40, verbose=0)
    two, four, six = variance.rows
    assert two.layer == four.layer == six.layer
    assert two.low > four.high > four.low > six.high
    assert six.variance < two.variance / 3


def dense(n_units):
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(n_units, kernel_initializer="glorot_normal")]
    )
    model.compile("sgd", "mse")
    return model


def test_layers_of_keras_are_drawn_by_their_own_initializers():
    # Loss (w.x)^2 for one input x = (1, 1, 1) and no bias: derivative 2 (w_1 + w_2 + w_3), whose
    # variance is 4 * 3 var(w); glorot_normal has var(w) = 2 / (3 + 1).
    x, y = np.ones((1, 3), "float32"), np.zeros((1, 1), "float32")
    variance = rq.gradient_variance(dense, x, y, {"n_units": [1]}, n_samples=600, verbose=0)
    assert variance.rows[0].low < 4 * 3 * 2 / 4 < variance.rows[0].high
    assert variance.rows[0].variance == pytest.approx(6, rel=0.15)


class Plain(keras.layers.Layer):
    """A layer that does not tell its initializer."""

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(1,), initializer="random_normal", name="scale")

    def call(self, inputs):
        return inputs * self.scale


def test_models_are_built_anew_where_initializers_are_unknown():
    built = []

    def build(size):
        model = keras.Sequential([keras.Input((size,)), Plain()])
        model.compile("sgd", "mse")
        built.append(model.get_weights()[0].item())
        return model

    x = y = np.ones((1, 2), "float32")
    variance = rq.gradient_variance(build, x, y, {"size": [2]}, n_samples=5, verbose=0)
    assert len(set(built)) == 5
    expected = np.var([2 * (scale - 1) for scale in built], ddof=1)  # of mean((scale - 1)**2)
    assert variance.rows[0].variance == pytest.approx(expected, rel=1e-3)


def resqunn(**arguments):
    arguments |= dict(kernel_size=(1, 2), input_gradient=False, placement="none")
    model = rq.resqunn((2, 4, 1), 2, **arguments)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.fixture(scope="module")
def measured():
    x, y = np.random.default_rng(1).random((4, 2, 4, 1)), np.array([0, 1, 1, 0])
    over = {"n_layers": [1, 2], "filters": [1]}

    def measure(seed):
        return rq.gradient_variance(resqunn, x, y, over, n_samples=4, seed=seed, verbose=0)

    return measure(0), measure(0), measure(1)


def test_seeds(measured):
    first, again, other = measured
    assert repr(first) == repr(again)  # not ==, since nan is there
    assert repr(first) != repr(other)


def test_table_and_text(measured):
    variance = measured[0]
    columns = ["n_layers", "filters", "layer", "kind", "n_weights", "variance", "low", "high"]
    columns.append("state")
    assert list(variance.table.columns) == columns
    assert list(variance.table["layer"]) == ["quanv_1", "quanv_2", "head"] * 2
    assert variance.table["variance"].isna().tolist() == [True, False, False] * 2
    lines = str(variance).splitlines()
    assert lines[0].split() == columns
    assert lines[1].split() == ["1", "1", "quanv_1", "Quanv2D", "2", "-", "-", "-", "none"]
    assert lines[-1] == "4 initialisations each; low, high: 95 % interval (bootstrap)"


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_plot(measured, tmp_path, suffix):
    path = tmp_path / f"variance.{suffix}"
    figure = measured[0].plot(path)
    assert path.read_bytes()[:4] in (b"\x89PNG", b"<?xm", b"%PDF")
    assert [axes.get_title() for axes in figure.axes] == ["quanv_2", "head"]
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}
    drawn = figure.axes[1].lines[0].get_ydata()
    np.testing.assert_array_equal(drawn, [measured[0].rows[k].variance for k in (2, 5)])


def test_plot_of_nothing():
    row = VarianceRow((1,), "dense", "Dense", 2, np.nan, np.nan, np.nan)
    with pytest.raises(ValueError, match="^variance_figure: `table` must hold a variance above"):
        GradientVariance(("n",), (row,), 2).plot()


def test_progress_bar_counts_samples(capsys):
    x, y = np.ones((1, 3), "float32"), np.zeros((1, 1), "float32")
    rq.gradient_variance(dense, x, y, {"n_units": [1, 2]}, n_samples=3)
    assert "6/6" in capsys.readouterr().out
    rq.gradient_variance(dense, x, y, {"n_units": [1]}, n_samples=3, verbose=0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"build": 3}, TypeError, "gradient_variance: `build` must be a function that takes"),
        (
            {"build": lambda n_units: 3},
            TypeError,
            "`build(n_units=1)` must be a Keras model",
        ),
        ({"over": [1, 2]}, TypeError, "gradient_variance: `over` must be a dictionary"),
        ({"over": {}}, ValueError, "`over` must name at least one parameter"),
        ({"over": {"n_units": []}}, ValueError, "and at least one value for each.\nReceived"),
        ({"n_samples": 1}, ValueError, "`n_samples` must be at least 2"),
        ({"n_samples": 2.5}, TypeError, "`n_samples` must be an integer"),
    ],
)
def test_wrong_arguments(change, error, message):
    arguments = {"build": dense, "x": np.ones((1, 3)), "y": np.ones((1, 1))}
    arguments |= {"over": {"n_units": [1]}, "verbose": 0, **change}
    with pytest.raises(error, match=re.escape(message)):
        rq.gradient_variance(**arguments)


def test_model_must_be_compiled():
    def build(n):
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(n)])

    with pytest.raises(ValueError, match="^gradient_variance: `model` must be compiled"):
        rq.gradient_variance(build, np.ones((1, 3)), np.ones((1, 1)), {"n": [1]}, verbose=0)
