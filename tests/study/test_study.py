"""A study: what it is made of, how it runs, and how it goes on where it was stopped."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import dask
import numpy as np
import pytest
import tensorflow as tf
import yaml
from click.testing import CliRunner

from tests.helpers.studies import TIMES, assert_same_results, children_of, times_of, wait_for
from tests.helpers.systems import needs_linux, words_of
from tfq_resqunn import cli
from tfq_resqunn.cli.study import accuracy_table
from tfq_resqunn.runs import RunConfig, load_trained, predict
from tfq_resqunn.runs.folder import FILES, HISTORY_COLUMNS
from tfq_resqunn.runs.training import build_model, load_data
from tfq_resqunn.study import local_cluster
from tfq_resqunn.study.command import command_line, default_folder, read_settings
from tfq_resqunn.study.config import COMMON, VARIANTS, VARIED, StudyConfig
from tfq_resqunn.study.locks import locked
from tfq_resqunn.study.results import GRADIENT_COLUMNS, load_results
from tfq_resqunn.study.run import StudyRun
from tfq_resqunn.study.runner import run_study


def whole(message):
    return f"^{re.escape(message)}$"


# --- what a study is made of -----------------------------------------------------------------


def test_default_study_has_every_combination_once():
    config = StudyConfig()
    runs = config.runs()
    # placements * heads * seeds * (trained and classical with both gradients, frozen)
    assert len(runs) == 4 * 2 * 3 * (2 + 2 + 1)
    assert len(set(runs)) == len({run.id for run in runs}) == len(runs)
    assert {run.placement for run in runs} == {"none", "X+O1", "O1+O2", "(X+O1)+O2"}
    assert all(run.input_gradient for run in runs if run.variant == "frozen")
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)


SUMS = [
    {}, {"shortcut": "conv", "readout": "channels", "kernel_size": (1, 2)}, {"merge": "rezero"},
]  # fmt: skip


@pytest.mark.parametrize("sums", SUMS, ids=str)
@pytest.mark.parametrize("variant", [*VARIANTS])
def test_what_feels_no_input_gradients_is_run_once(variant, sums, rng):
    """Told by the gradients of a network whose trained weights are all drawn, sums and all."""
    config = StudyConfig(
        replace(COMMON, dataset="digits", **sums),
        placements=["(X+O1)+O2"], heads=["linear"], variants=[variant], seeds=1,
    )  # fmt: skip
    both = replace(config.run, control=None if variant in ("trainable", "frozen") else variant)
    both = replace(both, trainable=variant != "frozen", placement="(X+O1)+O2")
    data = load_data(replace(both, n_train=20, n_test=10))
    gradients = []
    for input_gradient in (True, False):
        model = build_model(replace(both, input_gradient=input_gradient), data)
        if not gradients:
            for variable in model.trainable_variables:
                variable.assign(rng.normal(0, 0.5, variable.shape))
            weights = model.get_weights()
        model.set_weights(weights)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.math.log(model(data.x_train[:8])[:, 3]))
        found = tape.gradient(loss, model.trainable_variables)
        gradients.append(np.concatenate([np.ravel(gradient) for gradient in found]))
    is_same = np.allclose(*gradients, rtol=1e-4, atol=1e-6)
    expected = [True] if is_same else [True, False]
    assert [run.input_gradient for run in config.runs()] == expected


def test_ids_are_unique_names_of_files():
    placements = [
        "none", "X+O1", "X+O1, O2+O3", "(X+O1)+O2", "X+O1+O2", "X+(O1+O2)+O3", "(X+O1+O2)+O3",
        "X+O1+O2+O3", "((X+O1)+O2)+O3",
    ]  # fmt: skip
    ids = [run.id for run in StudyConfig(replace(COMMON, depth=3), placements=placements).runs()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[\w+,]+", name) for name in ids)
    assert len({name.casefold() for name in ids}) == len(ids)


def test_configuration_of_a_run():
    run = StudyRun("X+O1", False, "none", "classical", 7).configure(RunConfig(epochs=3))
    assert run == RunConfig(
        epochs=3, placement="X+O1", input_gradient=False, head="none", control="classical", seed=7
    )
    assert not StudyRun("none", True, "linear", "frozen", 0).configure(COMMON).trainable


def configurations():
    return [
        StudyConfig(),
        StudyConfig(RunConfig(classes=[3, 8], kernel_size=(2, 4)), seeds=[4], variants=["frozen"]),
        StudyConfig(replace(COMMON, depth=1), input_gradients=[False], heads=["none"], seeds=2),
        StudyConfig(replace(COMMON, depth=9), placements=["X+O1, O2+O9"], seeds=[1, 5]),
        StudyConfig(
            RunConfig(dataset="my data.npz", classes=(1, 2)), input_gradients=[False, True]
        ),
    ]


@pytest.mark.parametrize("config", configurations())
def test_round_trips(config):
    assert StudyConfig.from_json(config.to_json()) == config
    assert StudyConfig.from_yaml(config.to_yaml()) == config


def test_missing_keys_take_their_default():
    assert StudyConfig.from_dict({}) == StudyConfig()
    assert StudyConfig.from_yaml("run: {depth: 3}") == StudyConfig(replace(COMMON, depth=3))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"heads": ["dense"]},
            ValueError,
            "StudyConfig: `heads` must be among 'linear', 'none'. Received 'dense'.",
        ),
        (
            {"input_gradients": [1]},
            ValueError,
            "StudyConfig: `input_gradients` must be among True, False. Received 1.",
        ),
        (
            {"seeds": [1, 1]},
            ValueError,
            "StudyConfig: `seeds` must not be empty, and must name nothing twice. Received [1, 1].",
        ),
        (
            {"placements": ["X+O1", " X + O1"]},
            ValueError,
            "StudyConfig: `placements` must not be empty, and must name nothing twice. Received "
            "['X+O1', 'X+O1'].",
        ),
        (
            {"variants": "frozen"},
            TypeError,
            "StudyConfig: `variants` must be a list. Received 'frozen'.",
        ),
        (
            {"seeds": 0},
            ValueError,
            "StudyConfig: `seeds` must be a list of seeds, or their number, at least 1. Received "
            "0.",
        ),
        ({"seeds": ["a"]}, TypeError, "RunConfig: `seed` must be an integer. Received 'a'."),
        (
            {"run": RunConfig(seed=3, head="none")},
            ValueError,
            f"StudyConfig: `run` must leave {', '.join(VARIED)} at their defaults, since the study "
            "varies them.\nReceived a RunConfig that sets head, seed.\nSay which of them to run "
            "with placements, input_gradients, heads, variants, seeds, draws.",
        ),
        (
            {"run": RunConfig(depth=7)},
            ValueError,
            "StudyConfig: `depth` must be an integer from 1 to 6, since all 2**depth placements "
            "are run where `placements` names none.\nReceived 7.\nUse depth=2, or name placements, "
            "such as placements=['none', 'X+O1'].",
        ),
    ],
)
def test_wrong_configuration(arguments, error, message):
    with pytest.raises(error, match=whole(message)):
        StudyConfig(**arguments)


def test_unknown_key_of_a_run():
    with pytest.raises(ValueError, match="the keys of `run` must be .*\nReceived dpeth as"):
        StudyConfig.from_dict({"run": {"dpeth": 3}})
    with pytest.raises(ValueError, match="the keys of `run` must be .*\nReceived seed as"):
        StudyConfig.from_dict({"run": {"seed": 3}})


@pytest.mark.parametrize("text", ["seeds: [", "- 1", "just words"])
def test_file_that_holds_no_settings(tmp_path, text):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"read_settings: {path} "):
        read_settings(path)


def test_file_of_settings_and_options_over_it(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump({"seeds": 2, "run": {"epochs": 0, "depth": 1}}))
    result = CliRunner().invoke(cli.main, ["study", "--config", str(path), "--depth", "3"])
    assert result.output.startswith("Error: --epochs must be at least 1")


def test_default_folder():
    assert default_folder(StudyConfig()) == Path("runs/study-digits-2")


# --- running it ------------------------------------------------------------------------------


def test_results(finished, tiny):
    results, folder = finished
    assert results.config == tiny
    assert results.command == command_line(tiny, folder)
    assert list(results.table["variant"]) == ["trainable", "frozen", "classical"]
    assert list(results.table["n_weights"]) == [4, 0, 4 * 4 + 4]
    assert list(results.histories.columns[-5:]) == ["epoch", *HISTORY_COLUMNS]
    assert list(results.histories["epoch"]) == [1, 2] * 3
    last = results.histories[results.histories["epoch"] == 2]
    np.testing.assert_array_equal(results.table["test_accuracy"], last["val_accuracy"])
    np.testing.assert_array_equal(results.table["test_loss"], last["val_loss"])
    assert list(results.gradients.columns[-7:]) == [*GRADIENT_COLUMNS]
    assert list(results.gradients["epoch"]) == [0, 1, 2] * 3
    assert list(results.gradients["state"]) == ["flows"] * 3 + ["frozen"] * 3 + ["flows"] * 3
    assert results.n_missing == 0
    assert not results.failures


def test_a_run_of_a_study_is_a_run_as_any_other(finished, data_file, tmp_path, monkeypatch):
    results, folder = finished
    monkeypatch.chdir(tmp_path)
    for run, accuracy in zip(results.config.runs(), results.table["test_accuracy"], strict=True):
        run_folder = folder / "runs" / run.id
        assert {path.name for path in run_folder.iterdir()} == set(FILES.values()) - {
            "curves.png", "logs",
        }  # fmt: skip
        model, x, y = load_trained(run_folder / "model.keras")
        assert np.mean(model.predict(x, verbose=0).argmax(1) == y) == pytest.approx(accuracy)
        predicted = predict(run_folder / "model.keras", data_file)
        assert predicted.accuracy is not None
    trained = folder / "runs" / results.config.runs()[0].id / "model.keras"
    invoke = CliRunner().invoke
    said = invoke(cli.main, ["predict", str(trained), str(data_file)])
    assert said.exit_code == 0, said.output
    said = invoke(cli.main, ["evaluate", str(trained), "--strengths=0", f"--out={tmp_path}"])
    assert said.exit_code == 0, said.output
    assert f"{results.table['test_accuracy'][0]:.1%}" in said.output


def test_finished_study_is_left_as_it_is(finished, tiny):
    results, folder = finished
    before = times_of(folder)
    progress = []
    again = run_study(tiny, folder, on_progress=progress.append, report=False)
    assert times_of(folder) == before
    assert progress == []
    assert_same_results(again, results)


@needs_linux
@pytest.mark.once
def test_runs_that_fail_do_not_stop_others_and_are_tried_again(finished, tiny, tmp_path):
    """One cannot be written, one loses its worker; one worker here, two there."""
    trained, frozen, classical = (tmp_path / "runs" / run.id for run in tiny.runs())
    (classical / "not ours").mkdir(parents=True)  # so the run cannot take its place
    (tmp_path / "study.json").write_text(json.dumps({"config": tiny.to_dict(), "command": ""}))
    progress, killed = [], []

    def kill_the_worker(step):
        progress.append(step)
        if step.run.variant == "trainable":
            (worker,) = children_of(os.getpid())
            os.kill(worker, signal.SIGKILL)
            killed.append(worker)

    arguments = dict(folder=tmp_path, n_jobs=1, report=False)
    broken = run_study(tiny, on_progress=kill_the_worker, **arguments)
    assert killed
    assert list(broken.failures) == [classical.name]
    assert "Directory not empty" in broken.failures[classical.name]
    assert [step.error is None for step in progress] == [True, True, False]
    assert [step.n_ended for step in progress] == [1, 2, 3]
    assert broken.n_missing == 1
    assert sorted((tmp_path / "runs").iterdir()) == sorted([trained, frozen, classical])

    (classical / "not ours").rmdir()
    before = times_of(tmp_path)
    mended = run_study(tiny, **arguments)
    assert_same_results(mended, finished[0])
    assert not mended.failures
    assert not list((tmp_path / "failed").iterdir())
    after = times_of(tmp_path)
    assert {path: after[path] for path in before} == before  # nothing was done twice


@needs_linux
@pytest.mark.once
def test_a_run_that_kills_its_workers_is_given_up(finished, tiny, tmp_path, monkeypatch):
    program = """
