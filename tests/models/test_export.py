"""Exported files, read back by Cirq and by another package's parsers and simulator."""

import json

import cirq
import numpy as np
import pytest
import sympy

from tests.helpers.systems import link
from tfq_resqunn import EncodedPQC, Quanv2D, QuanvCircuit, export_circuits, resqunn
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits import angle_encoder, basic_entangler

Q = cirq.NamedQubit.range(3, prefix="q")
X = sympy.symbols("x_0:2")
W = sympy.symbols("w_0:3")
CIRCUIT = QuanvCircuit(
    cirq.Circuit(
        cirq.ry(X[0])(Q[0]),
        cirq.rx(X[1] * W[0])(Q[1]),
        cirq.CZ(*Q[:2]) ** W[1],
        cirq.ry(sympy.sin(X[0]) + W[2])(Q[0]),
        cirq.CCX(*Q),
        cirq.H(Q[2]) ** (X[1] * X[0]),
        cirq.ISWAP(Q[1], Q[2]) ** 0.4,
    ),
    [cirq.Z(Q[0]) * cirq.X(Q[1]) + 0.5 * cirq.Y(Q[2]) - 0.25, cirq.Z(Q[2]), 2.0 * cirq.Z(Q[0])],
)


def chances_by_cirq(path):
    """The chance of each outcome, `[2, 2, ...]`, one axis a measured bit."""
    circuit = cirq.read_json(path.with_suffix(".json"))
    measured = [op for op in circuit.all_operations() if cirq.is_measurement(op)]
    state = cirq.final_state_vector(
        cirq.drop_terminal_measurements(circuit), qubit_order=sorted(circuit.all_qubits()),
        dtype=np.complex128, ignore_terminal_measurements=True,
    )  # fmt: skip
    qubits = sorted(circuit.all_qubits())
    return marginal(np.abs(state) ** 2, [qubits.index(q) for q in measured[0].qubits], len(qubits))


def chances_by_qiskit(circuit):
    info = pytest.importorskip("qiskit.quantum_info")
    n = circuit.num_qubits
    axes = {}
    for instruction in circuit.data:
        if instruction.operation.name == "measure":
            bit = circuit.find_bit(instruction.clbits[0]).index
            axes[bit] = circuit.find_bit(instruction.qubits[0]).index
    bare = circuit.remove_final_measurements(inplace=False)
    state = np.asarray(info.Statevector(bare).data)
    # Qiskit's first qubit varies fastest.
    chances = (np.abs(state) ** 2).reshape([2] * n).transpose(range(n)[::-1]).reshape(-1)
    return marginal(chances, [axes[bit] for bit in sorted(axes)], n)


def chances_by_qasm2(path):
    qasm2 = pytest.importorskip("qiskit.qasm2")
    text = path.with_suffix(".qasm").read_text()
    instructions = qasm2.LEGACY_CUSTOM_INSTRUCTIONS
    return chances_by_qiskit(qasm2.loads(text, custom_instructions=instructions))


def chances_by_qasm3(path):
    parser = pytest.importorskip("qiskit_qasm3_import")
    return chances_by_qiskit(parser.parse(path.with_suffix(".qasm3").read_text()))


def marginal(chances, axes, n):
    chances = chances.reshape([2] * n).transpose([*axes, *(i for i in range(n) if i not in axes)])
    return chances.reshape([2] * len(axes) + [-1]).sum(axis=-1)


def values_of(layer, folder, chances_of):
    """Expectation values by the manifest's formulas: {(filter, place): [observables]}."""
    runs = {}
    for entry in layer["circuits"]:
        chances = chances_of(folder / layer["folder"] / entry["file"])
        for place in entry["places"]:
            runs.setdefault((entry["filter"], tuple(place)), {})[entry["setting"]] = chances
    return {
        key: [
            formula["constant"]
            + sum(t["coefficient"] * mean(by[t["setting"]], t["bits"]) for t in formula["terms"])
            for formula in layer["observables"]
        ]
        for key, by in runs.items()
    }


