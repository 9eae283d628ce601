"""Configurations of strangers: of layers, of studies; names that are meant for a browser."""

import html

import cirq
import pytest
import sympy

import tfq_resqunn as rq
from tfq_resqunn.circuits import ANSATZES, ENCODERS, QuanvCircuit
from tfq_resqunn.study.command import read_settings
from tfq_resqunn.study.config import StudyConfig
from tfq_resqunn.study.yaml_text import read_yaml

pytestmark = pytest.mark.once

LAYER = rq.Quanv2D(kernel_size=2).get_config()
HUGE = 10**9
CONFIGS = {
    "backend of a copy": {"backend": "tfq_resqunn.elsewhere"},
    "no backend": {"backend": "os.system"},
    "noise": {"noise": {"cirq": "[]"}},
    "noise of numbers": {"noise": {"cirq": 5}},
    "encoder": {"encoder": {"cirq": "{}"}},
    "encoder of an object": {"encoder": {"cirq": {}}},
    "ansatz of an observable": {"ansatz": {"cirq": cirq.to_json(cirq.Z(cirq.q(0)))}},
    "options": {"encoder": {"name": "iqp", "config": {"n_repeats": HUGE}}},
    "options of text": {"encoder": {"name": "angle", "config": {"scale": "__import__('os')"}}},
    "nested options": {"ansatz": {"name": "identity_blocks", "config": {"ansatz": "nonsense"}}},
    "layers": {"n_layers": HUGE},
    "uploads": {"n_uploads": HUGE},
    "differentiator": {"backend": "noiseless", "differentiator": {"weights": "abc"}},
    "differentiator's name": {"backend": "noiseless", "differentiator": "os.system"},
    "observables": {"observables": "Z0" + " " * 10**6},
    "long observables": {"observables": "Z0 - " * 10**5 + "Z0"},
    "qubit": {"observables": "Z" + "9" * 4000},
    "initializer": {"initializer": {"module": "os", "class_name": "system", "config": {}}},
    "circuit": {"circuit": "[]"},
}


@pytest.mark.parametrize("name", CONFIGS)
def test_layers_say_what_is_wrong_with_a_configuration(name):
    with pytest.raises((ValueError, TypeError)) as error:
        rq.Quanv2D.from_config({**LAYER, **CONFIGS[name]}).build((None, 4, 4, 1))
    assert "unpack" not in str(error.value) and len(str(error.value)) < 3000


LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30)
)
YAML = {
    "laughs": LAUGHS + "placements: *a29\n",
    "laughs of laughs": LAUGHS + "run: {dataset: *a29}\n",
    "itself": "placements: &a [*a]\n",
    "objects": "placements: !!python/object/apply:os.system ['true']\n",
    "names": "run: !!python/name:os.system\n",
    "depth": "[" * 3000 + "]" * 3000,
    "text": "x" * 2_000_000,
    "seeds": "seeds: 1000000000\n",
    "a number": "3",
    "depth of runs": "run: {depth: 1000000000}\n",
}


@pytest.mark.parametrize("name", YAML)
def test_studies_say_what_is_wrong_with_their_settings(name, tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(YAML[name])

    def read():
        return StudyConfig.from_dict(read_settings(path))

    for reader in (read, lambda: StudyConfig.from_yaml(YAML[name])):
        with pytest.raises((ValueError, TypeError)) as error:
            reader()
        assert len(str(error.value)) < 3000


def test_what_is_said_once_and_used_twice_is_read():
    text = "seeds: &s [1, 2]\nother: {seeds: *s, again: *s}\n"
    assert read_yaml(text)["other"]["again"] == [1, 2]


@pytest.mark.parametrize("registry", [ENCODERS, ANSATZES], ids=["encoders", "ansatzes"])
def test_numbers_that_are_too_large_are_refused_at_once(registry):
    for name in registry:
        try:
            registry.get(name)(HUGE) if registry is ENCODERS else registry.get(name)(HUGE, HUGE)
        except (ValueError, TypeError, MemoryError) as error:
            assert isinstance(error, (ValueError, TypeError)), name
        else:
            pytest.fail(name)


def test_names_are_text_in_pictures():
    evil = "<script>alert(1)</script>"
    gate = cirq.MatrixGate(cirq.unitary(cirq.X), name=evil)
    circuit = QuanvCircuit(
        cirq.Circuit(
            cirq.rx(sympy.Symbol(f"x_{evil}"))(cirq.NamedQubit(evil)),
            gate(cirq.NamedQubit("b")).with_tags(evil),
        )
    )
    for svg in (circuit.diagram("svg"), circuit._repr_svg_()):
        assert "<script" not in svg and html.escape("<script>") in svg
