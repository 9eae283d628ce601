"""Studies on the workers of a Dask cluster that somebody else has started."""

import contextlib
import errno
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import distributed
import pytest
from click.testing import CliRunner

from tests.helpers.studies import ROOT, DaskProcesses, assert_same_results, times_of, wait_for
from tests.helpers.systems import needs_posix, words_of
from tfq_resqunn import cli
from tfq_resqunn.study import cluster
from tfq_resqunn.study.address import find_scheduler
from tfq_resqunn.study.command import command_line
from tfq_resqunn.study.results import load_results
from tfq_resqunn.study.runner import run_study
from tfq_resqunn.study.scheduling import run_jobs
from tfq_resqunn.study.worker import Answer, Job, do_job

pytestmark = pytest.mark.once


@pytest.fixture
def dask_processes(tmp_path):
    folder = tmp_path / "dask"
    folder.mkdir()
    with DaskProcesses(folder) as processes:
        yield processes


def study_command(config, folder, scheduler):
    words = words_of(command_line(config, folder, scheduler=str(scheduler)))
    return [sys.executable, "-m", *words]


def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def start_study(config, folder, scheduler):
    return subprocess.Popen(
        study_command(config, folder, scheduler),
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


# --- the same numbers, whatever happens --------------------------------------------------------


@needs_posix
def test_results_are_those_of_the_embedded_cluster(
    dask_processes, finished, tiny, data_file, tmp_path, monkeypatch
):
    """A worker is killed in the middle, and only its run is done again.

    To the workers, which run elsewhere, the path of the data means nothing.
    """
    monkeypatch.chdir(data_file.parent)
    config = replace(tiny, run=replace(tiny.run, dataset=data_file.name))
    dask_processes.start_scheduler()
    workers = {}
    for _ in range(2):
        process = dask_processes.start_worker()
        workers[process.pid] = process
    said, killed, progress = [], [], []
    address = find_scheduler(str(dask_processes.scheduler_file))
    with distributed.Client(address, set_as_default=False) as client:

        def kill_one(step):
            progress.append(step.run)
            at_work = [where for where, keys in client.processing().items() if keys]
            if at_work and not killed:  # under load, the next run may not have begun
                pids = client.run(os.getpid, workers=at_work[:1])
                killed.extend(pids.values())
                workers[killed[0]].kill()

        client.wait_for_workers(2, timeout=60)
        results = run_study(
            config, tmp_path / "study", client=client, on_progress=kill_one, on_message=said.append,
            report=False,
        )  # fmt: skip
        assert client.status == "running"  # it is not ours to close
    assert killed and sorted(run.id for run in progress) == sorted(run.id for run in tiny.runs())
    assert not results.failures
    assert_same_results(results, finished[0])
    assert [text for text in said if not text.startswith("Dashboard: ")] == []
    left = list(dask_processes.folder.rglob("resqunn-*.npz"))
    assert len(left) == 1  # that of the worker that was killed


@needs_posix
@pytest.mark.slow
def test_workers_that_come_late_and_have_a_nanny(dask_processes, finished, tiny, tmp_path):
    dask_processes.start_scheduler()
    process = start_study(tiny, tmp_path / "study", dask_processes.scheduler_file)
    lines = iter(process.stdout.readline, "")
    line = next(line for line in lines if not line.startswith(("Training into ", "Dashboard: ")))
    assert re.fullmatch(r"Waiting for workers of tcp://.*, which has none\.\n", line)
    dask_processes.start_worker("--nthreads", "1", "--nworkers", "2")
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, "")
    assert_same_results(load_results(tmp_path / "study"), finished[0])


@needs_posix
@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_study_on_a_cluster_that_is_stopped_goes_on(name, dask_processes, finished, tiny, tmp_path):
    dask_processes.start_scheduler()
    dask_processes.start_worker()
    folder, scheduler = tmp_path / "study", dask_processes.scheduler_file
    process = start_study(tiny, folder, scheduler)
    wait_for(lambda: times_of(folder) or process.poll() is not None)
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    if name == "SIGINT":
        assert process.returncode == 130
        again = command_line(tiny, folder, scheduler=str(scheduler))
        last = rf"Stopped\. \d+ of {len(tiny.runs())} runs are done\. To go on: {re.escape(again)}"
        assert re.fullmatch(last, said.splitlines()[-1])
    assert "Traceback" not in said
    before = times_of(folder)
    assert before and load_results(folder).n_missing > 0
    subprocess.run(study_command(tiny, folder, scheduler), env=environment(), check=True)
    assert_same_results(load_results(folder), finished[0])
    after = times_of(folder)
    assert {path: after[path] for path in before} == before


