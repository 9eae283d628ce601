"""Whatever a file holds, nothing in it runs, and nothing takes for ever."""

import json

import cirq
import numpy as np
import pytest
import sympy
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import tfq_resqunn as rq
from tests.helpers.hostile import (
    CIRQ_SYMPY_TYPES,
    CIRQ_TYPES,
    SYMPY_CLASSES,
    SYMPY_FUNCTIONS,
    forms,
    mutated,
    mutations,
    nothing_evaluated,
    payload,
    with_text_exchanged,
)
from tfq_resqunn import cli
from tfq_resqunn._utils.keras import keras
from tfq_resqunn.circuits.files.srepr import parse_srepr
from tfq_resqunn.circuits.noise.channels import Noise
from tfq_resqunn.circuits.parts import Parts
from tfq_resqunn.circuits.rewriting.serializable import serializable

Q = cirq.LineQubit.range(3)
X, W = sympy.symbols("x_0 w_0")
CIRCUIT = rq.QuanvCircuit(
    cirq.Circuit(cirq.rx(sympy.sin(X))(Q[0]), cirq.ry(W)(Q[0])), observables="z"
)
PLACE = "sin(Symbol('x_0'))"
# One of everything whose fields could take text.
RICH = rq.QuanvCircuit(
    cirq.Circuit(
        cirq.rx(sympy.sin(X))(Q[0]),
        cirq.X(Q[1]) ** (2 * X + sympy.pi),
        cirq.MatrixGate(np.eye(2) * 1j)(Q[2]),
        cirq.ControlledGate(cirq.ry(W), control_values=[(0, 1)])(Q[0], Q[1]),
        cirq.TwoQubitDiagonalGate([0.1, 0.4, 0.2, 0.3])(Q[0], Q[1]),
        cirq.PauliStringPhasor(cirq.X(Q[0]) * cirq.Z(Q[1]), exponent_neg=W),
        cirq.BooleanHamiltonianGate(["a", "b"], ["a & ~b"], 0.2)(Q[0], Q[1]),
        cirq.CircuitOperation(
            cirq.FrozenCircuit(cirq.Z(Q[0]) ** W), repetitions=2, use_repetition_ids=False
        ).with_params({"w_0": X}),
        cirq.X(cirq.NamedQubit("n")).with_tags("t", cirq.VirtualTag()),
    ),
    [cirq.Z(Q[0]) - 0.5 * cirq.X(Q[1])],
)

TREE, EVIL = json.loads(RICH.to_json()), payload("/nowhere/at/all")


def refused(read, text, harm) -> bool:
    """Reads a file; nothing may run, and what is wrong is said in a `ValueError`."""
    try:
        read(text)
        outcome = False
    except ValueError:
        outcome = True
    assert not harm.exists(), text
    return outcome


@pytest.fixture
def harm(tmp_path):
    """What would be there if something ran."""
    return tmp_path / "harm"


@pytest.mark.once
@pytest.mark.parametrize("names", [SYMPY_CLASSES, SYMPY_FUNCTIONS], ids=["classes", "functions"])
def test_no_class_of_sympy_evaluates_text(names, harm):
    text = CIRCUIT.to_json()
    assert PLACE in text
    for name in names:
        for form in forms(name, payload(harm)):
            assert refused(rq.QuanvCircuit.from_json, text.replace(PLACE, form), harm), form
            assert refused(parse_srepr, form, harm), form


@pytest.mark.once
@pytest.mark.parametrize("name", CIRQ_SYMPY_TYPES)
def test_no_type_of_cirqs_evaluates_text(name, harm):
    angle = {"cirq_type": "sympy.Symbol", "name": "x_0"}
    text = json.dumps(json.loads(CIRCUIT.to_json()))
    place = json.dumps({"cirq_type": "tfq_resqunn.expression", "srepr": PLACE})
    assert place in text
    evil = payload(harm)
    keys = ("i", "p", "q", "approx", "name", "args")
    fields = [{"args": [evil]}, {"args": [angle, evil]}, {"args": [evil, angle]}, {"args": evil}]
    fields += [{key: evil} for key in keys] + [{key: [evil]} for key in keys]
    fields += [{"p": evil, "q": 1}, {"p": 1, "q": evil}, {"name": "a", "real": evil}]
    for field in fields:
        bad = json.dumps({"cirq_type": name, **field})
        # A symbol may have any name, whatever is written there.
        is_name = name == "sympy.Symbol" and field == {"name": evil}
        assert refused(rq.QuanvCircuit.from_json, text.replace(place, bad), harm) or is_name, bad


