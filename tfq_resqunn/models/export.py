"""`export_circuits`: what a device would run for some images, as files, and what it costs."""

import collections
import inspect
import json
import os
from pathlib import Path
from typing import TypeAlias

import cirq
import numpy as np
import tensorflow as tf

from tfq_resqunn._utils.arguments import check_count, check_path, checked
from tfq_resqunn._utils.files import distinct_names, new_folder, write_text
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits.files.writer import write_json
from tfq_resqunn.circuits.observables.measurements import Measurements
from tfq_resqunn.circuits.rewriting.decomposing import decomposed, innermost, with_numbers
from tfq_resqunn.circuits.rewriting.unrolling import unroll
from tfq_resqunn.gradients.batch import as_tensors, n_samples
from tfq_resqunn.gradients.calls import recorded_calls
from tfq_resqunn.gradients.layers import CIRCUIT_LAYERS, layers_with_weights
from tfq_resqunn.layers import EncodedPQC, patches
from tfq_resqunn.layers.base_quanv import BaseQuanv
from tfq_resqunn.layers.checks import check_model_or_layer

MANIFEST = "manifest.json"
VERSIONS = {"qasm": "2.0", "qasm3": "3.0"}  # by the files' ending
Inputs: TypeAlias = np.ndarray | tf.Tensor | list | dict


@checked(model=check_model_or_layer, folder=check_path, repetitions=check_count)
def export_circuits(
    model: keras.layers.Layer, inputs: Inputs, folder: str | os.PathLike, *, repetitions: int = 1000
) -> dict:
    """Writes the circuits that a device would run for some inputs.

    Each file is one circuit with all numbers in, which ends with its measurement. Patches with
    equal values share one, and Pauli strings that ask for the same operators are measured
    together. Noise is left out: a device brings its own.

    Args:
        model: A Keras model or layer that holds `Quanv2D`s or `EncodedPQC`s anywhere, or one of
            these, built.
        inputs: What `model` takes (an array, or a list or dictionary of them), one image or more,
            with the axis of the batch.
        folder: To be made. It appears once it is complete.
        repetitions: Shots for each circuit, for the costs.

    Returns:
        What is written to `manifest.json`:

        - `"cost"`: of all layers together, the number of `"inputs"`, of `"circuits"`, of
          `"circuits_with_repeats"` (if equal ones were run again), of `"shots"` in all, and the
          largest `"depth"` (in Cirq's moments, without the measurement) and number of
          `"two_qubit_gates"`.
        - `"layers"`: for each, its `"name"` and `"folder"`, its own `"cost"`, and
          `"circuit"`, the file with data and weights still symbols, for `QuanvCircuit.from_json`;
          `"inputs"`, the names of data symbols; `"weights"`, from symbols' names to a value a
          filter; `"qubits"`, in the order in which OpenQASM numbers them; `"settings"`, the Pauli
          strings that are measured, one outcome bit for each factor;
          `"observables"`: each is a `"constant"` plus a sum of `"terms"`: `"coefficient"` times
          the mean, over the shots of `"setting"`, of +1 where an even number of its `"bits"` is 1,
          and of -1 elsewhere;
          `"circuits"`: `"file"` (ending in `.json` for Cirq, `.qasm` for OpenQASM 2.0 and
          `.qasm3` for 3.0), `"filter"`, `"setting"`, the `"values"` of the inputs, the `"places"`
          where they stand (image, row and column of the patch; for an `EncodedPQC` the sample),
          `"depth"`, and `"gates"` by their number of qubits.

    Raises:
        TypeError: If an argument is of the wrong type.
        ValueError: If no layer runs circuits, one is not built, or a gate has no OpenQASM form.
        FileExistsError: If the folder exists.
        OSError: If it cannot be made.

    Example:
        >>> import tempfile, tfq_resqunn as rq
        >>> model = rq.resqunn((4, 4, 1), 2, depth=2, encoder="angle")
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     manifest = export_circuits(model, np.zeros((1, 4, 4, 1)), Path(parent) / "circuits")
        >>> first, second = manifest["layers"]
        >>> first["cost"]["circuits"], first["cost"]["circuits_with_repeats"]
        (1, 4)
    """
    reached = _reached(model, inputs)
    with new_folder(folder, "export_circuits: `folder`") as partial:
        folders = distinct_names(name for name, _, _ in reached)
        layers = [
            _export_layer(*each, partial / own, repetitions)
            for each, own in zip(reached, folders, strict=True)
        ]
        cost = {"inputs": n_samples(inputs)}
        for name in layers[0]["cost"]:
            combine = max if name in ("depth", "two_qubit_gates") else sum
            cost[name] = combine(layer["cost"][name] for layer in layers)
        manifest = {"repetitions": repetitions, "cost": cost, "layers": layers}
        write_text(partial / MANIFEST, json.dumps(manifest, indent=1, allow_nan=False))
    return manifest


