"""`from_qasm`: OpenQASM text -> `cirq.Circuit`."""

from collections.abc import Iterable, Mapping, Sequence, Set

import cirq
import sympy

from tfq_resqunn._utils.arguments import check_text, checked, received

Names = Sequence[sympy.Symbol | str]


@checked(text=check_text)
def from_qasm(text: str, parameters: Names = ()) -> cirq.Circuit:
    """Reads OpenQASM 2 or 3, with its parameters as symbols.

    All gates of `qelib1.inc` and `stdgates.inc` are known. Gates that the text defines are written
    out. `ctrl`, `negctrl`, `inv` and `pow` act on gates, gates act on whole registers, and angles
    may be expressions. Barriers and global phases are left out, and so are measurements at the end,
    since a layer measures its observables. Nothing in the text is run, and no file is read. Needs
    `pip install "tfq-resqunn[qasm]"`.

    Args:
        text: The program. An `input float` or `input angle` (in radians) becomes the symbol of its
            name, element `x[1]` of an `input array` the symbol `x_1`. Qiskit writes the element
            `x[1]` of a `ParameterVector` as `_x_1_`, which becomes `x_1` too.
        parameters: Symbols, or their names, that the text uses without declaring them. OpenQASM 2
            cannot declare any, but PennyLane writes such names there.

    Returns:
        The circuit, on `cirq.LineQubit`s: the qubits of the first register from 0 on, then those of
        the next. A qubit without gates gets an identity, so that it is measured too. Symbols that
        begin with `x_` are data for a `QuanvCircuit`, unless its `inputs` names others.

    Raises:
        ImportError: If the parser `openqasm3` is not installed.
        TypeError: If an argument is of the wrong type.
        ValueError: If a parameter is the name of a constant, such as `pi`, or no name. If the text
            is not OpenQASM, or holds anything but gates and final measurements (a reset, a
            measurement before a gate on the same qubit, an `if`, a loop, a variable), a name that
            is not declared, a wrong number of angles or qubits, or more than 500 000 characters or
            100 000 operations, which may act on 1 000 000 qubits together. The message says in
            which line.

    Example:
        >>> circuit = from_qasm('''
        ... OPENQASM 3.0;
        ... include "stdgates.inc";
        ... input float[64] _x_0_;
        ... input float[64] w;
        ... qubit[2] q;
        ... rx(pi * _x_0_) q[0];
        ... ctrl @ ry(w / 2) q[0], q[1];
        ... ''')
        >>> print(circuit)
        0: ───Rx(pi*x_0)───@─────────
                           │
        1: ────────────────Ry(w/2)───
    """
    names = _names(parameters)
    if ";" not in text and "\n" not in text.strip():
        raise ValueError(
            f"from_qasm: `text` must be a program. Received {received(text)}. If that is the name "
            "of a file, give what is in it: pathlib.Path(name).read_text()."
        )
    try:
        from tfq_resqunn.circuits.qasm.program import read_program
    except ImportError as error:
        raise ImportError(
            "from_qasm: OpenQASM is read with the parser of the package openqasm3, which is not "
            f'installed ({error}). Install it: pip install "openqasm3[parser]".'
        ) from error
    return read_program(text, names)


def _names(parameters: Names) -> list[str]:
    unordered = isinstance(parameters, (str, bytes, sympy.Symbol, Mapping, Set))
    if unordered or not isinstance(parameters, Iterable):
        raise TypeError(
            "from_qasm: `parameters` must be a sequence of symbols or names. "
            f"Received {received(parameters)}. Use ['x_0', 'w_0'], say."
        )
    given = list(parameters)
    if wrong := [p for p in given if not isinstance(p, (str, sympy.Symbol))]:
        raise TypeError(
            "from_qasm: `parameters` must hold symbols or names. "
            f"Received {received(wrong[0])}. Flatten an array of symbols first: [*w.flat]."
        )
    return [str(p) for p in given]
