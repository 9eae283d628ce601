"""The panel reads each circuit alike on both sides, and refuses to time what is not equal."""

import math
import types

import cirq
import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.panel import alternation, circuits, connection, networks, ours, peer, rows
from benchmarks.panel.__main__ import main
from tests.project.test_benchmarks import run, tables
from tfq_resqunn.circuits import angle_encoder, basic_entangler, qcnn

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

NARROW = [row for row in rows.ROWS if row.n_qubits <= 9]


def resolved(circuit, x, w):
    names = {f"x_{i:03d}": v for i, v in enumerate(x)} | {f"w_{i:03d}": v for i, v in enumerate(w)}
    return cirq.resolve_parameters(circuit, names)


def recorder(queue):
    """Stands for PennyLane: what it is asked to queue becomes operations of Cirq, as documented."""

    def make(gate):
        def queued(*values, wires):
            queue.append((gate(*values) if values else gate)(*(cirq.LineQubit(q) for q in wires)))

        return queued

    return types.SimpleNamespace(
        RX=make(cirq.rx), RY=make(cirq.ry), RZ=make(cirq.rz), Hadamard=make(cirq.H),
        CNOT=make(cirq.CNOT), DepolarizingChannel=make(cirq.depolarize),
        IsingZZ=make(lambda a: cirq.ZZPowGate(exponent=a / math.pi, global_shift=-0.5)),
    )  # fmt: skip


@pytest.mark.parametrize("row", NARROW, ids=lambda row: row.name)
def test_both_sides_read_the_same_circuit(row, rng):
    x = rng.random(circuits.n_symbols(row.gates, "x"))
    w = rng.random(circuits.n_symbols(row.gates, "w"))
    queue = []
    peer.apply(recorder(queue), row.gates, x, w)
    mine = resolved(ours.circuit_of(row.gates), x, w)
    states = [cirq.Circuit(c).final_state_vector(dtype=np.complex128) for c in (queue, mine)]
    np.testing.assert_allclose(*states, atol=1e-7)


def test_noise_of_the_row_is_that_of_the_package(rng):
    (row,) = rows.chosen("4-noise")
    x, w = rng.random(4), rng.random(circuits.n_symbols(row.gates, "w"))
    queue = []
    peer.apply(recorder(queue), row.noisy_gates, x, w)
    noise = ours.Noise.of({"depolarizing": row.depolarizing})
    mine = noise.apply(resolved(ours.circuit_of(row.gates), x, w))
    states = [cirq.final_density_matrix(cirq.Circuit(c)) for c in (queue, mine)]
    np.testing.assert_allclose(*states, atol=1e-5)


@pytest.mark.parametrize(
    ("gates", "ansatz"),
    [(circuits.entangler(4, 2), basic_entangler(4, 2)), (circuits.qcnn(5, 2), qcnn(5, 2))],
)
def test_named_ansatzes_are_those_of_the_package(gates, ansatz):
    n = len(ansatz.all_qubits())
    x = np.linspace(0.1, 0.9, n)
    w = np.linspace(0.2, 6, circuits.n_symbols(gates, "w"))
    both = (ours.circuit_of(gates), angle_encoder(n) + ansatz)
    states = [resolved(c, x, w).final_state_vector(dtype=np.complex128) for c in both]
    np.testing.assert_allclose(*states, atol=1e-7)


def test_steps_take_turns_and_give_medians():
    turns = []

    def contestant(name, seconds):
        def run(n_steps):
            turns.append((name, n_steps))
            return [seconds] * (n_steps - 1) + [100 * seconds]

        return run

    found = alternation.alternate({"a": contestant("a", 1e-4), "b": contestant("b", 2e-4)}, 0.5)
    assert found == {"a": 1e-4, "b": 2e-4}
    assert [name for name, _ in turns] == ["a", "b"] * (1 + alternation.ROUNDS)
    assert turns[2:4] == [("a", 10), ("b", 5)]  # by the first step of each: 0.01 s and 0.02 s


def test_what_differs_is_not_timed():
    a = {"outputs": np.ones(4), "by_inputs": np.ones(4), "by_weights": np.ones(4)}
    ours.check_equal("a row", a, "somebody", {k: v * (1 + 5e-5) for k, v in a.items()})
    with pytest.raises(ours.Mismatch) as error:
        ours.check_equal("a row", a, "somebody", {**a, "by_inputs": np.full(4, 0.8)})
    assert str(error.value) == (
        "a row: by_inputs differ from those of somebody by 2.5e-01 of their norm; 1e-04 is allowed."
    )
    with pytest.raises(ours.Mismatch, match="by_weights"):
        ours.check_equal("a row", a, "somebody", {**a, "by_weights": np.full(4, np.nan)})


