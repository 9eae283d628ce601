"""Every argument of every public name, and what is tried in its place."""

import dataclasses
import functools
import inspect
import math
import warnings
from collections.abc import Callable
from pathlib import Path

import cirq
import numpy as np
import sympy

import tfq_resqunn as rq
from tfq_resqunn import catalogue, circuits
from tfq_resqunn._utils.keras import keras
from tfq_resqunn._utils.seeding import set_seed
from tfq_resqunn.circuits.registry import Registry
from tfq_resqunn.layers.pooling import ClassPooling
from tfq_resqunn.layers.twin import PixelReadout, conv_twin
from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.evaluation import evaluate, load_trained
from tfq_resqunn.runs.prediction import predict
from tfq_resqunn.runs.training import train
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.report import write_report
from tfq_resqunn.study.results import load_results
from tfq_resqunn.study.runner import run_study

# Tried in the place of every argument.
VALUES = {
    "None": None,
    "True": True,
    "False": False,
    "-1": -1,
    "0": 0,
    "huge": 10**30,
    "2**40": 2**40,
    "nan": math.nan,
    "inf": math.inf,
    "-0.5": -0.5,
    "1.5": 1.5,
    "complex": 1 + 2j,
    "no text": "",
    "text": "nonsense",
    "number as text": "2",
    "bytes": b"2",
    "no list": [],
    "list": [1.5, "a"],
    "list of None": [None],
    "no dict": {},
    "dict": {"a": 1},
    "set": {1},
    "array": np.array([0.5, 1.5]),
    "no array": np.zeros((0, 3)),
    "array of text": np.array(["a", "b"]),
    "array of objects": np.array([None, {}], dtype=object),
    "symbol": sympy.Symbol("s"),
    "qubit": cirq.LineQubit(0),
    "object": object(),
    "class": dict,
    "function": lambda *args: None,
}


@dataclasses.dataclass(frozen=True)
class Call:
    """A public name, and arguments with which it works."""

    name: str
    function: Callable
    arguments: dict
    parameters: tuple[str, ...]

    def defaults(self, parameter: str) -> set[str]:
        """Gives the labels of the values that stand for the default, such as `None`."""
        known = inspect.signature(self.function).parameters.get(parameter)
        default = None if known is None else known.default
        return {label for label, value in VALUES.items() if value is default}

    def with_value(self, parameter: str, value):
        return self.function(**{**self.arguments, parameter: value})


def call(name, function, /, *also, **arguments) -> Call:
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    named = [p.name for p in inspect.signature(function).parameters.values() if p.kind in kinds]
    # What a message calls the asker is not the user's to say.
    named = [n for n in dict.fromkeys([*named, *also]) if n != "who"]
    return Call(name, function, arguments, tuple(named))


