"""Saved models are read in a new process, whatever it has imported of the package, and when."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tfq_resqunn._utils import registration
from tfq_resqunn._utils.keras import IS_KERAS_3

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tfq_resqunn"

SAVE = """
import numpy as np, tensorflow as tf, tfq_resqunn as rq
from tfq_resqunn.layers.pooling import ClassPooling
from tfq_resqunn.layers.twin import CutConv2D, PixelReadout
keras = tf.keras
model = keras.Sequential([
    keras.Input((4, 4, 1)),
    PixelReadout(CutConv2D(4, 2, strides=2)),
    rq.Residual(
        rq.Quanv2D(
            readout="pixels",
            ansatz="identity_blocks",
            initializer=rq.IdentityBlocks(1),
        )
    ),
    rq.AreaPooling((2, 2, 1)),
    ClassPooling(2),
])
model.save("model.keras")
model.save("model.h5")
if not hasattr(keras, "ops"):
    model.save("folder", save_format="tf")
open("model.json", "w").write(model.to_json())
x = np.random.default_rng(0).random((3, 4, 4, 1))
np.savez("truth.npz", x=x, y=model(x))
"""
# `keras` is what the program before it calls so.
LOAD = """
import os, numpy as np
truth = np.load("truth.npz")
for name in ("model.keras", "model.h5", "folder"):
    if os.path.exists(name):
        model = keras.models.load_model(name)
        np.testing.assert_allclose(model(truth["x"]), truth["y"], atol=1e-5)
from_json = keras.models.model_from_json(open("model.json").read())
assert from_json.count_params() == model.count_params()
assert keras.models.clone_model(model).count_params() == model.count_params()
"""
ORDERS = {
    "package first": "import tfq_resqunn, tensorflow as tf; keras = tf.keras",
    "tensorflow first": "import tensorflow as tf, tfq_resqunn; keras = tf.keras",
    "keras is used": "import tensorflow as tf; keras = tf.keras; keras.Model; import tfq_resqunn",
    "keras itself": "import tfq_resqunn, keras",
    "keras itself, first": "import keras, tfq_resqunn",
    "keras, then tensorflow": "import tfq_resqunn, keras, tensorflow",
    "only a part": "from tfq_resqunn.datasets import load; import keras",
}
LEGACY = {name: program for name, program in ORDERS.items() if "tf.keras" in program}
LEGACY["keras itself"] = "import tfq_resqunn, tensorflow, tf_keras as keras"
# Modules that may be the first to be imported, of each kind: those that the layers need, which
# import TensorFlow or not, and those that need the layers.
FIRST = (
    "_utils.keras", "_utils.seeding", "models.optimizers", "circuits.parts",
    "simulation.plan", "simulation.state_vectors.method", "layers.checks", "layers.quanv",
    "backends.execution", "datasets.selection", "gradients.flow", "models.resqunn",
    "runs.training", "study.worker",
)  # fmt: skip


def run(program, cwd, legacy):
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_USE_LEGACY_KERAS": "1" if legacy else "0",
    }
    command = [sys.executable, "-W", "error:tfq_resqunn", "-c", program]
    result = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert "tfq_resqunn: models" not in result.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models that the Keras of this process has written."""
    made = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of formats that are old
        patch.chdir(made)
        exec(SAVE, {})
    return made


def quick(names, *few):
    return [n if n in few else pytest.param(n, marks=pytest.mark.slow) for n in names]


@pytest.mark.skipif(not IS_KERAS_3, reason="the models here are those of Keras 2")
@pytest.mark.parametrize("order", quick(ORDERS, "package first", "keras itself"))
def test_models_of_keras_3_are_read(folder, order):
    run(ORDERS[order] + LOAD, folder, False)


@pytest.mark.skipif(IS_KERAS_3, reason="the models here are those of Keras 3")
@pytest.mark.parametrize("order", quick(LEGACY, "package first"))
def test_models_of_keras_2_are_read(folder, order):
    run(LEGACY[order] + LOAD, folder, True)


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("module", FIRST)
def test_whichever_module_is_first(tmp_path, module):
    names = [Path(name).suffix for name in registration.MODULES]
    program = f"""
import sys, tfq_resqunn.{module}
import tensorflow as tf
assert all("tfq_resqunn.layers" + name in sys.modules for name in {names})
assert tf.keras.utils.get_registered_object("tfq_resqunn>Quanv2D") is not None
"""
    run(program, tmp_path, False)