import os, sys
from tfq_resqunn.study import worker
train_run = worker.train_run
def kill_when_frozen(config, data, folder):
    if not config.trainable:
        print("last", "words", file=sys.stderr, flush=True)
        os.kill(os.getpid(), 9)
    train_run(config, data, folder)
worker.train_run = kill_when_frozen
main()
"""
    mine = local_cluster.PROGRAM.replace("main()\n", "") + program
    monkeypatch.setattr(local_cluster, "PROGRAM", mine)
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        results = run_study(tiny, tmp_path / "study", n_jobs=2, report=False)
    (frozen,) = [run.id for run in tiny.runs() if run.variant == "frozen"]
    assert list(results.failures) == [frozen]
    assert results.failures[frozen] == (
        "The worker process ended with signal SIGKILL.\nIt had written:\nlast words\n"
        "This run was given to 2 workers, one after the other, and each of them died.\n"
    )
    monkeypatch.undo()
    mended = run_study(tiny, tmp_path / "study", n_jobs=1, report=False)
    assert not mended.failures
    assert_same_results(mended, finished[0])


@needs_linux
def test_workers_ignore_the_terminals_interrupt(made):
    """Ctrl-C goes to all processes of a terminal; what becomes of a study is for one to say."""
    folder, interrupted = made
    results = load_results(folder)
    assert interrupted
    assert not results.failures
    assert results.n_missing == 0


def test_worker_that_cannot_start(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "tfq_resqunn.study.local_cluster.PROGRAM", "raise SystemExit('no such luck')"
    )
    message = (
        "run_study: a worker process could not start.\nThe worker process ended with exit code "
        "1.\nIt had written:\nno such luck\n"
    )
    with pytest.raises(RuntimeError, match=whole(message)):
        run_study(tiny, tmp_path / "study", report=False)


def test_workers_without_a_place_for_their_logs_end_the_study(tiny, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryDirectory", full)
    with pytest.raises(OSError, match="No space left on device"):
        run_study(tiny, tmp_path / "study", report=False)


def test_folder_of_another_study_is_refused(finished, tiny):
    _, folder = finished
    other = replace(tiny, run=replace(tiny.run, epochs=3), seeds=[5, 6])
    message = (
        "run_study: `folder` must hold this study, a part of it, or nothing.\nReceived "
        f"{folder}, whose study.json differs (here against there):\n  run.epochs: 3 against 2\n"
        "  seeds: [5, 6] against [5]\n"
        "Choose another folder (--out), or keep its settings; seeds, placements, variants, rates "
        "and the like may be added."
    )
    with pytest.raises(FileExistsError, match=whole(message)):
        run_study(other, folder)


@pytest.mark.once
def test_a_study_grows(finished, tiny, tmp_path):
    # What a study of two variants leaves, of which nothing has to be run again.
    small = replace(tiny, variants=["trainable", "frozen"])
    for run in small.runs():
        shutil.copytree(finished[1] / "runs" / run.id, tmp_path / "study" / "runs" / run.id)
    described = {"config": small.to_dict(), "command": ""}
    (tmp_path / "study" / "study.json").write_text(json.dumps(described))
    assert run_study(small, tmp_path / "study", n_jobs=1, report=False).n_missing == 0
    before = times_of(tmp_path / "study")
    grown = run_study(tiny, tmp_path / "study", n_jobs=1, report=False)
    assert_same_results(grown, finished[0])
    after = times_of(tmp_path / "study")
    assert before and {path: after[path] for path in before} == before
    with pytest.raises(FileExistsError, match="a part of it"):  # nothing is left out again
        run_study(small, tmp_path / "study")


def test_folder_of_something_else_is_refused(tiny, tmp_path):
    (tmp_path / "diary.txt").touch()
    with pytest.raises(FileExistsError, match="holds something else"):
        run_study(tiny, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_folder_in_use_is_refused(finished, tiny):
    _, folder = finished
    with (
        locked(folder),
        pytest.raises(FileExistsError, match="in which one is running"),
    ):
        run_study(tiny, folder, report=False)


@pytest.mark.parametrize(
    "change",
    [{"dataset": "digit"}, {"encoder": "no such encoder"}, {"n_train": 10**6}, {"kernel_size": 5}],
)
def test_mistakes_are_found_before_anything_is_made(tiny, tmp_path, change):
    with pytest.raises(ValueError):
        run_study(replace(tiny, run=replace(tiny.run, **change)), tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_number_of_jobs_is_checked(tiny, tmp_path):
    with pytest.raises(ValueError, match="`n_jobs` must be at least 1. Received 0"):
        run_study(tiny, tmp_path / "study", n_jobs=0)
    with pytest.raises(TypeError, match="`n_jobs` must be an integer or None. Received '2'"):
        run_study(tiny, tmp_path / "study", n_jobs="2")


def test_folder_without_a_study(tmp_path):
    with pytest.raises(FileNotFoundError, match="that of a study, with a file study.json"):
        load_results(tmp_path)


def test_study_that_has_not_begun(tiny, tmp_path):
    (tmp_path / "study.json").write_text(json.dumps({"config": tiny.to_dict(), "command": ""}))
    results = load_results(tmp_path)
    assert results.n_missing == 3
    assert accuracy_table(results) == "No run is done yet."
    assert set(TIMES) < set(results.table.columns)


def test_accuracy_table(finished):
    results, _ = finished
    accuracies = [f"{value:.3f}" for value in results.table["test_accuracy"]]
    assert accuracy_table(results).splitlines() == [
        "test accuracy, one seed",
        "head  placement  trained  frozen  classical",
        f"none  X+O1       {accuracies[0]}    {accuracies[1]}   {accuracies[2]}",
    ]


# --- the command -----------------------------------------------------------------------------


def options_of(config, folder):
    return words_of(command_line(config, folder))[1:]


def test_command_on_a_finished_study(finished, tiny):
    results, folder = finished
    before = times_of(folder)
    result = CliRunner().invoke(cli.main, options_of(tiny, folder))
    assert result.exit_code == 0, result.output
    assert accuracy_table(results) in result.output
    assert times_of(folder) == before
    for name in ("report.html", "report.md", "results.csv"):
        assert str(folder / name) in result.output
        assert (folder / name).is_file()


def test_every_option_is_explained_and_has_the_default_of_a_study():
    options = {parameter.name: parameter for parameter in cli.study.params}
    for parameter in cli.study.params:
        assert parameter.help.split("  [default:")[0].endswith(".")
    for name in set(RunConfig.__dataclass_fields__) - set(VARIED):
        assert options[name].default == getattr(COMMON, name), name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", "three"], "'three' must be a number of seeds, such as 3, or seeds, such as"),
        (["--placement", "X+O3"], "There is no layer 3: the network's depth is 2 (O1, O2)."),
        (["--dataset", "digit"], 'Did you mean "digits"?'),
        (["--report-only"], "with a file study.json."),
    ],
)
def test_mistakes_in_options(options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.main, ["study", *options])
    assert message in result.output
    assert result.exit_code == 2
    assert not list(tmp_path.iterdir())


@needs_linux
@pytest.mark.slow
@pytest.mark.parametrize("to_all", [True, False], ids=["terminal", "process"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_study_that_is_stopped_goes_on(name, to_all, finished, tiny, tmp_path):
    sent = getattr(signal, name)
    folder = tmp_path / "study"
    command = [sys.executable, "-m", "resqunn", *options_of(tiny, folder), "--jobs", "2"]
    where = {
        "cwd": tmp_path,
        "env": {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    }
    process = subprocess.Popen(
        command, text=True, stderr=subprocess.PIPE, start_new_session=True, **where
    )
    wait_for(lambda: times_of(folder) or process.poll() is not None)
    workers = list(children_of(process.pid))
    assert len(workers) == 2, process.stderr.read()
    if to_all:  # the study and its workers
        os.killpg(process.pid, sent)
    else:
        process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    if sent is signal.SIGINT:
        assert process.returncode == 130
        again = re.escape(command_line(tiny, folder, 2))
        last = rf"Stopped\. \d+ of {len(tiny.runs())} runs are done\. To go on: {again}"
        assert re.fullmatch(last, said.splitlines()[-1])
        assert "Traceback" not in said
    wait_for(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    assert load_results(folder).n_missing > 0
    before = times_of(folder)

    again = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True, **where)
    assert again.stderr == ""
    assert_same_results(load_results(folder), finished[0])
    after = times_of(folder)
    assert {path: after[path] for path in before} == before
    assert len(list((folder / "runs").iterdir())) == 3  # nothing partial is left