def mean(chances, bits):
    parity = np.indices(chances.shape)[bits].sum(axis=0) % 2
    return float(np.sum(chances * (1 - 2 * parity)))


READERS = {"cirq": chances_by_cirq, "qasm2": chances_by_qasm2, "qasm3": chances_by_qasm3}


@pytest.mark.parametrize("reader", READERS)
def test_files_give_the_layers_values(reader, tmp_path, rng):
    layer = EncodedPQC(CIRCUIT, filters=2)
    x = rng.random((2, 2)).astype("float32")
    outputs = np.array(layer(x)).reshape(2, 2, 3)
    manifest = export_circuits(layer, x, tmp_path / "out")
    found = values_of(manifest["layers"][0], tmp_path / "out", READERS[reader])
    assert len(found) == 4
    for (f, (sample,)), values in found.items():
        np.testing.assert_allclose(values, outputs[sample, f], atol=1e-5)


@pytest.mark.parametrize("reader", READERS)
def test_patches_of_a_model(reader, tmp_path, rng):
    quanv = Quanv2D(groups=2, filters=2, n_layers=2)
    model = keras.Sequential([keras.Input((4, 4, 2)), quanv, keras.layers.Flatten()])
    images = rng.random((1, 4, 4, 2)).astype("float32")
    images[:, 2:] = 0
    manifest = export_circuits(model, images, tmp_path / "out")
    (layer,) = manifest["layers"]
    outputs = np.array(quanv(images)).reshape(1, 2, 2, 2, -1)
    found = values_of(layer, tmp_path / "out", READERS[reader])
    assert len(found) == 8
    for (f, place), values in found.items():
        np.testing.assert_allclose(values, outputs[place][f], atol=1e-5)


def test_costs(tmp_path):
    # 2 x 2 patches of 4 x 4 pixels, two of which are equal; Z on all qubits at once.
    layer = Quanv2D(filters=2, kernel_size=2, n_layers=2)
    images = np.zeros((2, 4, 4, 1), "float32")
    images[0, 0, 0] = images[1, 0, 0] = 1
    layer(images)
    manifest = export_circuits(layer, images, tmp_path / "out", repetitions=500)
    assert manifest["cost"] == {
        "inputs": 2,
        "circuits": 4,
        "circuits_with_repeats": 16,
        "shots": 2000,
        "depth": max(e["depth"] for e in manifest["layers"][0]["circuits"]),
        "two_qubit_gates": 8,
    }
    first, second, *_ = manifest["layers"][0]["circuits"]
    assert first["places"] == [[0, 0, 0], [1, 0, 0]]
    assert second["places"] == [[i, r, c] for i in (0, 1) for r, c in ((0, 1), (1, 0), (1, 1))]
    assert first["values"] == [1, 0, 0, 0]
    assert first["gates"] == {"1": 4 + 2 * 4, "2": 8}
    written = cirq.read_json(tmp_path / "out" / layer.name / "00000.json")
    gates = [op for op in written.all_operations() if not cirq.is_measurement(op)]
    assert first["depth"] == len(cirq.Circuit(gates))
    assert json.loads((tmp_path / "out" / "manifest.json").read_text()) == manifest


def test_circuit_with_open_symbols_reads_back(tmp_path, rng):
    layer = EncodedPQC(CIRCUIT, filters=2)
    manifest = export_circuits(layer, rng.random((1, 2)), tmp_path / "out")
    (written,) = manifest["layers"]
    text = (tmp_path / "out" / layer.name / written["circuit"]).read_text()
    assert QuanvCircuit.from_json(text) == CIRCUIT
    found = np.transpose(list(written["weights"].values()))
    np.testing.assert_array_equal(found.astype("float32"), layer.get_weights()[0])


def test_every_layer_gets_what_comes_to_it(tmp_path, rng):
    # The second layer's patches are the first one's outputs.
    model = resqunn((4, 4, 1), 2, depth=2, placement="X+O1")
    images = rng.random((1, 4, 4, 1)).astype("float32")
    first, second = export_circuits(model, images, tmp_path / "out")["layers"]
    layers = [part for part in model._flatten_layers() if isinstance(part, Quanv2D)]
    images = images + np.array(layers[0](images))
    np.testing.assert_allclose(
        second["circuits"][0]["values"], images[0, :2, :2, 0].reshape(-1), rtol=1e-5
    )
    assert first["name"] != second["name"]