@needs_posix
@pytest.mark.slow
def test_scheduler_that_is_killed_ends_the_study_which_goes_on(
    dask_processes, finished, tiny, tmp_path
):
    folder = tmp_path / "study"
    scheduler = dask_processes.start_scheduler()
    address = find_scheduler(str(dask_processes.scheduler_file))
    dask_processes.start_worker()
    process = start_study(tiny, folder, dask_processes.scheduler_file)
    wait_for(lambda: times_of(folder) or process.poll() is not None)
    scheduler.kill()
    killed = time.monotonic()
    _, said = process.communicate(timeout=60)
    assert time.monotonic() - killed < 30  # on a machine that is busy
    assert process.returncode == 1
    assert said == (
        f"Error: the scheduler {address} no longer answers, or has been restarted. What was being "
        "trained is lost; runs that are done are in the folder.\n"
        "Start a scheduler and workers, since these end with their scheduler, and the study again: "
        "it goes on with what is missing.\n"
        f"To go on: {command_line(tiny, folder, scheduler=str(dask_processes.scheduler_file))}\n"
    )
    before = times_of(folder)
    assert before and load_results(folder).n_missing > 0

    dask_processes.start_scheduler()
    dask_processes.start_worker()
    again = start_study(tiny, folder, dask_processes.scheduler_file)
    _, said = again.communicate(timeout=120)
    assert (again.returncode, said) == (0, "")
    assert_same_results(load_results(folder), finished[0])
    after = times_of(folder)
    assert {path: after[path] for path in before} == before


# --- workers that must not train ---------------------------------------------------------------


@pytest.fixture
def client(tmp_path):
    """A client of a scheduler in this process, whose workers a test adds."""
    with (
        distributed.LocalCluster(
            n_workers=0, processes=False, threads_per_worker=1, protocol="tcp://",
            dashboard_address="127.0.0.1:0", local_directory=str(tmp_path / "dask"),
        ) as started,
        distributed.Client(started, set_as_default=False) as client,
    ):  # fmt: skip
        yield client


@pytest.mark.parametrize("is_there", [False, True])
def test_where_the_dashboard_is(client, monkeypatch, is_there):
    monkeypatch.delitem(sys.modules, "distributed.dashboard.scheduler", raising=False)
    if is_there:
        monkeypatch.setitem(sys.modules, "distributed.dashboard.scheduler", object())
    said = []
    cluster.say_where_the_dashboard_is(client, said.append)
    assert len(said) == is_there
    assert all(re.fullmatch(r"Dashboard: http://127\.0\.0\.1:\d+/status", text) for text in said)


def add_worker(client, n_threads):
    client.cluster.new_spec["options"]["nthreads"] = n_threads
    client.cluster.scale(1)
    client.wait_for_workers(1, timeout=60)


