"""`Peer`: the process in `.venv-peers`, as the panel talks to it."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import click
import numpy as np

from benchmarks.panel.alternation import Contestant
from benchmarks.panel.rows import Row

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-peers"


class Peer:
    """PennyLane, which makes and runs steps when asked; a context manager.

    Attributes:
        versions: What is installed there, in words.
    """

    def __init__(self) -> None:
        python = ENVIRONMENT / "bin" / "python"
        if not python.exists():
            raise click.ClickException(
                f"the peers are not installed: there is no {ENVIRONMENT.name}/bin/python. Run "
                "`make bench-peers`, which puts PennyLane and JAX there and then runs the panel; "
                "or leave them out with --no-peers."
            )
        self._folder = tempfile.TemporaryDirectory()
        self._log = Path(self._folder.name) / "stderr"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [python, "-m", "benchmarks.panel.peer"],
                cwd=ROOT,
                env={**os.environ, "JAX_PLATFORMS": "cpu"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        try:
            self.versions = self._read()["versions"]
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def first_step(self, row: Row, device: str) -> tuple[float, dict[str, np.ndarray]]:
        """Makes the step of a row on one of PennyLane's devices.

        Returns:
            The seconds of the first step, with compilation, and its `outputs` and gradients,
            `by_inputs` and `by_weights`.
        """
        arrays, results = (str(Path(self._folder.name) / name) for name in ("in.npz", "out.npz"))
        np.savez(arrays, **row.arrays())
        answer = self._ask(
            do="first step",
            device=device,
            gates=row.noisy_gates,
            n_qubits=row.n_qubits,
            arrays=arrays,
            results=results,
        )
        with np.load(results) as found:
            return answer["seconds"], dict(found)

    def contestant(self, device: str) -> Contestant:
        """Gives what runs more of the steps that were made last on a device."""
        return lambda n_steps: self._ask(do="time", device=device, n_steps=n_steps)["seconds"]

    def forget(self) -> None:
        """Lets go of all steps."""
        self._ask(do="forget")

    def _ask(self, **request: object) -> dict:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            end = self._log.read_text(errors="replace")[-2000:]
            raise click.ClickException(
                "the peers' process ended. If it does not start at all, remove "
                f"{ENVIRONMENT.name} and run `make bench-peers`. It said last:\n{end}"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise click.ClickException(f"the peers' process failed:\n{answer['error']}")
        return answer
