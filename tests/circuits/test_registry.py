"""Named parts: looked up, described, restored; and the user's own."""

import functools
import importlib
import pkgutil

import cirq
import pytest
import sympy

from tfq_resqunn import Quanv2D, circuits
from tfq_resqunn.circuits import ANSATZES, ENCODERS, OBSERVABLES, angle_encoder, basic_entangler
from tfq_resqunn.circuits.registry import Registry

pytestmark = pytest.mark.once

REGISTRIES = [ENCODERS, ANSATZES, OBSERVABLES]


@pytest.fixture
def registry():
    def plain(n_features, *, scale=1.0, turns=2):
        return cirq.Circuit(
            cirq.ry(scale * turns * sympy.Symbol(f"x_{i}"))(q)
            for i, q in enumerate(cirq.LineQubit.range(n_features))
        )

    own = {"plain": f"{__name__}.plain", "fast": f"{__name__}.fast"}
    registry = Registry("encoder", "n_features", instead="or a cirq.Circuit", built_in=own)
    registry.register("plain", plain)
    registry.register("fast", functools.partial(plain, turns=4))
    return registry


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.constant)
def test_the_list_of_names_is_what_the_modules_register(registry):
    for module in pkgutil.walk_packages(circuits.__path__, "tfq_resqunn.circuits."):
        importlib.import_module(module.name)
    assert set(registry._imported) == set(registry.built_in)
    for name, function in registry._functions.items():
        module = getattr(function, "func", function).__module__
        assert not module.startswith("tfq_resqunn."), f"{name} is not in the list of {registry!r}"


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda r: r.constant)
def test_every_entry_goes_round(registry):
    assert len(registry) >= 2
    for name in registry:
        assert registry.serialize(name) == name
        assert registry.serialize(registry.get(name)) == name
        assert registry.deserialize(name) is registry.get(name)
        assert name in registry


def test_options_go_round(registry):
    function = functools.partial(registry.get("plain"), scale=3.0)
    config = registry.serialize(function)
    assert config == {"name": "plain", "config": {"scale": 3.0}}
    assert registry.serialize(config) == config
    assert registry.get(config)(2) == function(2)
    # The entry that says most is named.
    faster = functools.partial(registry.get("fast"), scale=3.0)
    assert registry.serialize(faster) == {"name": "fast", "config": {"scale": 3.0}}
    slower = functools.partial(registry.get("fast"), turns=1)
    assert registry.serialize(slower) == {"name": "plain", "config": {"turns": 1}}


def test_ones_own_may_be_entered_again(registry):
    @registry.register("mine")
    def mine(n_features):
        return angle_encoder(n_features)

    assert registry.get("mine") is mine and list(registry)[-1] == "mine"
    registry.register("mine", angle_encoder)
    assert registry.get("mine") is angle_encoder


def test_the_packages_own_have_names_of_their_functions():
    assert ENCODERS.serialize(angle_encoder) == "angle"
    assert ANSATZES.serialize(basic_entangler) == "basic_entangler"


def test_a_layer_takes_functions_and_options():
    encoder = functools.partial(angle_encoder, scale=1.0)
    layer = Quanv2D(encoder=encoder, ansatz=basic_entangler, observables="parity")
    config = layer.get_config()
    assert config["encoder"] == {"name": "angle", "config": {"scale": 1.0}}
    assert config["ansatz"] == "basic_entangler"
    again = Quanv2D.from_config(config)
    for quanv in (layer, again):
        quanv.build((None, 4, 4, 1))
    assert again.pqcs[0].circuit == layer.pqcs[0].circuit
    assert "Ry(x_000)" in layer.pqcs[0].circuit.diagram()


ERRORS = {
    "unknown": (lambda r: r.get("plan"), ValueError, "Received 'plan'. Did you mean 'plain'"),
    "far": (
        lambda r: r.get("zzz"), ValueError, "'plain', 'fast', or a cirq.Circuit. Received 'zzz'.$",
    ),
    "stranger": (lambda r: r.get(len), TypeError, "not registered. Register it under a name"),
    "options": (
        lambda r: r.get(functools.partial(r.get("plain"), speed=1)), TypeError,
        "`encoder` 'plain' has the options scale, turns. Received speed",
    ),
    "config": (lambda r: r.get({"class": "plain"}), ValueError, "must be {'name': ..., 'config'"),
    "taken": (lambda r: r.register("plain", len), ValueError, "that comes with the package. Rec"),
    "no_name": (lambda r: r.register(""), ValueError, "must not be empty"),
    "name_kind": (lambda r: r.register(angle_encoder), TypeError, "`name` must be text"),
    "signature": (
        lambda r: r.register("two", lambda a, b: None), TypeError, "be a function of n_features",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name, registry):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message):
        call(registry)