def test_shared_layers_are_seen_each_time(tmp_path, rng):
    inputs = keras.Input((2,))
    layer = EncodedPQC(QuanvCircuit.from_parts(angle_encoder(2), basic_entangler(2)))
    model = keras.Model(inputs, layer(layer(inputs)))
    (written,) = export_circuits(model, rng.random((3, 2)), tmp_path / "out")["layers"]
    assert [e["places"] for e in written["circuits"]] == [[[i]] for i in range(6)]


def test_nothing_is_left_of_a_failed_export(tmp_path, rng, monkeypatch):
    def write_and_fail(circuit, path, qubits):
        path.touch()
        raise OSError("no space left")

    monkeypatch.setattr("tfq_resqunn.models.export._write", write_and_fail)
    with pytest.raises(OSError, match="no space left"):
        export_circuits(EncodedPQC(CIRCUIT), rng.random((1, 2)), tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_layers_that_are_called_in_a_graph_of_their_own(tmp_path, rng):
    layer = Quanv2D()
    model = keras.Sequential([keras.Input((3, 4, 4, 1)), keras.layers.TimeDistributed(layer)])
    images = rng.random((2, 3, 4, 4, 1))
    try:
        manifest = export_circuits(model, images, tmp_path / "out")
    except ValueError as error:
        assert "quanv2d cannot be seen from outside" in str(error)
        manifest = export_circuits(layer, images.reshape(6, 4, 4, 1), tmp_path / "out")
    assert manifest["cost"]["circuits"] == 24


ERRORS = {
    "type": (lambda: (3, np.zeros((1, 1))), TypeError, "`model` must be a Keras model or layer"),
    "unbuilt": (lambda: (Quanv2D(), np.zeros((1, 4, 4, 1))), ValueError, "must be built"),
    "classical": (
        lambda: (keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]), np.zeros((1, 2))),
        ValueError,
        "must run circuits",
    ),
    "shape": (lambda: (EncodedPQC(CIRCUIT), np.zeros((1, 4))), ValueError, r"shape \(n, 2\)"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name, tmp_path):
    make, kind, message = ERRORS[name]
    model, inputs = make()
    with pytest.raises(kind, match=message):
        export_circuits(model, inputs, tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_folders_are_not_overwritten(tmp_path, rng):
    layer = EncodedPQC(CIRCUIT)
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError, match="`folder` must not exist yet"):
        export_circuits(layer, rng.random((1, 2)), tmp_path / "out")
    with pytest.raises(FileNotFoundError, match="must lie in a folder that exists"):
        export_circuits(layer, rng.random((1, 2)), tmp_path / "no" / "out")
    with pytest.raises(ValueError, match="`repetitions` must be at least 1"):
        export_circuits(layer, rng.random((1, 2)), tmp_path / "new", repetitions=0)
    link(tmp_path / "link", tmp_path / "nothing")
    with pytest.raises(FileExistsError, match="`folder` must not exist yet"):
        export_circuits(layer, rng.random((1, 2)), tmp_path / "link")


@pytest.mark.once  # Keras 2 does not allow such names
def test_names_of_layers_that_no_folder_may_have(tmp_path, rng):
    """Nor may two folders differ by capitals alone, which is one name to macOS and Windows."""
    names = ["Layer", "layer", "what?", "NUL"]
    x = keras.Input([2])
    outputs = [EncodedPQC(CIRCUIT, name=name)(x) for name in names]
    manifest = export_circuits(keras.Model(x, outputs), rng.random((1, 2)), tmp_path / "out")
    assert [layer["name"] for layer in manifest["layers"]] == names
    folders = [layer["folder"] for layer in manifest["layers"]]
    assert folders == ["Layer", "layer-2", "what", "_NUL"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir() if p.is_dir()) == sorted(folders)
