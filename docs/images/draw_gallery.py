"""Draws the pictures of docs/gallery.md: `python docs/images/draw_gallery.py [NAME ...]`.

All of them take a few minutes. Each is drawn by the package, in one style; what is trained for it
is small, on scikit-learn's digits, and the same each time.
"""

import functools
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is imported

import matplotlib
import numpy as np
import pandas as pd
import tensorflow as tf
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

import tfq_resqunn as rq
from tfq_resqunn import plots
from tfq_resqunn.circuits import ANSATZES, ENCODERS
from tfq_resqunn.plots.style import TOGETHER
from tfq_resqunn.study.choice import choose_runs
from tfq_resqunn.study.report.figures import accuracy_figure
from tfq_resqunn.study.report.gradient_maps import gradient_figure
from tfq_resqunn.study.report.statistics import mean_interval

HERE = Path(__file__).parent / "gallery"
RESULTS = Path(__file__).parents[1] / "results"
BOARD = {  # encoders and ansatzes of the leaderboard
    "angle": ("basic_entangler", "strongly_entangling", "brick", "sim_1", "sim_9", "sim_14"),
    "dense_angle": ("basic_entangler", "strongly_entangling", "brick", "sim_1", "sim_14"),
}
PLACEMENTS = ("none", "X+O1", "O1+O2", "(X+O1)+O2")


def main() -> None:
    """Draws those that are named, or all."""
    HERE.mkdir(exist_ok=True)
    for name in sys.argv[1:] or DRAWINGS:
        with matplotlib.rc_context(TOGETHER):
            DRAWINGS[name]().savefig(HERE / f"{name}.png", bbox_inches="tight", pad_inches=0.1)


def circuit() -> Figure:
    """A circuit by name."""
    parts = ENCODERS.get("angle")(4), ANSATZES.get("strongly_entangling")(4, 1)
    return plots.circuit_figure(rq.QuanvCircuit.from_parts(*parts))


def examples() -> Figure:
    """Images of the first classes."""
    data = digits()
    return plots.examples_figure(data.x_train, data.y_train, data.classes[:4])


def curves() -> Figure:
    """Loss and accuracy."""
    return plots.training_curves(trained()[1])


def maps() -> Figure:
    """Digits before and after a trained layer."""
    images, labels = digits().x_test, digits().y_test
    chosen = images[[np.flatnonzero(labels == label)[0] for label in (0, 2, 3, 7)]]
    layer = trained_layer(kernel_size=2, strides=1, padding="same", n_layers=2, ansatz="brick")
    return plots.feature_maps_figure(chosen, layer(chosen).numpy())


def filters() -> Figure:
    """What a layer's circuits answer to: patches of the lowest and highest outcomes."""
    data = digits()
    layer = trained_layer(kernel_size=4, strides=2, n_layers=2, ansatz="brick")
    outcomes = layer(data.x_test).numpy()
    patches = tf.image.extract_patches(
        data.x_test, (1, 4, 4, 1), (1, 2, 2, 1), (1, 1, 1, 1), "VALID"
    ).numpy()
    patches, outcomes = patches.reshape(-1, 4, 4), outcomes.reshape(-1, outcomes.shape[-1])
    shown = np.argsort(-outcomes.std(axis=0))[:4]  # the channels that vary most
    n = 6
    figure = Figure(figsize=(8.2, 3.0), layout="constrained")
    panels = figure.subplots(len(shown), 2 * n + 1, width_ratios=[1] * n + [0.4] + [1] * n)
    for row, channel in zip(panels, shown, strict=True):
        values = outcomes[:, channel]
        order = np.argsort(values)
        unlike = distinct(patches, order, n), distinct(patches, order[::-1], n)[::-1]
        for axes, k in zip(np.delete(row, n), [*unlike[0], *unlike[1]], strict=True):
            axes.imshow(patches[k], cmap="gray", vmin=0, vmax=1)
            axes.set_title(f"{values[k]:.2f}", fontsize=7, pad=2)
            axes.set(xticks=[], yticks=[])
        row[n].set_axis_off()  # between the lowest and the highest
        row[0].text(-0.7, 0.5, f"outcome {channel}", transform=row[0].transAxes, rotation=90,
                    ha="center", va="center", fontsize=8)  # fmt: skip
    figure.suptitle("Patches of test digits with the lowest outcomes, and with the highest")
    return figure


def distinct(patches: np.ndarray, order: np.ndarray, n: int) -> list[int]:
    """Gives the first patches that differ from those before them."""
    chosen: list[int] = []
    for k in order:
        if all(np.abs(patches[k] - patches[c]).mean() > 0.12 for c in chosen):
            chosen.append(k)
        if len(chosen) == n:
            break
    return chosen


