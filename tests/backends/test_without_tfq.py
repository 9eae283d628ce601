"""The package with and without TensorFlow Quantum: the same layers, the same files."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tfq_resqunn as rq
from tests.helpers.reference import HAS_TFQ, needs_tfq
from tfq_resqunn._utils import tfq
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.runs.evaluation import load_trained
from tfq_resqunn.runs.trained import read_trained

ROOT = Path(__file__).parents[2]
# A process in which TensorFlow Quantum is not there, wherever this runs.
WITHOUT = "import sys\nsys.modules['tensorflow_quantum'] = None\n"
NOISE = {"depolarizing": 0.02, "readout_error": 0.01}


def python(program, *arguments, check=True):
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        cwd=ROOT, check=check, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


# What both sides of the exchange do, with TensorFlow Quantum and without.
BOTH = """
import numpy as np, sys, tensorflow as tf
import tfq_resqunn as rq
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.tfq import HAS_TFQ
from tfq_resqunn._utils.seeding import set_seed

def build():
    set_seed(3)
    model = rq.resqunn((2, 4, 1), 2, depth=1, noise={"depolarizing": 0.02, "readout_error": 0.01})
    model.compile("adam", "sparse_categorical_crossentropy")
    return model

X = np.random.default_rng(0).random((6, 2, 4, 1)).astype("float32")
def write(folder):
    model = build()
    model.fit(X, np.arange(6) % 2, verbose=0)
    model.save(f"{folder}/model.keras")
    model.save_weights(f"{folder}/weights.weights.h5")
    tf.train.Checkpoint(model=model).write(f"{folder}/checkpoint")
    np.save(f"{folder}/truth.npy", model.predict(X, verbose=0))

def read(folder):
    truth = np.load(f"{folder}/truth.npy")
    models = [keras.models.load_model(f"{folder}/model.keras"), build(), build()]
    models[1].load_weights(f"{folder}/weights.weights.h5")
    status = tf.train.Checkpoint(model=models[2]).read(f"{folder}/checkpoint")
    status.assert_existing_objects_matched().expect_partial()
    for model in models:
        np.testing.assert_allclose(model(X), truth, atol=1e-6)
    kept = models[0]
    kept.fit(X, np.arange(6) % 2, verbose=0)  # the optimizer's state came with it
"""


# Trains on an object of Cirq's, which draws shots.
DEVICE = """
import cirq
model = keras.Sequential([keras.Input((2, 2, 1)), rq.Quanv2D(
    backend=cirq.Simulator(seed=1), repetitions=200,
    initializer=keras.initializers.Constant(0.4))])
