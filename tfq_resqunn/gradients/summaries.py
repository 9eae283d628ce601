"""What `GradientFlow` writes for TensorBoard."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tfq_resqunn._utils.keras import keras
from tfq_resqunn.gradients.batch import Batch
from tfq_resqunn.gradients.calls import recorded_calls
from tfq_resqunn.gradients.layers import NamedLayers, circuit_of
from tfq_resqunn.gradients.report import GradientReport, GradientRow, Gradients, flat_components
from tfq_resqunn.layers import Quanv2D
from tfq_resqunn.plots import circuit_figure, feature_maps_figure

STATES = ("none", "zero", "flows", "nan")
SCALES = {
    "norm": "Euclidean norm of the gradient",
    "zeros": "Share of the gradient's components that are exactly zero",
    "state": ", ".join(f"{number}: {state}" for number, state in enumerate(STATES)),
}


class Summaries:
    """Writes gradients, angles, circuits and feature maps into a folder for TensorBoard.

    The layers are the model's, with weights and names; feature maps are those of the images.
    `has_circuits` is whether the folder has the circuits already, which are written once.
    """

    def __init__(
        self, folder: Path, model: keras.Model, layers: NamedLayers, images: Batch | None,
        has_circuits: bool = False,
    ) -> None:  # fmt: skip
        self._writer = tf.summary.create_file_writer(str(folder))
        self._model, self._layers, self._images = model, layers, images
        self._circuits_are_written = has_circuits

    def write(self, epoch: int, report: GradientReport, gradients: Gradients) -> None:
        """Writes what belongs to one epoch, and once, with the first, the circuits."""
        # Keras' TensorBoard may be recording every so many batches only.
        with self._writer.as_default(step=epoch), tf.summary.record_if(True):
            if not self._circuits_are_written:
                self._write_circuits()
                self._circuits_are_written = True
            tf.summary.text("report", f"```\n{report}\n```")
            for row, own in zip(report.rows, gradients, strict=True):
                _write_row(row, flat_components(own))
            for name, layer in self._layers:
                if circuit_of(layer) is not None:
                    angles = np.concatenate([np.ravel(w) for w in layer.get_weights()])
                    tf.summary.histogram(f"angles/{name}", angles)
            if self._images is not None:
                self._write_feature_maps()
        self._writer.flush()

    def close(self) -> None:
        """Closes the file."""
        self._writer.close()

    def _write_circuits(self) -> None:
        for name, layer in self._layers:
            circuit = circuit_of(layer)
            if circuit is not None:
                tf.summary.text(f"diagram/{name}", f"```\n{circuit.diagram()}\n```")
                _write_figure(f"circuit/{name}", circuit_figure(circuit))

    def _write_feature_maps(self) -> None:
        quanvolutions = [named for named in self._layers if isinstance(named[1], Quanv2D)]
        if not quanvolutions:
            return
        with recorded_calls(layer for _, layer in quanvolutions) as calls:
            self._model(self._images, training=False)
        for name, layer in quanvolutions:
            for inputs_and_outputs in calls[id(layer)][-1:]:
                inputs, outputs = (_channels_last(layer, maps) for maps in inputs_and_outputs)
                _write_figure(f"feature_maps/{name}", feature_maps_figure(inputs, outputs))


def _write_row(row: GradientRow, components: np.ndarray) -> None:
    if row.state not in STATES:
        return
    values = {"norm": row.norm, "zeros": row.zeros, "state": STATES.index(row.state)}
    for quantity, value in values.items():
        if np.isfinite(value):
            tag = f"gradient/{row.layer}/{quantity}"
            tf.summary.scalar(tag, value, description=SCALES[quantity])
    components = components[np.isfinite(components)]
    if components.size:
        tf.summary.histogram(f"gradient/{row.layer}", components)


def _write_figure(tag: str, figure: Figure) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    tf.summary.image(tag, np.asarray(canvas.buffer_rgba())[None, ..., :3])


def _channels_last(layer: Quanv2D, images: tf.Tensor) -> np.ndarray:
    images = np.asarray(images, dtype=np.float64)
    return images if layer.data_format == "channels_last" else images.transpose(0, 2, 3, 1)