def calls(folder: Path) -> list[Call]:
    """All public names, with arguments that are quick."""
    q = cirq.LineQubit.range(2)
    x0, w0 = sympy.symbols("x_0 w_0")
    encoder = cirq.Circuit(cirq.ry(x0)(q[0]), cirq.ry(sympy.Symbol("x_1"))(q[1]))
    ansatz = cirq.Circuit(cirq.rx(w0)(q[0]), cirq.CX(*q))
    circuit = rq.QuanvCircuit.from_parts(encoder, ansatz)
    images, labels = np.zeros((20, 4, 4, 1), "float32"), np.tile([0, 1], 10)
    model = rq.resqunn((4, 4, 1), 2, depth=1, encoder="angle")
    model.compile("adam", "sparse_categorical_crossentropy")
    quanv = rq.Quanv2D(kernel_size=2, readout="pixels")
    npz = folder / "images.npz"
    np.savez(npz, x=images, y=labels)
    saved = folder / "model.keras"
    model.save(saved)
    quanv2d = tuple(
        n for n in inspect.signature(rq.Quanv2D).parameters if n not in ("kwargs", "activation")
    )
    parts = [
        call(name, function, **valid)
        for name in circuits.__all__
        if callable(function := getattr(circuits, name))
        and (valid := _arguments_of_part(name, function, q)) is not None
    ]
    return [
        *parts,
        call("reupload", circuits.reupload, encoder=encoder, ansatz=ansatz, n_uploads=2),
        call("QuanvCircuit", rq.QuanvCircuit, circuit=encoder + ansatz),
        call("from_parts", rq.QuanvCircuit.from_parts, encoder=encoder, ansatz=ansatz),
        call("from_json", rq.QuanvCircuit.from_json, text=circuit.to_json()),
        call("from_qasm", rq.from_qasm, text="qubit q;"),
        call("diagram", circuit.diagram),
        call("Noise.of", rq.Noise.of, value={"depolarizing": 0.1}),
        call("Noise", rq.Noise),
        call("Noise.apply", rq.Noise.of({"depolarizing": 0.1}).apply, circuit=encoder),
        call("register", _registry().register, name="mine", function=circuits.angle_encoder),
        call("get", circuits.ENCODERS.get, identifier="angle"),
        call("serialize", circuits.ENCODERS.serialize, function="angle"),
        call("deserialize", circuits.ENCODERS.deserialize, config="angle"),
        call("Placement", rq.Placement, sums=((0, 1),)),
        call("Placement.parse", rq.Placement.parse, text="X+O1"),
        call("Placement.full", rq.Placement.full, depth=2),
        call("Placement.around", rq.Placement.around, layers=[1]),
        call("Placement.every", rq.Placement.every, depth=2),
        call("Placement.feed", rq.Placement.parse("X+O1").feed, k=1),
        call("IdentityBlocks", rq.IdentityBlocks, n_blocks=1),
        call("EncodedPQC", rq.EncodedPQC, "dtype", "name", "trainable", circuit=circuit),
        call("Quanv1D", rq.Quanv1D, kernel_size=2),
        call("Quanv3D", rq.Quanv3D, kernel_size=2),
        call("Quanv2D", rq.Quanv2D, "dtype", "name", "trainable", kernel_size=2),
        call("Residual", rq.Residual, "dtype", layer=quanv),
        call("ClassPooling", ClassPooling, n_classes=2),
        call("PixelReadout", PixelReadout, layer=keras.layers.Conv2D(4, 2, 2)),
        call("conv_twin", conv_twin, quanv=quanv, input_shape=(None, 4, 4, 1)),
        call("resqunn", rq.resqunn, *quanv2d, input_shape=(4, 4, 1), n_classes=2, depth=1),
        call("classical_twin", rq.classical_twin, input_shape=(4, 4, 1), n_classes=2, depth=1),
        call("with_backend", rq.with_backend, model=model),
        call("gradient_report", rq.gradient_report, model=model, x=images[:3], y=labels[:3]),
        call("GradientFlow", rq.GradientFlow, x=images[:3], y=labels[:3]),
        call(
            "gradient_variance",
            rq.gradient_variance,
            build=functools.partial(_build, model),
            x=images,
            y=labels,
            over={"n": [1]},
            n_samples=2,
            verbose=0,
        ),  # fmt: skip
        call("set_seed", rq.set_seed, seed=0),
        call("expressibility", rq.expressibility, circuit=ansatz, n_samples=4),
        call("entangling_capability", rq.entangling_capability, circuit=ansatz, n_samples=4),
        call("export_circuits", rq.export_circuits, model=model, inputs=images[:1], folder=folder),
        call("evaluate", evaluate, model=model, x=images, y=labels),
        call("load_trained", load_trained, model_path=saved, images_path=npz),
        call("predict", predict, model_path=saved, images_path=npz),
        call("load", rq.datasets.load, name=npz),
        call("load_images", rq.datasets.load_images, path=npz),
        call("RunConfig", RunConfig),
        call("RunConfig.from_json", RunConfig.from_json, text="{}"),
        call("StudyConfig", StudyConfig),
        call("StudyConfig.from_dict", StudyConfig.from_dict, values={}),
        call("StudyConfig.from_yaml", StudyConfig.from_yaml, text="{}"),
        call("train", train, config=RunConfig(dataset=str(npz), epochs=1), out=npz, verbose=0),
        call("run_study", run_study, config=StudyConfig(), folder=npz),
        call("load_results", load_results, folder=folder),
        call("write_report", write_report, folder=folder),
        call("set_seed", set_seed, seed=1),
        call("catalogue.entries", catalogue.entries, names=["angle"]),
    ]


def _arguments_of_part(name: str, function, qubits) -> dict | None:
    first = next(iter(inspect.signature(function).parameters), None)
    sizes = {"n_features": 2, "n_qubits": 2, "qubits": qubits}
    extra = {"circuit": 1} if name == "sim_circuit" else {}
    return {first: sizes[first], **extra} if first in sizes else None


def _registry() -> Registry:
    return Registry("encoder", "n_features", instead="or a cirq.Circuit", built_in={})


def _build(model, n):
    return model


def attempt(one: Call, parameter: str, value) -> tuple[str, str]:
    """Tells what comes of a value: `"taken"`, or `"refused"` and the error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one.with_value(parameter, value)
    except Exception as error:
        return "refused", f"{type(error).__name__}: {error}"
    return "taken", ""
