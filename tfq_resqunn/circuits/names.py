"""All named parts: encoders, ansatzes and sets of observables. A new one is entered here.

None of them is imported before it is asked for.
"""

import itertools
import textwrap
from collections.abc import Iterable, Mapping

from tfq_resqunn._utils.arguments import received
from tfq_resqunn._utils.names import did_you_mean
from tfq_resqunn.circuits.registry import Registry


def _here(**paths: str) -> dict[str, str]:
    return {name: f"tfq_resqunn.circuits.{path}" for name, path in paths.items()}


# Each name with the folder, the file and the function that makes the part.
# `tfq_resqunn.circuits` offers these functions, too.
ENCODERS = Registry(
    "encoder",
    "n_features",
    instead="or a cirq.Circuit",
    built_in=_here(
        amplitude="encoders.amplitude.amplitude_encoder",
        angle="encoders.angle.angle_encoder",
        angle_rx="encoders.angle.angle_encoder",
        angle_ry="encoders.angle.angle_encoder",
        angle_rz="encoders.angle.angle_encoder",
        dense_angle="encoders.angle.dense_angle_encoder",
        iqp="encoders.iqp.iqp_encoder",
        zz_feature_map="encoders.iqp.zz_feature_map",
        threshold="encoders.threshold.threshold_encoder",
    ),
)
ANSATZES = Registry(
    "ansatz",
    "n_qubits",
    "n_layers",
    instead="or a cirq.Circuit",
    built_in=_here(
        basic_entangler="ansatzes.entanglers.basic_entangler",
        strongly_entangling="ansatzes.entanglers.strongly_entangling",
        brick="ansatzes.hardware_efficient.brick",
        simplified_two_design="ansatzes.hardware_efficient.simplified_two_design",
        identity_blocks="ansatzes.identity_blocks.identity_blocks",
        qcnn="ansatzes.qcnn.qcnn",
        random="ansatzes.random_circuit.random_ansatz",
        **{f"sim_{number}": "ansatzes.sim.sim_circuit" for number in range(1, 20)},
    ),
)
OBSERVABLES = Registry(
    "observables",
    "qubits",
    instead="text such as 'Z0', 'X0*X1' or 'Z0 - 0.5*X2', or Pauli strings and sums of Cirq's",
    built_in=_here(
        z="observables.named.pauli_z",
        x="observables.named.pauli_x",
        y="observables.named.pauli_y",
        xyz="observables.named.pauli_xyz",
        parity="observables.named.parity",
        neighbour_parity="observables.named.neighbour_parity",
    ),
)
KINDS: dict[str, Registry] = {r.kind: r for r in (ENCODERS, ANSATZES, OBSERVABLES)}


def homes() -> dict[str, list[str]]:
    """Gives the modules that make the parts, each with the names of its functions."""
    functions: dict[str, list[str]] = {}
    for registry in KINDS.values():
        for path in dict.fromkeys(registry.built_in.values()):
            module, _, function = path.rpartition(".")
            functions.setdefault(module, []).append(function)
    return functions


def find_names(names: Iterable[str], kind: str | None = None) -> tuple[list[str], list[Registry]]:
    """Gives the names as a list, and the registries of a kind (of all, for `None`).

    Raises where `names` is no list, or there is no such name or kind.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(
            f"entries: `kind` must be one of {', '.join(map(repr, KINDS))}, or None for all. "
            f"Received {kind!r}."
        )
    if isinstance(names, (str, bytes, Mapping)) or not isinstance(names, Iterable):
        raise TypeError(f"entries: `names` must be a list of names. Received {received(names)}.")
    names, registries = list(names), [KINDS[kind]] if kind else list(KINDS.values())
    known = list(itertools.chain(*registries))
    if unknown := [n for n in names if not isinstance(n, str) or n not in known]:
        hint = did_you_mean(str(unknown[0]), known)
        lines = [f"entries: `names` must be from this list. Received {unknown[0]!r}.{hint}"]
        for registry in registries:
            text = f"  {registry.kind}: {', '.join(registry)}"
            lines.append(textwrap.fill(text, 80, subsequent_indent="    "))
        raise ValueError("\n".join(lines))
    return names, registries