def test_missing_peers_are_named_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(connection, "ENVIRONMENT", tmp_path / ".venv-peers")
    result = CliRunner().invoke(main, ["--rows=4-product", "--circuits=1", "--no-networks"])
    assert result.exit_code == 1
    assert result.output == (
        "Error: the peers are not installed: there is no .venv-peers/bin/python. Run `make "
        "bench-peers`, which puts PennyLane and JAX there and then runs the panel; or leave them "
        "out with --no-peers.\n"
    )


def test_help_says_what_is_compared():
    text = run(main, "--help")
    for word in ("make bench-peers", "--methods", "--rows", "--seconds", "--write", "Examples:"):
        assert word in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rows", "4-product,5-*"], "'5-*' names no row. There are 4-product, "),
        (["--kernel-size", "2,6"], "'2,6' must be some of 2,3,4,5,7"),
    ],
)
def test_unknown_names_are_refused_with_those_there_are(arguments, message):
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_rows_are_chosen_once_and_in_order():
    found = rows.chosen("4-iqp, 4-*", 7)
    names = [row.name for row in found]
    assert names[0] == "4-iqp" and sorted(names) == sorted(set(names))
    assert {row.n_circuits for row in found} == {7}
    assert rows.chosen("none") == []


def test_a_row_without_peers(tmp_path):
    document = tmp_path / "document.md"
    document.write_text(
        "<!-- panel -->old<!-- /panel --><!-- panel-methods --><!-- /panel-methods -->"
    )
    printed = run(
        main, "--rows=4-product", "--circuits=2", "--no-peers", "--no-networks", "--seconds=0",
        f"--write={document}",
    )  # fmt: skip
    ((header, (row,)),) = tables(printed)
    cells = dict(zip(header, row, strict=True))
    assert cells["row"] == "4-product" and cells["circuits"] == "2" and cells["ours / peer"] == "-"
    written = document.read_text()
    assert "old" not in written and "4-product" in written
    assert written.endswith("<!-- panel-methods --><!-- /panel-methods -->")


@pytest.mark.slow
def test_all_methods_of_a_row():
    printed = run(
        main, "--rows=4-product", "--circuits=2", "--no-peers", "--no-networks", "--seconds=0",
        "--methods",
    )  # fmt: skip
    _, (_, methods), (header, ((*_, ratio),)) = tables(printed)
    assert header[-1] == "chosen / best" and float(ratio) >= 1
    assert [row[-1] for row in methods].count("yes") == 1
    assert {"Pauli strings", "state vectors"} <= {row[2] for row in methods}


@pytest.mark.slow
def test_a_network_beside_its_twin():
    result = networks.measure(networks.Network(7, 1, "ry"), 0, 1.0)
    ((header, (row,)),) = tables(networks.table([result]))
    cells = dict(zip(header, row, strict=True))
    assert cells["image"] == "28x28" and "-" not in row


def test_networks_that_cannot_be_computed_say_why():
    results = [networks.Result(networks.Network(9, n, "rx"), "too large") for n in (2, 3)]
    text = networks.table(results)
    ((header, found),) = tables(text)
    assert all(row[5:] == ["-"] * (len(header) - 5) for row in found)
    assert text.endswith("- 9x9, rx, 2 layers; 9x9, rx, 3 layers: too large")


@pytest.mark.slow
@pytest.mark.skipif(
    not (connection.ENVIRONMENT / "bin" / "python").exists(), reason="needs `make bench-peers`"
)
def test_peers_compute_the_same():
    small = rows.Row("small", "", 4, circuits.iqp(4, 1), 3)
    mixed = rows.Row("mixed", "", 3, circuits.product(3, 1), 3, depolarizing=0.1)
    with connection.Peer() as there:
        for row, device in ((small, rows.PURE), (small, rows.ADJOINT), (mixed, rows.MIXED)):
            _, theirs = there.first_step(row, device)
            _, mine = ours.first(ours.Ours.of(row).step(jit=False))
            ours.check_equal("ours", mine, device, theirs)
            assert len(there.contestant(device)(3)) == 3
