"""Nothing senseless is taken, and an error names the argument: thousands of values, one table."""

import collections

import pytest

from tests.helpers.arguments import VALUES, attempt, calls
from tfq_resqunn._utils.keras import IS_KERAS_3

# What may stand for arguments of these names, beyond the default. All else is senseless.
FLAGS = {"True", "False"}
TEXT = {"text", "number as text"}  # names, which may be registered later
FINITE = {"-1", "0", "huge", "2**40", "-0.5", "1.5"}
CALLABLE = {"class", "function"}
ARRAYS = {"array", "no array", "array of text", "array of objects"}
OF_KERAS_LAYERS = dict.fromkeys(
    [
        "activation",
        "activity_regularizer",
        "bias_constraint",
        "bias_regularizer",
        "constraint",
        "regularizer",
    ],
    CALLABLE,
)
SENSIBLE = {
    **OF_KERAS_LAYERS,
    "initializer": CALLABLE | ARRAYS,  # as Keras' layers take them
    "bias_initializer": CALLABLE | ARRAYS | {"None"},
    "scale": FINITE - {"0"},
    "threshold": FINITE,
    "learning_rate": FINITE - {"-1", "0", "-0.5"},
    "head_learning_rate": FINITE - {"-1", "0", "-0.5"},
    "draw": {"0"},
    "seed": {"0"},
    "n_feature_maps": {"0"},
    "k": {"0"},  # the network's input
    "verbose": {"0"},
    "name": TEXT | {"no text", "None"},
    "value": {"None", "no dict"},  # no noise
    "noise": {"no dict", "dict"},  # what is in it is checked with the circuit
    "inputs": {"no list", "no array"},  # no symbol is data
    "classes": {"no list", "no array", "array of text"},  # how many there are, `load` asks
    "layers": {"no list", "no dict", "no array", "set"},  # a residual around none, or around O1
    "names": {"no list", "no array"},  # all of them
    "parameters": {"no list", "no array", "array of text"},  # names that text does not declare
    "input_gradient": FLAGS,
    "trainable": FLAGS,
    "use_bias": FLAGS,
    "on_disk": FLAGS,
    "progress": CALLABLE,
    "function": {"function"},
    "shots": {"None", "list of None"},
    "strengths": {"0", "no list", "no array"},
    "values": {"no dict"},
    **dict.fromkeys(
        ["folder", "out", "csv", "log_dir", "dataset", "encoder", "ansatz", "observables"], TEXT
    ),
    "backend": TEXT,
    "placement": TEXT,
}
# Where Keras' own message is clear, it stays.
OF_KERAS = (
    "Could not interpret",
    "Unknown `config`",
    "must be an instance",
    "Cannot convert",
    "You must pass a `shape`",
    "Missing data for input",
    "Improper config format",
    "Unknown initializer",
    "Unknown constraint",
    "Unknown regularizer",
    "Unknown activation",
)
# What Keras 2 itself looks at late, or never.
UNCHECKED_BY_KERAS_2 = {"dtype", "regularizer", "bias_regularizer", "activity_regularizer"}
# Messages may use the word of the place that an argument comes from, or goes to.
ALSO_CALLED = {
    "backends": "backend",
    "config": "`encoder`",
    "dilation_rate": "dilation",
    "function": "`encoder`",
    "identifier": "`encoder`",
    "images_path": "load_images: `path`",
    "input_shape": "the input",
    "placement": "Placement",
    "placements": "Placement",
    "seeds": "`seed`",
    "shots": "`repetitions`",
    "strengths": "`noise[",
    "text": "JSON",
    "value": "`noise`",
    "values": "the configuration's keys",
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Tells what came of each value in the place of each argument of each public name."""
    folder = tmp_path_factory.mktemp("arguments")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # some values are names of files and folders
        return [
            (one, parameter, label, *attempt(one, parameter, value))
            for one in calls(folder)
            for parameter in one.parameters
            for label, value in VALUES.items()
        ]


def table(rows):
    """Groups labels by call and argument, for a failure that one can read."""
    groups = collections.defaultdict(list)
    for one, parameter, label, _, text in rows:
        groups[f"{one.name}({parameter}=...)"].append(f"{label}: {text[:150]}" if text else label)
    return "\n".join(f"{place}  {'; '.join(found)}" for place, found in groups.items())


def is_clear(parameter, text):
    words = {parameter, ALSO_CALLED.get(parameter, parameter)}
    return any(w in text for w in words) or any(phrase in text for phrase in OF_KERAS)


def test_errors_name_the_argument(outcomes):
    unclear = [row for row in outcomes if row[3] == "refused" and not is_clear(row[1], row[4])]
    assert len(unclear) <= len(outcomes) / 100, table(unclear)


def test_nothing_senseless_is_taken(outcomes):
    senseless = [
        row
        for row in outcomes
        if row[3] == "taken" and row[2] not in row[0].defaults(row[1]) | SENSIBLE.get(row[1], set())
        if IS_KERAS_3 or row[1] not in UNCHECKED_BY_KERAS_2
    ]
    assert not senseless, table(senseless)


def test_the_table_is_whole(outcomes):
    tried = {one.name for one, *_ in outcomes}
    assert len(outcomes) > 5000
    assert {"Quanv2D", "QuanvCircuit", "resqunn", "evaluate", "train"} <= tried
