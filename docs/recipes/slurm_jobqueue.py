"""A study whose workers are jobs of Slurm. Needs dask-jobqueue: pip install dask-jobqueue.

Start it where it can stay, such as in a small job of its own. Stopped, it goes on.
"""

from dask_jobqueue import SLURMCluster
from distributed import Client

from tfq_resqunn.runs import RunConfig
from tfq_resqunn.study import StudyConfig, run_study

CONFIG = StudyConfig(
    RunConfig(dataset="digits", depth=2, epochs=10, batch_size=64, learning_rate=0.02), seeds=5
)


def main() -> None:
    """Starts four jobs of eight workers each, and trains on those that are there."""
    cluster = SLURMCluster(
        cores=8,
        processes=8,  # as many as cores: a worker must have one thread
        memory="16GB",
        walltime="04:00:00",
        # and what your cluster asks for, such as queue="...", account="...", interface="ib0"
    )
    cluster.adapt(minimum_jobs=4, maximum_jobs=4)  # another one for each that has ended
    with cluster, Client(cluster) as client:
        results = run_study(CONFIG, "runs/study", client=client, on_message=print, on_progress=show)
    print(f"{len(results.table)} runs done, {len(results.failures)} failed")


def show(progress) -> None:
    """Prints a line for each run."""
    outcome = progress.error or f"test accuracy {progress.result['test_accuracy']:.3f}"
    print(f"{progress.n_ended}/{progress.n_runs} {progress.run.id}: {outcome}", flush=True)


if __name__ == "__main__":
    main()