def _export_layer(
    name: str, layer: EncodedPQC | BaseQuanv, inputs: list, folder: Path, repetitions: int
) -> dict:
    folder.mkdir()
    pqcs = layer.pqcs if isinstance(layer, BaseQuanv) else [layer]
    circuit = pqcs[0].circuit  # the same for all groups
    filters = [(g, weights) for g, pqc in enumerate(pqcs) for weights in np.array(pqc.parameters)]
    inputs_names, weights_names = list(map(str, circuit.inputs)), list(map(str, circuit.weights))
    measurements = Measurements.of(circuit.observables)
    write_text(folder / "circuit.json", circuit.to_json())
    entries, n_runs = [], 0
    for f, (group, weights) in enumerate(filters):
        of_weights = dict(zip(weights_names, map(float, weights), strict=True))
        rows = _distinct(layer, inputs, group)
        n_runs += sum(map(len, rows.values())) * len(measurements.settings)
        for values, places in rows.items():
            of_data = dict(zip(inputs_names, values, strict=True))
            resolved = _resolved(circuit.circuit, {**of_weights, **of_data})
            for setting, measured in enumerate(measurements.circuits(resolved)):
                entry = {
                    "file": f"{len(entries):05d}",
                    "filter": f,
                    "setting": setting,
                    "values": list(values),
                    "places": places,
                    **_size(measured),
                }
                _write(measured, folder / entry["file"], circuit.qubits)
                entries.append(entry)
    return {
        "name": name,
        "folder": folder.name,
        "cost": {
            "circuits": len(entries),
            "circuits_with_repeats": n_runs,
            "shots": len(entries) * repetitions,
            "depth": max(e["depth"] for e in entries),
            "two_qubit_gates": max(e["gates"].get("2", 0) for e in entries),
        },
        "circuit": "circuit.json",
        "inputs": inputs_names,
        "weights": {s: [float(w[i]) for _, w in filters] for i, s in enumerate(weights_names)},
        "qubits": list(map(str, circuit.qubits)),
        "settings": list(map(str, measurements.settings)),
        "observables": _formulas(measurements),
        "circuits": entries,
    }


def _distinct(layer: EncodedPQC | BaseQuanv, inputs: list, group: int) -> dict[tuple, list]:
    """Gives each row of values that comes to a layer, with all the places where it comes."""
    rows: dict[tuple, list] = {}
    first = 0
    for tensor in inputs:
        if isinstance(layer, BaseQuanv):
            images = patches.channels_last(tensor, layer.geometry)
            values = np.transpose(patches.of_groups(images, layer.geometry)[group])
            n_patches = layer.geometry.n_patches(images.shape[1:-1])
        else:
            values, n_patches = np.array(tensor), ()
        places = np.ndindex(len(tensor), *n_patches)
        for row, (image, *place) in zip(values.tolist(), places, strict=True):
            rows.setdefault(tuple(row), []).append([first + image, *place])
        first += len(tensor)
    return rows


def _resolved(circuit: cirq.FrozenCircuit, numbers: dict[str, float]) -> cirq.Circuit:
    """Gives the circuit as it runs: without subcircuits, and with a number for each symbol."""
    return cirq.Circuit(
        cirq.Circuit.zip(*(cirq.Circuit(with_numbers(op, numbers)) for op in moment))
        for moment in unroll(circuit)
    )


