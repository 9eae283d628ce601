"""The list of named circuits: rows, drawings, documents, and the command that shows them."""

import functools
import re
import xml.etree.ElementTree
from pathlib import Path

import cirq
import click
import pytest
import sympy
from click.testing import CliRunner

import tfq_resqunn as rq
from tfq_resqunn import catalogue, cli
from tfq_resqunn.catalogue.drawings import draw_svg, draw_text
from tfq_resqunn.catalogue.entries import describe
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES

pytestmark = pytest.mark.once

REGISTRIES = {"encoder": ENCODERS, "ansatz": ANSATZES, "observables": OBSERVABLES}
ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def resqunn(tmp_path, monkeypatch):
    """Run the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(
        cli.main, ["circuits", *arguments], prog_name="resqunn"
    )


@pytest.fixture
def own(monkeypatch):
    """Three parts of the user's own."""
    for registry in REGISTRIES.values():
        monkeypatch.setattr(registry, "_functions", dict(registry._functions))

    @ANSATZES.register("my_ansatz")
    def my_ansatz(n_qubits, n_layers):
        """Turns the first qubit, for pairs of qubits only."""
        if n_qubits % 2:
            raise ValueError(f"my_ansatz: `n_qubits` must be even. Received {n_qubits}.")
        return cirq.Circuit(
            cirq.rx(sympy.Symbol("w_0"))(cirq.LineQubit(0)),
            cirq.CCX(*cirq.LineQubit.range(3)),
            cirq.SWAP(*cirq.LineQubit.range(2, 4)),
        )

    ENCODERS.register(
        "my_encoder", lambda n: cirq.Circuit(cirq.ry(sympy.Symbol("a")).on_each(q(n)))
    )
    OBSERVABLES.register("my_z", lambda qubits: [cirq.Z(qubits[0])])


def q(n):
    return cirq.LineQubit.range(n)


# --- entries ---------------------------------------------------------------------------------


def test_all_names_are_there_in_order():
    found = [(entry.kind, entry.name) for entry in catalogue.entries()]
    assert found == [(kind, name) for kind, registry in REGISTRIES.items() for name in registry]


@pytest.mark.parametrize("name", [*ENCODERS, *ANSATZES])
def test_counts_are_those_of_the_circuit(name):
    [entry] = catalogue.entries([name], n_qubits=4, n_layers=2)
    registry = REGISTRIES[entry.kind]
    circuit = registry.get(name)(*((4,) if registry is ENCODERS else (4, 2)))
    operations = list(circuit.all_operations())
    assert entry.circuit == circuit.freeze()
    assert entry.n_qubits == len({qubit for op in operations for qubit in op.qubits})
    assert entry.n_symbols == len(set().union(*map(cirq.parameter_symbols, operations)))
    assert entry.n_two_qubit_gates == len([op for op in operations if len(op.qubits) == 2])
    # The longest chain of gates, each on a qubit of the one before.
    after = dict.fromkeys(circuit.all_qubits(), 0)
    for op in operations:
        after.update(dict.fromkeys(op.qubits, 1 + max(after[qubit] for qubit in op.qubits)))
    assert entry.depth == max(after.values())
    assert entry.problem is None


@pytest.mark.parametrize("entry", catalogue.entries(), ids=lambda e: f"{e.kind}-{e.name}")
def test_everything_says_what_it_is(entry):
    assert entry.description.summary
    assert "\n" not in entry.description.summary
    assert ">>>" not in entry.description.text
    assert "Args" not in entry.description.text
    if entry.kind != "observables":
        assert "20" in entry.description.reference or "PennyLane" in entry.description.reference


