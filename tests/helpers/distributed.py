"""Trains small models under a strategy of `tf.distribute`, and prints what became of them.

`python -m tests.helpers.distributed mirrored NAME...` trains each model twice: on two logical
devices, and on one. `alone NAME BACKUP` and `multi-worker NAME BACKUP` train one, in one process or
in those of `TF_CONFIG`, and go on from what an earlier try has left in the folder BACKUP.
"""

import json
import os
import sys

import cirq
import numpy as np
import tensorflow as tf

import tfq_resqunn as rq
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.circuits import angle_encoder, basic_entangler

N, BATCH, EPOCHS, CLASSES = 20, 8, 2, 3  # the last batch of an epoch is smaller, but even
CIRCUIT = rq.QuanvCircuit.from_parts(angle_encoder(4), basic_entangler(4))


def classifier(shape, *layers):
    head = [keras.layers.Flatten(), keras.layers.Dense(CLASSES, "softmax")]
    return keras.Sequential([keras.Input(shape), *layers, *head])


def quanv(**arguments):
    return classifier((4, 4, 1), rq.Quanv2D(2, 2, **arguments))


def small(**arguments):
    """One circuit on two qubits, for what takes long."""
    return classifier((1, 2, 1), rq.Quanv2D(1, (1, 2), **arguments))


# Name -> what makes a model. Its numbers are the same on one device and on two, within rounding.
EXACT = {
    "Quanv2D": lambda: quanv(use_bias=True),
    "Quanv2D in groups": lambda: classifier((4, 4, 2), rq.Quanv2D(2, (1, 2), groups=2)),
    "Quanv1D": lambda: classifier((6, 1), rq.Quanv1D(2, 2, padding="causal")),
    "Quanv3D": lambda: classifier((2, 2, 4, 1), rq.Quanv3D(1, (1, 2, 2))),
    "EncodedPQC": lambda: classifier((4,), rq.EncodedPQC(CIRCUIT, filters=2)),
    "Residual": lambda: classifier((4, 4, 1), rq.Residual(rq.Quanv2D(1, 2, readout="pixels"))),
    "resqunn": lambda: rq.resqunn((4, 4, 1), CLASSES, placement="X+O1"),
    "classical_twin": lambda: rq.classical_twin((4, 4, 1), CLASSES, placement="X+O1"),
    "state vectors, by phases": lambda: quanv(n_uploads=2),
    "state vectors": lambda: quanv(encoder="iqp", n_layers=2),
    "matrix products": lambda: classifier((3, 3, 1), rq.Quanv2D(1, 3, n_layers=2)),
    "noise": lambda: quanv(noise={"depolarizing": 0.1}),
    "noiseless": lambda: small(backend="noiseless"),
    "cirq.Simulator": lambda: small(backend=cirq.Simulator()),
}
# Those whose numbers are drawn.
DRAWN = {
    "shots": lambda: quanv(repetitions=100),
    "noiseless, shots": lambda: small(backend="noiseless", repetitions=100),
    "noisy": lambda: small(backend="noisy", noise={"depolarizing": 0.1}, repetitions=20),
    "cirq.Simulator, shots": lambda: small(backend=cirq.Simulator(), repetitions=100),
}
MODELS = {**EXACT, **DRAWN}


def trained(name, strategy, backup=None, shuffle=True):
    """The losses of all epochs, and the norms of gradients before and after them."""
    set_seed(1)
    with strategy.scope():
        model = MODELS[name]()
        model.compile(
            keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"]
        )
    rng = np.random.default_rng(0)
    x = rng.random((N, *model.input_shape[1:])).astype("float32")
    y = rng.integers(0, CLASSES, N)
    flow = rq.GradientFlow(x, y)
    callbacks = [flow]
    if backup is not None:
        callbacks.append(keras.callbacks.BackupAndRestore(backup))
        callbacks.append(keras.callbacks.LambdaCallback(on_epoch_end=told))
    history = model.fit(
        x, y, batch_size=BATCH, epochs=EPOCHS if backup is None else 2 * EPOCHS, verbose=0,
        validation_data=(x, y), callbacks=callbacks, shuffle=shuffle,
    ).history  # fmt: skip
    norms = [row.norm for report in flow.history for row in report.rows]
    return {**history, "norms": norms}


def told(epoch, logs):
    """Says that an epoch is done, and waits for a word where there may be one to end it."""
    print(epoch, flush=True)
    if os.environ.get("WAIT"):
        sys.stdin.readline()


def main(kind, *arguments):
    if kind == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
        mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        one = tf.distribute.get_strategy()
        found = {n: [trained(n, s) for s in (mirrored, one)] for n in arguments}
    else:
        multi_worker = kind == "multi-worker"
        strategy = (
            tf.distribute.MultiWorkerMirroredStrategy()
            if multi_worker
            else tf.distribute.get_strategy()
        )
        name, backup = arguments
        found = trained(name, strategy, backup, shuffle=False)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