def _without_matrices(op: cirq.Operation) -> list[cirq.Operation]:
    """Decomposes matrices, since Cirq's writer of OpenQASM does so for sorted qubits only."""
    if isinstance(op.gate, cirq.GlobalPhaseGate):
        return []  # no measurement sees it, and OpenQASM 2.0 cannot write it
    is_matrix = isinstance(innermost(op).gate, cirq.MatrixGate)
    parts = decomposed(op.untagged) if is_matrix else None
    return [op] if parts is None else [new for part in parts for new in _without_matrices(part)]


def _write(circuit: cirq.Circuit, path: Path, qubits: tuple[cirq.Qid, ...]) -> None:
    write_text(path.with_suffix(".json"), write_json(circuit))
    written = circuit.map_operations(_without_matrices)
    for suffix, version in VERSIONS.items():
        text = written.to_qasm(precision=15, qubit_order=qubits, version=version)
        if version == "3.0" and "sxdg " in text:
            text = text.replace(_GATES, f"{_GATES}\n{_SXDG}", 1)
        write_text(path.with_suffix(f".{suffix}"), text)


# Cirq writes the gate sxdg, which the standard gates of OpenQASM 3 do not include.
_GATES = 'include "stdgates.inc";'
_SXDG = "gate sxdg a { s a; h a; s a; }"


def _size(circuit: cirq.Circuit) -> dict:
    operations = [op for op in circuit.all_operations() if not cirq.is_measurement(op)]
    by_qubits = collections.Counter(str(len(op.qubits)) for op in operations)
    return {"depth": len(cirq.Circuit(operations)), "gates": dict(sorted(by_qubits.items()))}


def _formulas(measurements: Measurements) -> list[dict]:
    setting_of = {i: s for s, own in enumerate(measurements.members) for i in own}
    formulas = []
    for row, constant in zip(measurements.mix, measurements.constants, strict=True):
        terms = []
        for i in np.flatnonzero(row):
            setting, string = setting_of[int(i)], measurements.strings[i]
            place = {q: k for k, q in enumerate(measurements.settings[setting])}
            bits = sorted(place[q] for q in string)
            terms.append({"coefficient": float(row[i]), "setting": setting, "bits": bits})
        formulas.append({"constant": float(constant), "terms": terms})
    return formulas


def _reached(
    model: keras.layers.Layer, inputs: Inputs
) -> list[tuple[str, keras.layers.Layer, list]]:
    """Gives the layers that run circuits, each with its name and the inputs of its calls."""
    if not model.built and not isinstance(model, EncodedPQC):
        raise ValueError(
            f"export_circuits: `model` must be built, so that it has weights. Received "
            f"{model.name!r}, which is not. Train it, or call it once with its inputs."
        )
    if isinstance(model, CIRCUIT_LAYERS):
        inputs = tf.cast(inputs, model.compute_dtype)
        model.compute_output_shape(inputs.shape)  # raises an error if the shape does not fit
        return [(model.name, model, [inputs])]
    layers = {
        n: layer for n, layer in layers_with_weights(model) if isinstance(layer, CIRCUIT_LAYERS)
    }
    tensors = as_tensors(inputs, "inputs", "export_circuits")
    # Keras refuses an argument that `call` does not have.
    takes_training = "training" in inspect.signature(model.call).parameters
    with recorded_calls(layers.values()) as calls:
        model(tensors, **({"training": False} if takes_training else {}))
    seen_by = {name: [seen for seen, _ in calls[id(layer)]] for name, layer in layers.items()}
    hidden = [n for n, seen in seen_by.items() if not all(hasattr(x, "numpy") for x in seen)]
    if hidden:
        raise ValueError(
            f"export_circuits: the inputs of {', '.join(hidden)} cannot be seen from outside, "
            "since a layer around them calls them in a graph of its own (TimeDistributed does). "
            "Export such a layer by itself, with what comes to it."
        )
    reached = [(name, layers[name], seen) for name, seen in seen_by.items() if seen]
    if not reached:
        raise ValueError(
            "export_circuits: `model` must run circuits, in an EncodedPQC or a quanvolution. "
            f"Received {model.name!r}, which runs none."
        )
    return reached