def test_own_parts_are_shown(own):
    rows = {
        (entry.kind, entry.name): entry
        for entry in catalogue.entries(n_qubits=4)
        if "my" in entry.name
    }
    assert set(rows) == {
        ("encoder", "my_encoder"), ("ansatz", "my_ansatz"), ("observables", "my_z"),
    }  # fmt: skip
    ansatz = rows["ansatz", "my_ansatz"]
    assert (ansatz.n_qubits, ansatz.n_symbols, ansatz.depth, ansatz.n_two_qubit_gates) == (
        4,
        1,
        3,
        1,
    )
    assert ansatz.description.summary == "Turns the first qubit, for pairs of qubits only."
    assert rows["encoder", "my_encoder"].n_symbols == 1
    assert rows["encoder", "my_encoder"].description.summary == ""


def test_what_cannot_be_built_says_why(own, resqunn):
    [entry] = catalogue.entries(["my_ansatz"], n_qubits=3)
    assert entry.problem == "my_ansatz: `n_qubits` must be even. Received 3."
    result = resqunn("my_ansatz", "--n-qubits=3", "--descriptors", "--html=a.html")
    assert result.exit_code == 0, result.output
    assert "Cannot be built here: my_ansatz: `n_qubits` must be even." in result.output


def test_descriptors_of_entries():
    done = []
    encoder, ansatz, observables = (
        catalogue.with_descriptors(entry, 300, seed=2, progress=done.append)
        for entry in catalogue.entries(["angle", "basic_entangler", "z"], n_qubits=3)
    )
    assert sum(done) == 3 * 2 * 300
    assert ansatz.expressibility == rq.expressibility(ansatz.circuit, 300, seed=2)
    assert ansatz.entangling_capability == rq.entangling_capability(ansatz.circuit, 300, seed=2)
    # Data is drawn from [0, 1).
    circuit = rq.QuanvCircuit(encoder.circuit)
    assert len(circuit.inputs) == 3
    assert encoder.expressibility == rq.expressibility(circuit, 300, seed=2)
    assert observables.expressibility is None


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"names": ["sim_20"]}, ValueError, r"Received 'sim_20'\. Did you mean 'sim_2'\?"),
        ({"names": ["angel"]}, ValueError, r"Did you mean 'angle'\?\n  encoder: amplitude, "),
        (
            {"names": ["qqq"]},
            ValueError,
            r"(?s)Received 'qqq'\.\n.*\n  ansatz: basic.*, neighbour_parity$",
        ),
        (
            {"names": ["z"], "kind": "ansatz"},
            ValueError,
            r"this list\. Received 'z'\.\n  ansatz: basic_entangler, ",
        ),
        ({"kind": "gate"}, ValueError, "`kind` must be one of 'encoder', .* Received 'gate'"),
        ({"n_qubits": 0}, ValueError, "`n_qubits` must be at least 1. Received 0"),
        ({"n_layers": "2"}, TypeError, "`n_layers` must be an integer. Received '2'"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        catalogue.entries(**arguments)


# --- docstrings ------------------------------------------------------------------------------


def test_docstring_of_a_partial():
    def part(n, *, size=1, how="so"):
        """Does it.

        In two
        lines.

        >>> part(1)

        Args:
            n: Number.

        References:
            Author, *A title* (2020), where 2 * 2 * 2 stands.
        """

    found = describe(functools.partial(functools.partial(part, size=2, how="x"), size=3))
    assert found.summary == "Does it. (size=3, how='x')"
    assert found.text == "In two\nlines."
    assert found.reference == "Author, A title (2020), where 2 * 2 * 2 stands."
    named = functools.partial(part, size=2)
    named.__doc__ = "Does it twice."
    assert describe(named).summary == "Does it twice."
    assert describe(named).text == found.text


# --- drawings --------------------------------------------------------------------------------


def names_in(legend):
    return [line.partition(" = ")[0] for line in legend.splitlines()]


def test_short_circuits_are_drawn_as_cirq_draws_them():
    circuit = ANSATZES.get("strongly_entangling")(3, 2)
    drawing, legend = draw_text(circuit)
    assert drawing == circuit.to_text_diagram()
    assert legend == ""


@pytest.mark.parametrize("name", [*ENCODERS, *ANSATZES])
def test_long_angles_get_names(name):
    [entry] = catalogue.entries([name], n_qubits=8)
    drawing, legend = draw_text(entry.circuit)
    n_columns = len(cirq.Circuit(entry.circuit.all_operations()).moments) + 1
    assert max(map(len, drawing.splitlines())) < 60 * n_columns
    assert "atan2" not in drawing
    for f in names_in(legend):
        assert f"({f})" in drawing or f"^{f}" in drawing


def test_names_of_angles_stand_for_them():
    x = sympy.symbols("x_0:4")
    long = x[0] * x[1] + sympy.sin(x[2]) * sympy.cos(x[3])
    circuit = cirq.Circuit(
        cirq.ry(long)(q(2)[0]),
        cirq.CZ(*q(2)) ** long,
        cirq.ry(long)(q(2)[1]),
        cirq.X(q(2)[0]) ** 0.5,
    )
    drawing, legend = draw_text(circuit)
    assert legend == "f1 = x_0*x_1 + sin(x_2)*cos(x_3)"
    assert "Ry(f1)───@──────X^0.5" in drawing
    assert "@^f1───Ry(f1)" in drawing


class Unnamed(cirq.Gate):
    """A gate that does not say how it is drawn."""

    def _num_qubits_(self):
        return 2

    def __str__(self):
        return "unnamed"


def test_gates_without_a_drawing():
    drawing, _ = draw_text(cirq.Circuit(Unnamed()(*q(2))))
    assert "unnamed" in drawing


@pytest.mark.parametrize("name", ["amplitude", "zz_feature_map", "sim_14"])
def test_pictures_are_well_formed_and_scale(name):
    [entry] = catalogue.entries([name])
    picture, legend = draw_svg(entry.circuit)
    svg = xml.etree.ElementTree.fromstring(picture)
    assert svg.get("viewBox") == f"0 0 {svg.get('width')} {svg.get('height')}"
    texts = {text.text for text in svg.iter(f"{SVG}text")}
    assert {text.get("font-family") for text in svg.iter(f"{SVG}text")} == {"sans-serif"}
    assert {f"{i}: " for i in range(entry.n_qubits)} <= texts
    for f in names_in(legend):
        assert any(f in text for text in texts)


# --- documents -------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [catalogue.to_page, catalogue.to_markdown])
def test_documents_hold_every_name(make):
    entries = catalogue.entries(n_qubits=2)
    text = make(entries, "2 qubits", "resqunn circuits --n-qubits 2")
    pictures = [entry for entry in entries if entry.circuit is not None]
    assert text.count("<svg") == (len(pictures) if make is catalogue.to_page else 0)
    assert "resqunn circuits --n-qubits 2" in text
    assert "how far the states" not in text
    for entry in entries:
        assert f"| {entry.name} " in text or f"<td>{entry.name}</td>" in text


def test_pages_show_the_names_of_strangers_as_text(own):
    """A part's docstring, and the names in its gates, are whatever its author wrote."""
    evil = "<script>alert(1)</script>"

    @ANSATZES.register("evil_ansatz")
    def evil_ansatz(n_qubits, n_layers):
        return cirq.Circuit(cirq.rx(sympy.Symbol(f"w_{evil}"))(cirq.NamedQubit(evil)))

    evil_ansatz.__doc__ = f"Says {evil} and [this](javascript:alert(1))."
    page = catalogue.to_page(catalogue.entries(["evil_ansatz"]), "1 qubit", evil)
    assert "<script" not in page
    assert "javascript:" not in page


# --- the command -----------------------------------------------------------------------------


def test_command_lists_everything(resqunn):
    result = resqunn()
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert max(map(len, lines)) <= 100
    for entry in catalogue.entries():
        [line] = [line for line in lines if line.split()[:1] == [entry.name]]
        if entry.kind != "observables":
            counts = (entry.n_qubits, entry.n_symbols, entry.depth, entry.n_two_qubit_gates)
            assert line.split()[1:5] == [str(count) for count in counts]
    for column in ("qubits", "values", "weights", "depth", "gates", "outcomes", "description"):
        assert column in result.output
    assert "expressibility" not in result.output
    assert "───" not in result.output


def test_command_shows_what_is_named(resqunn):
    output = resqunn("amplitude", "parity", "--n-qubits=3").output
    assert "amplitude (encoder)" in output
    assert "Ry(f1)" in output
    assert "\nf1 = 2*atan2(" in output
    assert "Reference: Mottonen" in output
    assert "Measures Z0*Z1*Z2." in output
    assert "basic_entangler" not in output


def test_command_draws_all_of_a_kind(resqunn):
    output = resqunn("--kind=encoder", "--n-qubits=2", "--draw").output
    assert all(f"{name} (encoder)" in output for name in ENCODERS)
    assert "sim_1" not in output


def test_command_computes_descriptors(resqunn, tmp_path):
    arguments = ["sim_9", "z", "--descriptors", "--n-samples=200", "--seed=3"]
    result = resqunn(*arguments, "--n-qubits=3", "--n-layers=2", "--html=a.html", "--markdown=a.md")
    assert result.exit_code == 0, result.output
    circuit = ANSATZES.get("sim_9")(3, 2)
    values = (
        rq.expressibility(circuit, 200, seed=3),
        rq.entangling_capability(circuit, 200, seed=3),
    )
    shown = [f"{value:.4f}" for value in values]
    [line] = [line for line in result.stdout.splitlines() if line.startswith("sim_9   ")]
    assert line.split()[5:7] == shown
    assert "descriptors" in result.stderr
    command = (
        "resqunn circuits sim_9 z --n-qubits 3 --n-layers 2 --descriptors --n-samples 200 --seed 3"
    )
    for name in ("a.html", "a.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert all(value in text for value in shown)
        assert command in text
        assert "arXiv:1905.10876" in text
    assert (tmp_path / "a.html").read_text(encoding="utf-8").count("<svg") == 1
    assert "\npage: a.html\n" in result.stdout
    assert "\ntables: a.md\n" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sim_114"], "Did you mean 'sim_14'?"),
        (["--n-qubits=0"], "0 is not in the range x>=1"),
        (["--html=no/where.html"], "in a folder that exists. Received 'no/where.html'"),
        (["angle", "--n-qubits=25", "--descriptors"], "at most 20 qubits"),
    ],
)
def test_command_explains_mistakes(resqunn, arguments, message):
    result = resqunn(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_command_explains_its_options():
    for parameter in cli.circuits.params:
        if isinstance(parameter, click.Option):
            assert parameter.help.endswith(".")
    assert "Examples" in cli.circuits.epilog


def test_published_tables_are_those_of_the_command():
    """docs/circuits.md; but for the descriptors, which another machine may round differently."""
    text = (ROOT / "docs" / "circuits.md").read_text(encoding="utf-8")
    cells = [re.split(r"\s+(?<!\\)\|\s+", line.strip("| \n")) for line in text.splitlines()]
    published = {tuple(c.replace("\\|", "|").replace("\\*", "*") for c in row) for row in cells}
    for kind, table in catalogue.tables(catalogue.entries()).items():
        for row in table.rows:
            if row[0] not in REGISTRIES[kind].built_in:
                continue  # what another test has registered
            found = [p for p in published if p[: len(row)] == row]
            assert len(found) == 1, f"run the command in docs/circuits.md again: {row}"
            descriptors = found[0][len(row) :]
            assert len(descriptors) == (0 if kind == "observables" else 2)
            assert all(re.fullmatch(r"\d\.\d{4}", value) for value in descriptors)