model.compile(keras.optimizers.SGD(0.3), 'mse')
x, y = np.zeros((2, 2, 2, 1)), -0.5 * np.ones((2, 1, 1, 4))
losses = model.fit(x, y, epochs=10, verbose=0).history['loss']
assert losses[-1] < 0.5 * losses[0], losses
"""
# A process without it: reads what was written with it, and writes something to be read with it.
APART = f"""
{WITHOUT}{BOTH}
assert not HAS_TFQ
read(sys.argv[1])
write(sys.argv[2])
{DEVICE}
assert not any(name.startswith('tensorflow_quantum.') for name in sys.modules)
"""


# `build` has compiled the model, but not trained it yet.
@pytest.mark.filterwarnings("ignore:Skipping variable loading for optimizer")
def test_files_are_exchanged_and_devices_train_without_it(tmp_path):
    here = {}
    exec(BOTH, here)
    folders = [tmp_path / "here", tmp_path / "without"]
    for folder in folders:
        folder.mkdir()
    if not HAS_TFQ:
        exec(DEVICE, here)
        return
    here["write"](folders[0])
    python(APART, *folders)
    here["read"](folders[1])


@pytest.fixture
def without(monkeypatch):
    """Hides TensorFlow Quantum from the checks, as if it were not installed."""
    monkeypatch.setattr(tfq, "HAS_TFQ", False)


def small(**options):
    return keras.Sequential(
        [keras.Input((4, 4, 1)), rq.Quanv2D(**options), keras.layers.Flatten()]
        + [keras.layers.Dense(2, activation="softmax")]
    )


@pytest.mark.parametrize(
    ("make", "who"),
    [
        (lambda **how: rq.Quanv2D(**how), "Quanv2D"),
        (lambda **how: rq.with_backend(small(), **how), "with_backend"),
        (lambda **how: small(**how), "Quanv2D"),
    ],
)
@pytest.mark.parametrize(
    ("how", "same"),
    [
        ({"backend": "noiseless"}, "backend='compiled', which computes the same values"),
        (
            {"backend": "noisy", "noise": NOISE, "repetitions": 10},
            "backend='compiled' with the same `noise`, which is exact",
        ),
    ],
)
def test_backends_that_need_it_name_one_that_does_not(without, make, who, how, same):
    with pytest.raises(ImportError) as error:
        make(**how)
    message = str(error.value)
    assert message.startswith(f"{who}: backend={how['backend']!r} runs circuits on TensorFlow Qu")
    assert "Linux on x86-64 with Python 3.10 to 3.12" in message
    assert same in message


@needs_tfq
def test_models_saved_with_it_are_read_without(tmp_path, rng, monkeypatch):
    path, x = tmp_path / "model.keras", rng.random((3, 4, 4, 1))
    model = small(backend="noiseless")
    model.compile("adam", "mse")
    model.fit(x, np.zeros((3, 2)), verbose=0)
    model.save(path)
    expected = model.predict(x, verbose=0)
    monkeypatch.setattr(tfq, "HAS_TFQ", False)
    with pytest.raises(ImportError, match=r"with_backend\('model.keras', 'compiled'\)"):
        keras.models.load_model(path)
    with pytest.raises(ValueError, match=r"(?s)`model_path` must be .*with_backend\('model.keras'"):
        read_trained(path, "predict")
    copy = rq.with_backend(path, "compiled")
    assert copy.layers[0].backend == "compiled"
    np.testing.assert_allclose(copy.predict(x, verbose=0), expected, atol=1e-6)
    copy.fit(x, np.zeros((3, 2)), verbose=0)  # it is compiled still


@needs_tfq
@pytest.mark.filterwarnings("ignore:evaluate. the model's classes are not known")
def test_evaluation_reads_models_that_were_saved_with_it(tmp_path, rng, monkeypatch):
    small(backend="noiseless").save(tmp_path / "model.keras")
    x = rng.random((4, 4, 4, 1)).astype("float32")
    np.savez(tmp_path / "images.npz", x=x, y=[0, 1, 0, 1])
    monkeypatch.setattr(tfq, "HAS_TFQ", False)
    model, *_ = load_trained(tmp_path / "model.keras", tmp_path / "images.npz")
    assert model.layers[0].backend == "compiled"


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("none.keras", FileNotFoundError, "'none.keras', which is no file"),
        ("model.h5", ValueError, "'model.h5', which is another file"),
        ("classical.keras", ValueError, "must hold a layer that runs circuits"),
    ],
)
def test_files_that_hold_no_such_model(name, kind, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("model.h5").write_bytes(b"")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save("classical.keras")
    with pytest.raises(kind, match=words):
        rq.with_backend(name)


def test_a_copy_that_cannot_be_imported_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "tensorflow_quantum.py").write_text("raise OSError('undefined symbol: _ZN')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tensorflow_quantum", raising=False)
    monkeypatch.setattr(tfq, "HAS_TFQ", True)
    with pytest.raises(ImportError) as error:
        tfq.import_tfq.__wrapped__()  # without what it remembers
    message = str(error.value)
    assert (
        "tfq_resqunn: TensorFlow Quantum is installed, but cannot be imported with "
        f"TensorFlow {tf.__version__}: OSError: undefined symbol: _ZN"
    ) in message
    assert "pip uninstall tensorflow-quantum" in message


@pytest.mark.once
def test_keras_2_that_is_not_installed_is_asked_for(monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    program = "import sys; sys.modules['tf_keras'] = None; import tfq_resqunn; tfq_resqunn.Quanv2D"
    result = python(program, check=False)
    series = ".".join(tf.__version__.split(".")[:2])
    assert (
        "ImportError: tfq_resqunn: TF_USE_LEGACY_KERAS=1 asks for Keras 2 (the package tf_keras), "
        f"which is not installed here. Install it with: pip install 'tf_keras=={series}.*'. "
        "Keras 3 is used where TF_USE_LEGACY_KERAS is not set."
    ) in result.stderr
