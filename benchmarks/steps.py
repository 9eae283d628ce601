"""Training steps: the models that are compared, and how long a step of each takes."""

import contextlib
import dataclasses
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

import tfq_resqunn as rq
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.layers.geometry import Geometry
from tfq_resqunn.layers.patches import cut, to_pixels

ROOT = Path(__file__).parent.parent
BACKENDS = ("twin", "matmul", "compiled", "noiseless")
N_CLASSES = 10
MAX_NOISELESS_IMAGES = 32
# Of `model.fit`, of which an epoch has some tens of milliseconds of its own.
EPOCHS = 3
MAX_EPOCH_IMAGES = 16_000
QUICK = 0.25  # seconds; a sample that takes longer is taken a few times only


@dataclasses.dataclass(frozen=True)
class Case:
    """A network and a batch.

    Args:
        kernel_size: Rows and columns of a patch.
        n_layers: Layers of the ansatz.
        depth: Quanvolutional layers.
        batch_size: Images in a step.
        image_size: Rows and columns of an image; `None` is 28, or the next smaller size that
            patches fill.
    """

    kernel_size: int
    n_layers: int = 1
    depth: int = 2
    batch_size: int = 32
    image_size: int | None = None

    @property
    def size(self) -> int:
        """Rows and columns of an image."""
        return self.image_size or 28 // self.kernel_size * self.kernel_size

    @property
    def circuits_per_image(self) -> int:
        """Patches of an image, times layers."""
        return (self.size // self.kernel_size) ** 2 * self.depth

    def __str__(self) -> str:
        k, n = self.kernel_size, self.n_layers
        return f"{k}x{k} patches, {n} ansatz layer{'s'[: n > 1]}, depth {self.depth}"


@dataclasses.dataclass(frozen=True)
class Form:
    """One way to train the network of a case.

    Args:
        case: The network. Its batch size is not looked at.
        backend: `"twin"`, `"matmul"` (the twin, with a matrix product in place of its `Conv2D`),
            `"compiled"`, `"noiseless"` or `"noisy"`.
        jit: Whether XLA compiles the step.
        images: How many a step takes.
        noise: Pairs of a name and a strength.
        repetitions: Shots or trajectories.
    """

    case: Case
    backend: str
    jit: bool
    images: int
    noise: tuple[tuple[str, float], ...] = ()
    repetitions: int | None = None

    def model(self) -> keras.Model:
        """Builds the network, always with the same weights."""
        set_seed(0)
        shape = (self.case.size, self.case.size, 1)
        arguments = {
            "depth": self.case.depth,
            "kernel_size": self.case.kernel_size,
            "n_layers": self.case.n_layers,
        }
        if self.backend == "twin":
            return rq.classical_twin(shape, N_CLASSES, **arguments)
        if self.backend == "matmul":
            return _matmul_twin(shape, self.case)
        settings = {"noise": dict(self.noise) or None, "repetitions": self.repetitions}
        return rq.resqunn(shape, N_CLASSES, backend=self.backend, **settings, **arguments)

    def batch(self, n_batches: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draws images and labels for some steps."""
        n = self.images * n_batches
        images = np.random.default_rng(0).random((n, self.case.size, self.case.size, 1))
        return images.astype(np.float32), np.arange(n) % N_CLASSES

    def step(self, model: keras.Model):
        """Makes a training step: forward, loss, gradients, Adam; a function without arguments."""
        optimizer = keras.optimizers.Adam(1e-3)
        optimizer.build(model.trainable_variables)
        loss_of = keras.losses.SparseCategoricalCrossentropy()
        x, y = map(tf.constant, self.batch())

        @tf.function(jit_compile=self.jit)
        def train_step(x, y):
            with tf.GradientTape() as tape:
                loss = loss_of(y, model(x, training=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            return loss

        return lambda: train_step(x, y)


class PatchProduct(keras.layers.Layer):
    """What the twin's `Conv2D` computes, as one matrix product with all patches.

    Args:
        kernel_size: Rows and columns of a patch.
    """

    def __init__(self, kernel_size, **kwargs):
        super().__init__(**kwargs)
        self._geometry = Geometry(2, kernel_size)

    def build(self, input_shape):
        n = self._geometry.n_pixels
        self.kernel = self.add_weight(name="kernel", shape=(n, n))
        self.bias = self.add_weight(name="bias", shape=(n, 1), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        n = self._geometry.n_pixels
        patches = tf.reshape(cut(inputs, self._geometry), [n, -1])
        outcomes = tf.matmul(self.kernel, patches) + self.bias
        return to_pixels(tf.reshape(outcomes, [1, n, 1, -1]), inputs, self._geometry)

    def compute_output_shape(self, input_shape):
        return input_shape


def _matmul_twin(shape, case: Case) -> keras.Model:
    layers = [rq.Residual(PatchProduct(case.kernel_size)) for _ in range(case.depth)]
    head = [keras.layers.Flatten(), keras.layers.Dense(N_CLASSES, activation="softmax")]
    return keras.Sequential([keras.Input(shape), *layers, *head])


def forms_of(case: Case, *, noiseless: bool, step_limit: float) -> list[Form]:
    """Lists the ways to train that are compared.

    Args:
        case: The network and its batch.
        noiseless: Whether TensorFlow Quantum's simulator is one of them.
        step_limit: Seconds that a step may take by a rough estimate; where it would take longer,
            it gets fewer images than the batch has.
    """

    def fit_in(limit, seconds_per_circuit):
        images = int(step_limit / seconds_per_circuit / case.circuits_per_image)
        return max(1, min(limit, images))

    images = fit_in(case.batch_size, plan_of(case)[1] / 1e6)
    n_images = {"twin": case.batch_size, "matmul": case.batch_size, "compiled": images}
    forms = [Form(case, b, jit, n) for b, n in n_images.items() for jit in (False, True)]
    if noiseless:
        seconds = 8e-5 + 4e-8 * 2**case.kernel_size**2 * (1 + case.n_layers)
        images = fit_in(min(case.batch_size, MAX_NOISELESS_IMAGES), seconds)
        forms.append(Form(case, "noiseless", False, images))
    return forms


def plan_of(case: Case) -> tuple[str, float]:
    """Says how the compiled backend computes the circuit, and the microseconds expected."""
    layer = rq.Quanv2D(kernel_size=case.kernel_size, n_layers=case.n_layers)
    layer.build((None, case.size, case.size, 1))
    chosen = next(c for c in layer.plan.candidates if c.name == layer.plan.chosen)
    return chosen.name, chosen.microseconds


def time_steps(forms: list[Form], seconds: float) -> dict[Form, float]:
    """Times steps of all forms alternately, in this process.

    Args:
        forms: What to time.
        seconds: For all that are quick together. A form whose step is slow is timed twice, or once
            where it takes seconds.

    Returns:
        The median of each form's seconds for an image.
    """
    run, repeats, samples = {}, {}, {form: [] for form in forms}
    for form in forms:
        run[form] = form.step(form.model())
        repeats[form] = 0
        run[form]().numpy()  # traces and compiles
        run[form]().numpy()  # is slow too, without XLA

    def sample(form, n):
        start = time.perf_counter()
        for _ in range(n - 1):
            run[form]()
        run[form]().numpy()
        return time.perf_counter() - start

    slow = {}
    for form in forms:
        once = min(sample(form, 1), sample(form, 1))  # the first may find memory given back
        if once > QUICK:
            slow[form] = 1 if once > 2 else 2
            samples[form].append(once)
        else:
            repeats[form] = max(1, min(20, round(0.02 / once)))
    quick = [form for form in forms if form not in slow]
    spent = 0.0
    while spent < seconds or not all(samples.values()):
        for form in quick:
            run[form]().numpy()  # so that all find the caches as they leave them
            samples[form].append(sample(form, repeats[form]) / repeats[form])
            spent += samples[form][-1] * (repeats[form] + 1)
        if spent >= seconds / 2:
            for form in slow:
                if len(samples[form]) < slow[form]:
                    samples[form].append(sample(form, 1))
        if not quick:
            spent += seconds or 1
    return {form: statistics.median(samples[form]) / form.images for form in forms}


def time_fit(expected: dict[Form, float], seconds: float) -> dict[Form, float]:
    """Times `model.fit` with Keras' own settings, epochs of all forms alternately.

    Args:
        expected: What to time, and the seconds for an image that its step takes. Keras decides
            about XLA.
        seconds: For all together, roughly.

    Returns:
        The median of each form's seconds for an image.
    """
    models, data, samples = {}, {}, {form: [] for form in expected}

    def epoch(form):
        start = time.perf_counter()
        x, y = data[form]
        models[form].fit(x, y, batch_size=form.images, verbose=0)
        return (time.perf_counter() - start) / len(x)

    for form, per_image in expected.items():
        models[form] = form.model()
        models[form].compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy")
        data[form] = form.batch(2)
        epoch(form)  # traces and compiles
        images = min(MAX_EPOCH_IMAGES, seconds / EPOCHS / len(expected) / per_image)
        data[form] = form.batch(max(2, int(images / form.images)))
    for _ in range(EPOCHS):
        for form in expected:
            samples[form].append(epoch(form))
    return {form: statistics.median(samples[form]) for form in expected}


def first_steps(forms: list[Form]) -> dict[Form, tuple[float, float]]:
    """Runs the first three steps of each form in a process of its own, one after another.

    Returns:
        The seconds that the first step takes, with tracing and compilation, and the MiB by which
        the resident set grew at its peak since the model was built.
    """
    measured = {}
    with contextlib.ExitStack() as stack:
        processes = {}
        for form in forms:
            command = [sys.executable, "-m", "benchmarks.first_steps"]
            settings = json.dumps(dataclasses.asdict(form))
            process = subprocess.Popen(
                [*command, settings],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            processes[form] = stack.enter_context(process)
            stack.callback(process.kill)
        for process in processes.values():
            process.stdout.readline()  # all import TensorFlow at the same time
        for form, process in processes.items():
            out, err = process.communicate("go\n")
            if process.returncode:
                raise RuntimeError(f"{form} failed in a process of its own:\n{err}")
            result = json.loads(out.splitlines()[-1])
            measured[form] = result["seconds"], result["mib"]
    return measured
