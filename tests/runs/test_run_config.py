"""The configuration of a run as a value."""

import json
import re

import pytest

from tfq_resqunn.runs.config import RunConfig
from tfq_resqunn.runs.settings import option_words, settings_of

pytestmark = [pytest.mark.once, pytest.mark.anywhere]


def test_json_round_trip():
    config = RunConfig(classes=[3, 8], kernel_size=[2, 4], placement="X+O1", learning_rate=1)
    assert config.classes == (3, 8)
    assert config.kernel_size == (2, 4)
    assert RunConfig.from_json(config.to_json()) == config


def test_missing_keys_take_their_default():
    assert RunConfig.from_json('{"depth": 3}') == RunConfig(depth=3)


def test_every_field_is_in_the_json():
    assert list(json.loads(RunConfig().to_json())) == list(RunConfig.__dataclass_fields__)


def test_unknown_key():
    known = ", ".join(RunConfig.__dataclass_fields__)
    message = (
        f"RunConfig: the JSON's keys must be among {known}.\nReceived dpeth as well.\n"
        f"Remove what is not in that list."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        RunConfig.from_json('{"dpeth": 3}')


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"epochs": 0},
            ValueError,
            "RunConfig: `epochs` must be at least 1. Received 0.",
        ),
        (
            {"batch_size": 8.0},
            TypeError,
            "RunConfig: `batch_size` must be an integer. Received 8.0.",
        ),
        (
            {"learning_rate": float("nan")},
            ValueError,
            "RunConfig: `learning_rate` must be a finite number above 0. Received nan.",
        ),
        (
            {"learning_rate": "fast"},
            TypeError,
            "RunConfig: `learning_rate` must be a finite number above 0. Received 'fast'.",
        ),
        (
            {"head": "none", "head_learning_rate": 0.1},
            ValueError,
            "RunConfig: `head_learning_rate` must be left out with head='none', which has no "
            "weights. Received 0.1. Use head='linear', or no rate of the head.",
        ),
    ],
)
def test_wrong_argument(arguments, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        RunConfig(**arguments)


def test_files_of_earlier_versions_say_classical():
    older = RunConfig().to_json().replace('"control": null', '"classical": true')
    assert RunConfig.from_json(older) == RunConfig(control="classical")
    older = older.replace('"classical": true', '"classical": false')
    assert RunConfig.from_json(older) == RunConfig()


@pytest.mark.parametrize(
    ("seed", "kind"), [(-1, ValueError), (2**32, ValueError), ("0", TypeError)]
)
def test_seed_is_checked(seed, kind):
    with pytest.raises(kind, match="RunConfig: `seed` must be"):
        RunConfig(seed=seed)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("3,8", (3, 8)),
        ("3, 8 ", (3, 8)),
        ("00,01", ("00", "01")),
        ("my cat,dog", ("my cat", "dog")),
        ('"cat, big",dog', ("cat, big", "dog")),
        ('" dog",cat', (" dog", "cat")),
        ('"the ""big"" cat",dog', ('the "big" cat', "dog")),
    ],
)
def test_labels_in_one_word(text, labels):
    read = settings_of(RunConfig)["classes"].form.read
    assert read(text) == labels
    _, word = option_words(RunConfig(classes=labels), RunConfig())
    assert read(word) == labels