def test_workers_with_several_threads_are_refused(client, tiny, tmp_path):
    add_worker(client, 2)
    (address,) = client.nthreads()
    message = (
        "run_study: the workers must have one thread each, since Keras trains one network at a "
        f"time in a process. Received {address} with 2.\nStart them with `dask worker --nthreads "
        "1 --nworkers N`, as many as there are cores."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        run_study(tiny, tmp_path / "study", client=client)
    assert not (tmp_path / "study").exists()


def test_a_worker_whose_tensorflow_has_started_is_refused(client, tiny, tmp_path):
    """Here: one in this very process, where the tests have computed with all cores."""
    add_worker(client, 1)
    with pytest.raises(RuntimeError) as error:
        run_study(tiny, tmp_path / "study", client=client, report=False)
    said = str(error.value)
    assert said.startswith("run_study: the workers' TensorFlow must compute on one thread. On ")
    assert "Use workers on which nothing else has run, in processes of their own." in said
    assert load_results(tmp_path / "study").n_missing == 3


def test_a_worker_with_other_software_is_refused(client, monkeypatch):
    add_worker(client, 1)
    monkeypatch.setattr("tfq_resqunn.study.worker.start_tensorflow", lambda: None)
    job = Job("a", "{}", None, "tfq_resqunn 0.1.0 with Keras 3")
    answer = client.submit(do_job, job).result()
    assert answer == Answer(refusal=answer.refusal)
    assert answer.refusal.startswith(
        "the workers must run what the study runs, tfq_resqunn 0.1.0 with Keras 3. Received "
    )


def test_it_is_said_whenever_there_are_no_workers(client, monkeypatch):
    said = []
    seen = cluster.Cluster(client, said.append)
    for n_workers in (0, 0, 2, 0, 0):
        monkeypatch.setattr(cluster, "check_workers", lambda _, n=n_workers: n)
        seen.n_workers()
    assert said == [f"Waiting for workers of {cluster.address_of(client)}, which has none."] * 2


def test_a_worker_is_not_paused_however_full_its_memory_is(client, monkeypatch):
    monkeypatch.setattr("tfq_resqunn.study.worker.start_tensorflow", lambda: None)
    add_worker(client, 1)
    client.submit(do_job, Job("a", "{}", None, "other software"), pure=False).result()
    (worker,) = client.cluster.workers.values()
    worker.memory_manager.memory_limit = 1  # byte
    client.cluster.sync(worker.memory_manager.memory_monitor, worker)
    assert worker.status.name == "running"


@pytest.mark.parametrize("error", [OSError("no library"), TimeoutError("late"), KeyError("x")])
def test_a_worker_that_cannot_take_a_run(client, monkeypatch, error):
    """Whatever it raises, it is not taken for the scheduler's end, nor waited for."""

    def fail(*_):
        raise error

    add_worker(client, 1)
    monkeypatch.setattr("tfq_resqunn.study.worker._refusal", fail)
    jobs = [Job("a", "{}", None, "")]
    message = (
        "run_study: the workers must be able to take a run. One could not:\n"
        f"{type(error).__name__}: {error}\n"
        "Start scheduler, workers and study in equal environments."
    )
    with pytest.raises(RuntimeError, match=f"^{re.escape(message)}$"):
        list(run_jobs(cluster.Cluster(client, print), jobs))


def test_a_worker_without_room_for_the_data_set(client, monkeypatch, tmp_path):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    add_worker(client, 1)
    (tmp_path / "images.npz").write_bytes(b"")
    monkeypatch.setattr("tfq_resqunn.study.worker.replacing", fail)
    with (
        pytest.raises(RuntimeError, match="to keep the data set in a file. Received tcp://.+No sp"),
        cluster.Cluster(client, print).data_at(tmp_path / "images.npz"),
    ):
        pass


def test_dask_draws_no_random_numbers_of_a_run():
    """In a process of its own, which Dask then leaves as it is."""
    program = """
import random
from dask.sizeof import sizeof
from tfq_resqunn.study.worker import leave_random_numbers_alone
message = {str(k): k for k in range(1000)}
def is_drawn():
    random.seed(1)
    before = random.getstate()
    sizeof(message)
    return random.getstate() != before
assert is_drawn()  # or this test, and what it is about, can go
leave_random_numbers_alone()
assert not is_drawn()
"""
    subprocess.run([sys.executable, "-c", program], env=environment(), check=True)


# --- where a scheduler is ----------------------------------------------------------------------


def test_scheduler_file(tmp_path):
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps({"type": "Scheduler", "address": "tcp://10.0.0.1:8786"}))
    assert find_scheduler(str(path)) == "tcp://10.0.0.1:8786"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"3", b"\xff\xfe", b"{}", b'{"address": 3}', b'{"address": "file:///x"}',
     b'{"address": "tcp://a b:1"}',
     '{"address": "tcp://a:٣"}'.encode(), b"[" * 100_000],
)  # fmt: skip
def test_files_that_are_no_scheduler_files(tmp_path, content):
    path = tmp_path / "scheduler.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="`scheduler` must be a file that `dask scheduler --sch"):
        find_scheduler(str(path))


@pytest.mark.parametrize("kind", ["closed", "silent", "rude", "HTTP"])
def test_scheduler_that_does_not_answer(tmp_path, monkeypatch, kind):
    """Nobody listens, nobody speaks, somebody hangs up, or it is the dashboard's port."""
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1)
    monkeypatch.chdir(tmp_path)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if kind != "closed":
            server.listen()
        if kind in ("rude", "HTTP"):
            threading.Thread(target=answer, args=(server, kind), daemon=True).start()
        start = time.monotonic()
        result = CliRunner().invoke(cli.main, ["study", "--scheduler", address])
        assert time.monotonic() - start < 30
    assert result.exit_code == 2, result.output
    assert re.fullmatch(
        "Error: --scheduler must be a Dask scheduler that answers within 1 seconds.\n"
        rf"Received {re.escape(address)}, which does not \(\w+(: [^\n]+)?\).\n"
        "Start one with `dask scheduler`, which prints its address.\n",
        result.output,
    )
    assert list(tmp_path.iterdir()) == []


def answer(server, kind):
    with contextlib.suppress(OSError):
        while True:
            with server.accept()[0] as connection:
                if kind == "HTTP":
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                    connection.recv(1000)


@pytest.mark.parametrize("value", ["tcp://127.0.0.1:1", 3, distributed.Client])
def test_a_client_is_a_client(tiny, tmp_path, value):
    with pytest.raises(
        TypeError, match="^run_study: `client` must be a distributed.Client or None"
    ):
        run_study(tiny, tmp_path / "study", client=value)


def test_jobs_are_not_for_a_cluster(client, tiny, tmp_path):
    with pytest.raises(ValueError, match="^run_study: `n_jobs` must be left out with `client`"):
        run_study(tiny, tmp_path / "study", client=client, n_jobs=2)
