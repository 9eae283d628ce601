"""Changes files of circuits at random for some minutes, and reads them.

    python -m tests.helpers.fuzz_files --minutes 10 --seed 0

Nothing may be evaluated, nothing may take long, every refusal is a `ValueError`; what is read can
be written, and is read back equal. Prints what it found, and ends with exit code 1 if that is
anything. No test: it is run by hand, on Linux or macOS.
"""

import argparse
import collections
import json
import random
import signal
import sys
import time
import traceback

import cirq
import numpy as np
import sympy

import tfq_resqunn as rq
from tests.helpers.hostile import mutated, nothing_evaluated, payload, srepr
from tfq_resqunn.circuits import ANSATZES, ENCODERS, QuanvCircuit
from tfq_resqunn.circuits.files.srepr import parse_srepr
from tfq_resqunn.circuits.noise.channels import Noise

LIMIT = 20  # seconds a file


class TooSlow(BaseException):
    """Not an `Exception`, so that nothing takes it for an error of the file."""


def main() -> int:
    """Runs for as long as is asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    seeds, evil = _seeds(), payload("/nowhere/at/all")
    signal.signal(signal.SIGALRM, _stop)
    end, counts = time.monotonic() + 60 * arguments.minutes, collections.Counter()
    slowest, found = (0.0, ""), []
    while time.monotonic() < end:
        read, text = _next(draw, seeds, evil)
        start = time.monotonic()
        outcome, what = _outcome(read, text)
        taken = time.monotonic() - start
        slowest = max(slowest, (taken, text[:300]))
        counts[outcome] += 1
        if what:
            found.append((what, text))
            print(f"FOUND {what}\n{text[:2000]}\n", flush=True)
    print(f"{sum(counts.values())} files: {dict(counts)}; {_memory():.2f} GB at most")
    print(f"the slowest took {slowest[0]:.1f} s: {slowest[1]!r}")
    print(f"found: {len(found)}")
    return bool(found)


def _memory() -> float:
    import resource  # which Windows lacks

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e9 if sys.platform == "darwin" else 1e6)


def _next(draw, seeds, evil):
    if draw.random() < 0.3:
        return parse_srepr, srepr(draw, evil, draw.randint(1, 7))
    read, tree = draw.choice(seeds)
    text = json.dumps(mutated(tree, draw, evil))
    if draw.random() < 0.1:  # damaged text
        at = draw.randrange(len(text))
        text = (
            text[:at] + draw.choice(["", "[", "{", "NaN", "1e999", '"', "\\u0000"]) + text[at + 1 :]
        )
    return read, text


def _outcome(read, text) -> tuple[str, str]:
    signal.alarm(LIMIT)
    try:
        with nothing_evaluated():
            value = read(text)
        if isinstance(value, QuanvCircuit) and QuanvCircuit.from_json(value.to_json()) != value:
            return "differs", "what was read is not what it is written as"
        return "read", ""
    except ValueError as error:
        return "refused", "" if len(str(error)) < 3000 else "a long message"
    except TooSlow:
        return "slow", f"more than {LIMIT} s\n{traceback.format_exc()[-1500:]}"
    except BaseException:  # whatever it is, it is found
        return "raised", traceback.format_exc()[-3000:]
    finally:
        signal.alarm(0)


def _stop(*_):
    raise TooSlow


def _seeds():
    from tests.circuits.files.test_hostile_files import RICH
    from tests.layers.test_round_trips import EXPRESSIONS, GATES, MODELS

    q = cirq.LineQubit.range(2)
    circuits = [RICH]
    circuits += [
        QuanvCircuit(cirq.Circuit(cirq.rx(e)(q[0]), cirq.ry(e)(q[1]))) for e in EXPRESSIONS.values()
    ]
    circuits += [
        QuanvCircuit(cirq.Circuit(op, cirq.ry(sympy.Symbol("x_0"))(q[0]))) for op in GATES.values()
    ]
    circuits += [
        QuanvCircuit.from_parts(ENCODERS.get(name)(4), ANSATZES.get("sim_6")(n, 1))
        for name in ENCODERS
        for n in [len(ENCODERS.get(name)(4).all_qubits())]
    ]
    seeds = [(rq.QuanvCircuit.from_json, json.loads(c.to_json())) for c in circuits]
    models = [Noise(model=m).get_config()["cirq"] for m in MODELS.values()]
    return seeds + [(_noise, json.loads(text)) for text in models]


def _noise(text):
    noise = Noise.of({"cirq": text})
    return noise and np.size(noise.model)


if __name__ == "__main__":
    sys.exit(main())
