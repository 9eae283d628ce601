"""The benchmarks run; what they measure is nobody's promise, so no time is asserted."""

import re
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner

from benchmarks import channels, choices, mnist, steps, training_step
from benchmarks.changed import Changed
from benchmarks.panel.__main__ import main as panel_main
from benchmarks.tables import has_place, write_place
from tests.helpers.reference import needs_tfq

pytestmark = [pytest.mark.once, pytest.mark.anywhere]

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"
TINY = [
    "--kernel-size=2", "--n-layers=1", "--depth=1", "--batch-size=2", "--image-size=4",
    "--seconds=0",
]  # fmt: skip


def run(command, *arguments):
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def tables(text):
    """Each table as one dict a row; columns of the same name are told apart by their place."""
    for block in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        header, _, *rows = (
            [cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()
        )
        assert all(len(row) == len(header) for row in rows)
        yield header, rows


@needs_tfq
def test_training_step_gives_all_columns(monkeypatch, tmp_path):
    monkeypatch.setattr(steps, "first_steps", lambda forms: dict.fromkeys(forms, (1.5, 20.0)))
    document = tmp_path / "document.md"
    document.write_text(
        "a\n<!-- training-step -->\nold\n<!-- /training-step -->\nb\n"
        "<!-- training-step-short --><!-- /training-step-short -->\n"
    )
    printed = run(training_step.main, *TINY, "--write", str(document))
    found = list(tables(printed))
    columns = [column for header, _ in found for column in header]
    assert set(columns) == {
        "patches", "ansatz layers", "depth", "batch",
        "twin, ms (XLA off / on)", "matmul, ms (XLA off / on)", "compiled, ms (XLA off / on)",
        "noiseless, ms", "compiled / twin", "compiled / matmul", "noiseless / compiled",
        "compiled as", "compiled, µs per circuit", "noiseless, µs per circuit",
        "images in a step: compiled, noiseless", "model.fit, ms a step: twin", "compiled",
        "first step, s: twin", "noiseless", "peak memory, MiB: twin",
    }  # fmt: skip
    for _, (row,) in found:
        assert row[:4] == ["2x2", "1", "1", "2"]
        assert "-" not in row
    assert row[4:] == ["1.5"] * 3 + ["20"] * 3

    written = document.read_text()
    assert "old" not in written
    assert written.startswith("a\n") and printed.strip() in written
    assert len(list(tables(written))) == 4


def test_steps_too_long_get_fewer_images():
    case = steps.Case(kernel_size=2, batch_size=64)
    images = {f.backend: f.images for f in steps.forms_of(case, noiseless=True, step_limit=0.5)}
    assert images["twin"] == 64
    assert 1 <= images["noiseless"] < steps.MAX_NOISELESS_IMAGES
    forms = steps.forms_of(case, noiseless=False, step_limit=1e-9)
    assert [(f.backend, f.jit, f.images) for f in forms] == [
        ("twin", False, 64), ("twin", True, 64), ("matmul", False, 64), ("matmul", True, 64),
        ("compiled", False, 1), ("compiled", True, 1),
    ]  # fmt: skip


@needs_tfq
def test_steps_train():
    case = steps.Case(kernel_size=2, depth=1, image_size=4)
    for backend in steps.BACKENDS:
        form = steps.Form(case, backend, False, 4)
        step = form.step(form.model())
        losses = [float(step()) for _ in range(10)]
        assert losses[-1] < losses[0]


def test_matmul_computes_what_the_twin_does():
    case = steps.Case(kernel_size=2, depth=2, image_size=4)
    models = [steps.Form(case, backend, False, 3).model() for backend in ("twin", "matmul")]
    weights = models[0].get_weights()
    columns = [w.reshape(4, 4).T if w.shape == (2, 2, 1, 4) else w for w in weights]
    models[1].set_weights([w[:, None] if w.shape == (4,) else w for w in columns])
    x, _ = steps.Form(case, "twin", False, 3).batch()
    np.testing.assert_allclose(models[0](x), models[1](x), rtol=1e-5)


@pytest.mark.slow
def test_first_steps_are_measured_in_a_process_of_their_own():
    form = steps.Form(steps.Case(2, image_size=4), "compiled", True, 2)
    seconds, mib = steps.first_steps([form])[form]
    assert seconds > 0
    assert mib > 0


@needs_tfq
def test_mnist_trains_on_a_file(tmp_path, rng):
    data, document = tmp_path / "images.npz", tmp_path / "document.md"
    x, y = rng.random((20, 4, 4)), np.arange(20) % 2
    np.savez(data, x_train=x, y_train=y, x_test=x[:6], y_test=y[:6])
    document.write_text("<!-- mnist --><!-- /mnist -->")
    printed = run(
        mnist.main, f"--data={data}", "--epochs=2", "--batch-size=8", f"--write={document}"
    )
    ((_, rows),) = tables(printed)
    assert [row[0] for row in rows] == ["classical_twin", "resqunn", "resqunn, noiseless"]
    assert "160 circuits an epoch" in printed
    assert printed.strip() in document.read_text()


def test_channels_give_a_row_for_each_way(monkeypatch, tmp_path):
    ways = {"gray": {}, "groups": {"groups": 3, "filters": 3}}
    monkeypatch.setattr(channels, "WAYS", ways)
    document = tmp_path / "document.md"
    document.write_text("<!-- channels --><!-- /channels -->")
    printed = run(
        channels.main, "--kernel-size=2", "--n-layers=1", "--batch-size=2", "--image-size=5",
        "--seconds=0", f"--write={document}",
    )  # fmt: skip
    ((header, rows),) = tables(printed)
    assert len(header) == 7
    assert [row[:5] for row in rows] == [
        ["2x2", "gray", "4", "1", "4"],
        ["2x2", "groups", "4", "3", "12"],
    ]
    assert "-" not in rows[0] + rows[1]
    assert printed.strip() in document.read_text()


@pytest.mark.parametrize("way", channels.WAYS)
def test_channels_are_those_of_a_layer(way):
    form = channels.ColourForm(steps.Case(2, depth=1, image_size=4), "compiled", False, 3, way=way)
    x, _ = form.batch()
    assert form.layer()(x).shape[-1] == form.model().layers[0].output.shape[-1]
    n_qubits = {"gray": 4, "a value a qubit": 12}.get(way, 4)
    assert len(form.layer().circuit.qubits) == n_qubits


def test_choices_give_a_row_for_each(tmp_path):
    document = tmp_path / "document.md"
    document.write_text("<!-- choices --><!-- /choices -->")
    printed = run(
        choices.main, "--batch-size=2", "--image-size=6", "--seconds=0", f"--write={document}"
    )
    ((header, rows),) = tables(printed)
    assert header == [
        "changed", "2x2, 1 ansatz layer: ms", "to the first", "3x3, 3 ansatz layers: ms",
        "to the first",
    ]  # fmt: skip
    assert [row[0] for row in rows] == list(choices.CHOICES)
    assert rows[0][2] == rows[0][4] == "1.00"
    assert printed.strip() in document.read_text()


@pytest.mark.parametrize("name", choices.CHOICES)
def test_choices_change_what_they_name(name):
    change = dict(choices.CHOICES[name])
    form = Changed(steps.Case(2, image_size=4), "compiled", change.pop("jit", False), 3, **change)
    model, (x, _) = form.model(), form.batch()
    assert model(x).dtype == {"`float64`": "float64", "`mixed_bfloat16`": "bfloat16"}.get(
        name, "float32"
    )
    trained = {"`trainable=False`": 2, "features stored": 2}.get(name, 4)  # kernels, biases, angles
    assert len(model.trainable_variables) == trained
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(x) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    assert sum(g is None for g in gradients) == 0
    assert len(model.layers) == 1 or name != "features stored"


def test_documents_without_a_place_are_refused(tmp_path):
    document = tmp_path / "document.md"
    document.write_text("nothing")
    result = CliRunner().invoke(training_step.main, [f"--write={document}"])
    assert result.exit_code == 2
    assert "<!-- training-step -->" in result.output


def test_numbers_are_refused_with_an_example():
    for wrong in ("0", "1,x", ""):
        result = CliRunner().invoke(training_step.main, ["--depth", wrong])
        assert result.exit_code == 2
        assert "as in 1,3" in result.output


def test_places_are_replaced_as_they_stand(tmp_path):
    document = tmp_path / "document.md"
    document.write_text("<!-- a -->1<!-- /a --> <!-- b -->2<!-- /b -->")
    write_place(document, "a", r"\1 new")
    assert document.read_text() == "<!-- a -->\n\n\\1 new\n\n<!-- /a --> <!-- b -->2<!-- /b -->"


def test_commands_of_the_document_have_their_places_and_options():
    assert has_place(DOCUMENT.with_name("data.md"), "channels")
    for place in ("training-step", "mnist", "panel", "panel-networks"):
        assert has_place(DOCUMENT, place)
    commands = re.findall(
        r"^\$ python -m benchmarks\.(\w+)(.*)$",
        DOCUMENT.read_text("utf-8").replace("\\\n", " "),
        re.MULTILINE,
    )
    known_commands = {
        "training_step": training_step.main, "mnist": mnist.main, "panel": panel_main
    }  # fmt: skip
    assert {name for name, _ in commands} == set(known_commands)
    for name, arguments in commands:
        command = known_commands[name]
        known = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        assert set(re.findall(r"--[\w-]+", arguments)) <= known