def gradients() -> Figure:
    """Which layers the gradient reaches, and how large it is, epoch by epoch."""
    warnings.filterwarnings("ignore", "Gradients do not exist")  # which is what this shows
    tables = []
    for placement in PLACEMENTS:
        for flows in (True, False):
            tf.keras.utils.set_random_seed(0)
            data = digits()
            flow = rq.GradientFlow(data.x_train[:64], data.y_train[:64])
            network = rq.resqunn(
                data.image_shape, data.n_classes, depth=2, placement=placement, input_gradient=flows
            )
            compile_and_fit(network, epochs=8, callbacks=[flow])
            setting = {"placement": placement, "input_gradient": flows, "variant": "trainable"}
            tables.append(flow.table.assign(**setting))
    return gradient_figure(pd.concat(tables))


def variance() -> Figure:
    """Gradients that shrink as circuits grow."""
    data = digits()

    def build(n_layers, ansatz):
        model = rq.resqunn(
            data.image_shape, data.n_classes, depth=1, ansatz=ansatz, n_layers=n_layers
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    over = {"n_layers": [1, 2, 4, 8], "ansatz": ["basic_entangler", "strongly_entangling"]}
    found = rq.gradient_variance(
        build, data.x_train[:32], data.y_train[:32], over, n_samples=40, seed=0, verbose=0
    )
    return found.plot()


def board() -> Figure:
    """Accuracy of circuits against what they are."""
    data, rows = digits(), []
    for encoder, ansatz in ((e, a) for e, names in BOARD.items() for a in names):
        accuracies = []
        for seed in range(3):
            tf.keras.utils.set_random_seed(seed)
            network = rq.resqunn(
                data.image_shape, data.n_classes, depth=1, placement="none", encoder=encoder,
                ansatz=ansatz, n_layers=2,
            )  # fmt: skip
            compile_and_fit(network, epochs=10)
            accuracies.append(network.evaluate(data.x_test, data.y_test, verbose=0)[1])
        interval = mean_interval(accuracies)
        n_qubits = len(network.get_layer("quanv_1").circuit.qubits)
        block = ANSATZES.get(ansatz)(n_qubits, 2)
        rows.append(
            {"encoder": encoder, "ansatz": ansatz, "accuracy": interval.mean, "low": interval.low,
             "high": interval.high, "expressibility": rq.expressibility(block),
             "entangling_capability": rq.entangling_capability(block)}
        )  # fmt: skip
    return plots.accuracy_by_descriptor({"One layer on digits, 3 seeds": pd.DataFrame(rows)})


def noise() -> Figure:
    """What shots and noise leave of a network: a table of the results' page."""
    return plots.accuracy_by_strength(pd.read_csv(RESULTS / "noise" / "plain.csv"))


def study() -> Figure:
    """Test accuracy of all arms of a study: a table of the results' page."""
    table = pd.read_csv(RESULTS / "arms-digits.csv", keep_default_na=False, na_values=[""])
    figure = accuracy_figure(choose_runs(table), chance=0.1)
    figure.axes[0].xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    return figure


@functools.cache
def digits() -> rq.datasets.Dataset:
    """Scikit-learn's digits."""
    return rq.datasets.load("digits", n_train=600, n_test=360)


@functools.cache
def trained() -> tuple[tf.keras.Model, dict]:
    """A residual network of two layers, and its history."""
    tf.keras.utils.set_random_seed(0)
    network = rq.resqunn(digits().image_shape, digits().n_classes, depth=2, placement="(X+O1)+O2")
    history = compile_and_fit(network, epochs=30, validation_split=0.2)
    return network, history


def trained_layer(**options) -> rq.Quanv2D:
    """A layer that was trained with nothing but a softmax behind it."""
    tf.keras.utils.set_random_seed(0)
    layer = rq.Quanv2D(**options)
    head = tf.keras.layers.Dense(digits().n_classes, activation="softmax")
    image = tf.keras.Input(digits().image_shape)
    compile_and_fit(tf.keras.Sequential([image, layer, tf.keras.layers.Flatten(), head]), epochs=20)
    return layer


def compile_and_fit(model: tf.keras.Model, **options) -> dict:
    """Trains on the digits."""
    adam = tf.keras.optimizers.Adam(0.01)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(digits().x_train, digits().y_train, verbose=0, **options).history


DRAWINGS = {
    "circuit": circuit, "examples": examples, "curves": curves, "maps": maps, "filters": filters,
    "gradients": gradients, "variance": variance, "board": board, "noise": noise, "study": study,
}  # fmt: skip

if __name__ == "__main__":
    main()