THREADS = """
import sys, threading, time
import tfq_resqunn
errors = []

def attempt(program):
    try:
        exec(program)
    except BaseException as error:
        errors.append(error)

def import_layers():
    while "keras.src" not in sys.modules:
        time.sleep(0.001)
    attempt("import tfq_resqunn.layers")

threads = [threading.Thread(target=attempt, args=["import tensorflow, keras"])]
threads.append(threading.Thread(target=import_layers))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert errors == [], errors
import tensorflow as tf
assert tf.keras.utils.get_registered_object("tfq_resqunn>Quanv2D") is not None
"""


@pytest.mark.once
@pytest.mark.slow
def test_threads_import_at_the_same_time(tmp_path):
    run(THREADS, tmp_path, False)


@pytest.mark.once
@pytest.mark.slow
def test_tensorflow_is_imported_though_the_layers_cannot_be(tmp_path):
    program = """
import sys, types, warnings
cirq = sys.modules["cirq"] = types.ModuleType("cirq")
cirq.__getattr__ = lambda name: 1 / 0
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import tfq_resqunn, tensorflow, keras
assert sum("models with its layers cannot be loaded" in str(w.message) for w in caught) == 1
"""
    run(program, tmp_path, False)


@pytest.mark.once
def test_tensorflow_can_be_set_up_before_the_layers_are_imported(tmp_path):
    program = """
import sys, tfq_resqunn
from tfq_resqunn._utils import registration
with registration.postponed():
    import tensorflow as tf, keras
    assert not any(name in sys.modules for name in (registration._KERAS, *registration.MODULES))
    tf.config.threading.set_intra_op_parallelism_threads(1)
assert all(name in sys.modules for name in (registration._KERAS, *registration.MODULES))
tf.zeros(1)
"""
    run(program, tmp_path, False)


@pytest.mark.once
def test_finders_are_asked_once(monkeypatch, tmp_path):
    """And what they find can be asked for its files before it is imported, as any module."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    (tmp_path / "late").mkdir()
    (tmp_path / "late/__init__.py").write_text("x = 1\n")
    called = []
    registration.after_import("late", called.append)
    spec = importlib.util.find_spec("late")
    assert spec.loader.get_data(spec.origin).strip() == b"x = 1"
    assert called == []
    for _ in range(2):
        late = importlib.import_module("late")
        assert called == ["late"] and late.x == 1
        assert type(late.__loader__) is type(late.__spec__.loader) is not registration._Loader
        importlib.reload(late)
        del sys.modules["late"]


# --- what holds this in the sources -----------------------------------------------------------


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {module_name(path): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}


def imports_of(module):
    """Modules of the package and packages of others, imported as the module itself is."""
    for node in ast.parse(SOURCES[module]).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.once
def test_every_module_with_registered_classes_is_listed():
    decorated = {m for m, text in SOURCES.items() if re.search(r"^@register$", text, re.MULTILINE)}
    assert set(registration.MODULES) == decorated
    assert len(registration.MODULES) == len(decorated)


@pytest.mark.once
def test_what_layers_need_of_tensorflow_comes_after_keras():
    """None of it can be half imported when the layers are; `registration` says why."""
    needed, waiting = set(), [*registration.MODULES]
    while waiting:
        module = waiting.pop()
        if module in SOURCES and module not in needed:
            needed.add(module)
            waiting += imports_of(module)
    heavy = {"tensorflow", "tensorflow_quantum"}
    for module in needed:
        others = {name.partition(".")[0] for name in imports_of(module)}
        if others & heavy and module != "tfq_resqunn._utils.keras":
            assert module.split(".")[1] in ("layers", "backends", "simulation"), module
    for package in ("tfq_resqunn.layers", "tfq_resqunn.backends", "tfq_resqunn.simulation"):
        assert next(imports_of(package)) == "tfq_resqunn._utils.keras"
        # Its modules are imported from it, and no names, which it may not have yet.
        for module in needed - {package}:
            names = [n for n in imports_of(module) if n.rpartition(".")[0] == package]
            assert all(name in SOURCES for name in names), (module, names)