def use(text: str) -> None:
    """Does with a circuit what a program does that has loaded it."""
    with nothing_evaluated():
        circuit = rq.QuanvCircuit.from_json(text)
    assert repr(circuit) and str(circuit) and isinstance(hash(circuit), int)
    assert circuit == circuit and circuit.to_json()
    serializable(circuit.circuit)


@pytest.mark.once
def test_text_in_the_place_of_anything_runs_nowhere(harm):
    tree, evil = json.loads(RICH.to_json()), payload(harm)
    values = [
        evil,
        [evil],
        {"cirq_type": "sympy.Not", "args": [evil]},
        {"cirq_type": "tfq_resqunn.expression", "srepr": f"sin('{evil}')"},
    ]
    taken = [
        path for path, _, bad in mutations(tree, values) if not refused(use, json.dumps(bad), harm)
    ]
    # Names and labels may be any text.
    fields = {next(s for s in reversed(path) if isinstance(s, str)) for path in taken}
    assert fields == {"name", "tags", "parent_path", "param_dict"}


@pytest.mark.once
@pytest.mark.parametrize("name", CIRQ_TYPES)
def test_no_other_type_of_cirqs_is_made(name, harm):
    text = json.dumps(json.loads(CIRCUIT.to_json()))
    place = json.dumps({"cirq_type": "tfq_resqunn.expression", "srepr": PLACE})
    for fields in ({}, {"expr": payload(harm)}, {"data": payload(harm)}, {"args": []}):
        bad = text.replace(place, json.dumps({"cirq_type": name, **fields}))
        # Even where it is an expression, the circuit then has no x_0.
        assert refused(rq.QuanvCircuit.from_json, bad, harm), bad


@pytest.mark.once
@given(random=st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None, derandomize=True, database=None)
def test_files_with_random_changes(random):
    bad = json.dumps(mutated(TREE, random, EVIL))
    try:
        with nothing_evaluated():
            circuit = rq.QuanvCircuit.from_json(bad)
    except ValueError as error:
        assert len(str(error)) < 3000
    else:
        assert rq.QuanvCircuit.from_json(circuit.to_json()) == circuit


@pytest.mark.once
def test_evaluation_is_seen():
    with pytest.raises(AssertionError), nothing_evaluated():
        sympy.sympify("1 + 1")


READERS = {
    "noise": lambda text: Noise.of({"cirq": text}),
    "encoder": lambda text: Parts.from_config({"encoder": {"cirq": text}}),
    "ansatz": lambda text: Parts.from_config({"ansatz": {"cirq": text}}),
    "observables": lambda text: Parts.from_config({"observables": [{"cirq": text}]}),
    "circuit": lambda text: Parts.from_config({"circuit": text}),
}


@pytest.mark.once
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ["Tuple", "Not", "Poly", "sin", "Indexed", "Derivative", "Lambda"])
def test_every_reader_is_the_same(reader, name, harm):
    for form in forms(name, payload(harm)):
        bad = {"cirq_type": "tfq_resqunn.expression", "srepr": form}
        gate = {"cirq_type": "Rx", "rads": bad}
        for value in (
            bad,
            gate,
            {"cirq_type": "ConstantQubitNoiseModel", "qubit_noise_gate": gate},
        ):
            assert refused(READERS[reader], json.dumps(value), harm)


# --- models ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A saved model with a circuit of the user's own in it."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    layer = rq.Quanv2D(kernel_size=1, circuit=CIRCUIT)
    model = keras.Sequential(
        [keras.Input((2, 2, 1)), layer, keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    model.save(path)
    return path


@pytest.mark.parametrize(
    "name", ["Tuple", "sin", "Sum", "Max", "Poly", "Indexed", "Derivative", "Lambda", "Integral"]
)
def test_no_model_file_runs_code(name, model, harm, tmp_path):
    bad, images = tmp_path / "bad.keras", tmp_path / "images.npz"
    np.savez(images, x=np.zeros((1, 2, 2)))
    for form in forms(name, payload(harm))[:2]:
        with_text_exchanged(model, bad, PLACE, form)
        with pytest.raises((ValueError, TypeError), match="srepr form|an expression may hold"):
            keras.models.load_model(bad)
        run = CliRunner().invoke(cli.main, ["predict", str(bad), str(images)])
        assert run.exit_code == 2 and "Traceback" not in run.output
        assert "an expression may hold" in run.output or "srepr form" in run.output
        assert not harm.exists()


def test_no_class_of_sympy_runs_code_in_a_model_file(model, harm, tmp_path):
    for name in SYMPY_CLASSES:
        bad = tmp_path / "bad.keras"
        with_text_exchanged(model, bad, PLACE, forms(name, payload(harm))[0])
        with pytest.raises((ValueError, TypeError)):
            keras.models.load_model(bad)
        assert not harm.exists(), name
